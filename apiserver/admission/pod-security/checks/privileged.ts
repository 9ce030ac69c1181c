import { type Check, type CheckPod, containersText, namesWhere } from "../check.ts";

const check: CheckPod = ({ spec }) => {
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.privileged === true);
  if (bad.length === 0) return undefined;
  return { reason: "privileged", detail: `${containersText(bad)} must not set securityContext.privileged=true` };
};

/** No container has all the rights of its node. */
export const privileged: Check = { id: "privileged", level: "baseline", versions: [{ since: 0, check }] };
