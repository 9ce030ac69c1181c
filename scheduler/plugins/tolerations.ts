import type { Taint, Toleration } from "../../api/generated/types/core-v1.ts";

/** Whether a toleration covers a taint (api/core/v1 Toleration.ToleratesTaint, with KEP-5471's comparisons). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator) {
    case undefined:
    case "":
    case "Equal":
      return (toleration.value ?? "") === (taint.value ?? "");
    case "Exists":
      return true;
    case "Lt":
    case "Gt":
      return compares(toleration.operator, toleration.value, taint.value);
    default:
      return false;
  }
}

/** The taint's number stands to the toleration's as the operator says. Anything but 64-bit integers never does. */
function compares(operator: "Lt" | "Gt", bound: string | undefined, value: string | undefined): boolean {
  const integer = /^-?(0|[1-9][0-9]{0,18})$/;
  if (!integer.test(bound ?? "") || !integer.test(value ?? "")) return false;
  const [is, limit] = [BigInt(value!), BigInt(bound!)];
  return operator === "Lt" ? is < limit : is > limit;
}

export function toleratesAny(tolerations: readonly Toleration[], taint: Taint): boolean {
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true;
  return false;
}

/** Whether some taint keeps pods with these tolerations from being placed. */
export function keepsOut(taints: readonly Taint[], tolerations: readonly Toleration[]): boolean {
  for (const taint of taints) {
    const forbids = taint.effect === "NoSchedule" || taint.effect === "NoExecute";
    if (forbids && !toleratesAny(tolerations, taint)) return true;
  }
  return false;
}
