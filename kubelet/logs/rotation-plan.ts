/** What a container's log directory holds beside the log itself, and what becomes of it at a rotation. */
export interface RotationPlan {
  /** Left over, or more than may be kept. */
  readonly remove: readonly string[];
  readonly compress: readonly string[];
}

const compressed = ".gz";
const temporary = ".tmp";

/**
 * `rotated` are the files named after the log with a suffix, which begins with the time they were rotated at. With the log
 * itself and the one that is about to be rotated, `maxFiles` remain (pkg/kubelet/logs/container_log_manager.go).
 */
export function planRotation(rotated: readonly string[], maxFiles: number): RotationPlan {
  const names = new Set(rotated);
  const inUse = (name: string): boolean =>
    !name.endsWith(temporary) && (name.endsWith(compressed) || !names.has(`${name}${compressed}`));
  const used = rotated.filter(inUse).sort();
  const excess = Math.max(0, used.length - Math.max(0, maxFiles - 2));
  return {
    remove: [...rotated.filter((name) => !inUse(name)), ...used.slice(0, excess)],
    compress: used.slice(excess).filter((name) => !name.endsWith(compressed)),
  };
}

/** `20060102-150405` in UTC: the suffix of a log that is rotated now. */
export function rotationSuffix(nowMs: number): string {
  const digits = new Date(nowMs).toISOString().replace(/[-:]|\..*$/g, "");
  return digits.replace("T", "-");
}
