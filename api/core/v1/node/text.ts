import { compareText } from "../../../../apimachinery/text/go-quote.ts";
import type { Node } from "../../../generated/types/core-v1.ts";

const rolePrefix = "node-role.kubernetes.io/";
const roleLabel = "kubernetes.io/role";

/** `Ready,SchedulingDisabled` (pkg/printers/internalversion printNode). */
export function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.findLast(({ type }) => type === "Ready");
  const text = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

/** Roles by label, sorted, or `<none>`. */
export function nodeRoles({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const key in metadata.labels) {
    if (key.startsWith(rolePrefix)) roles.add(key.slice(rolePrefix.length));
    else if (key === roleLabel) roles.add(metadata.labels[key]!);
  }
  roles.delete("");
  return roles.size === 0 ? "<none>" : [...roles].sort(compareText).join(",");
}

export function nodeAddress({ status }: Node, type: "InternalIP" | "ExternalIP"): string {
  return status?.addresses?.find((one) => one.type === type)?.address ?? "<none>";
}
