import { type Check, type CheckPod, containersText, joinQuote, namesWhere, sorted } from "../check.ts";

const allowed: ReadonlySet<string> = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

const check: CheckPod = ({ spec }) => {
  const forbidden = new Set<string>();
  const bad = namesWhere(spec, ({ securityContext }) => {
    const added = (securityContext?.capabilities?.add ?? []).filter((name) => !allowed.has(name));
    for (const name of added) forbidden.add(name);
    return added.length > 0;
  });
  if (bad.length === 0) return undefined;
  return {
    reason: "non-default capabilities",
    detail: `${containersText(bad)} must not include ${joinQuote(sorted(forbidden))} in securityContext.capabilities.add`,
  };
};

/** No capabilities beyond those that containers get anyway, and no NET_RAW. */
export const capabilitiesBaseline: Check = {
  id: "capabilities_baseline",
  level: "baseline",
  versions: [{ since: 0, check }],
};
