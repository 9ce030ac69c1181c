import { type Check, type CheckPod, containersText, joinQuote, namesWhere, sorted, unlessOwnUsers } from "../check.ts";

const check: CheckPod = ({ spec }) => {
  const types = new Set<string>();
  const bad = namesWhere(spec, ({ securityContext }) => {
    const type = securityContext?.procMount;
    if (type === undefined || type === "Default") return false;
    types.add(type);
    return true;
  });
  if (bad.length === 0) return undefined;
  const detail = `${containersText(bad)} must not set securityContext.procMount to ${joinQuote(sorted(types))}`;
  return { reason: "procMount", detail };
};

/** What /proc hides stays hidden; pods with users of their own may look from v1.35 on. */
export const procMountBaseline: Check = {
  id: "procMount",
  level: "baseline",
  versions: [
    { since: 0, check },
    { since: 35, check: unlessOwnUsers(check) },
  ],
};

/** The exception for users of their own is not one of the restricted level. */
export const procMountRestricted: Check = {
  id: "procMount_restricted",
  level: "restricted",
  versions: [{ since: 35, check, overrides: ["procMount"] }],
};
