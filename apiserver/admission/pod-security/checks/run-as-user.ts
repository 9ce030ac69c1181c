import { type Check, type CheckPod, namesWhere, settersText, unlessOwnUsers } from "../check.ts";

const check: CheckPod = ({ spec }) => {
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.runAsUser === 0);
  const setters = settersText(spec.securityContext?.runAsUser === 0, bad);
  return setters === "" ? undefined : { reason: "runAsUser=0", detail: `${setters} must not set runAsUser=0` };
};

/** Nobody asks for the user 0. */
export const runAsUser: Check = {
  id: "runAsUser",
  level: "restricted",
  versions: [
    { since: 23, check },
    { since: 35, check: unlessOwnUsers(check) },
  ],
};
