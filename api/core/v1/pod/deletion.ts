import type { Pod } from "../../../generated/types/core-v1.ts";

/**
 * How long a pod stays once it shall go: what the request or else the pod says, nothing where no node runs it or it has
 * ended, and a second where someone says less than nothing (podStrategy.CheckGracefulDelete).
 */
export function deletionGraceSeconds({ spec, status }: Pod, requested: number | undefined): number {
  if (!spec?.nodeName) return 0;
  if (status?.phase === "Failed" || status?.phase === "Succeeded") return 0;
  const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}
