import { type Check, type CheckPod, containersText, namesWhere, notOnWindows } from "../check.ts";
import { badSeccompProfiles } from "./seccomp-baseline.ts";

const check: CheckPod = (pod) => {
  const bad = badSeccompProfiles(pod);
  if (bad !== undefined || pod.spec.securityContext?.seccompProfile !== undefined) return bad;
  const without = namesWhere(pod.spec, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (without.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `pod or ${containersText(without)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

const overrides = ["seccompProfile_baseline"];

/** System calls are confined everywhere. */
export const seccompProfileRestricted: Check = {
  id: "seccompProfile_restricted",
  level: "restricted",
  versions: [
    { since: 19, check, overrides },
    { since: 25, check: notOnWindows(check), overrides },
  ],
};
