import type { Check, CheckPod } from "../check.ts";

const fields = ["hostNetwork", "hostPID", "hostIPC"] as const;

const check: CheckPod = ({ spec }) => {
  const shared = fields.filter((field) => spec[field]).map((field) => `${field}=true`);
  return shared.length === 0 ? undefined : { reason: "host namespaces", detail: shared.join(", ") };
};

/** Network, processes and IPC of the node are not shared. */
export const hostNamespaces: Check = { id: "hostNamespaces", level: "baseline", versions: [{ since: 0, check }] };
