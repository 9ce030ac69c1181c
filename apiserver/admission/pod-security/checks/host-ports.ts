import { type Check, type CheckPod, containersText, namesWhere, pluralize, sorted } from "../check.ts";

const check: CheckPod = ({ spec }) => {
  const ports = new Set<string>();
  const bad = namesWhere(spec, (container) => {
    const taken = (container.ports ?? []).filter(({ hostPort }) => hostPort);
    for (const { hostPort } of taken) ports.add(String(hostPort));
    return taken.length > 0;
  });
  if (bad.length === 0) return undefined;
  const verb = pluralize("uses", "use", bad.length);
  const noun = pluralize("hostPort", "hostPorts", ports.size);
  return { reason: "hostPort", detail: `${containersText(bad)} ${verb} ${noun} ${sorted(ports).join(", ")}` };
};

/** Ports of the node are not taken. */
export const hostPorts: Check = { id: "hostPorts", level: "baseline", versions: [{ since: 0, check }] };
