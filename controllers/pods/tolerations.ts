import type { Taint, Toleration } from "../../api/generated/types/core-v1.ts";

/** Whether a toleration is for the taint (api/core/v1 Toleration.ToleratesTaint). */
export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return (!operator || operator === "Equal") && (value ?? "") === (taint.value ?? "");
}
