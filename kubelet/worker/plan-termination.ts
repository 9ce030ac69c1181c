import type { Observed, PlanDraft, Termination } from "./plan.ts";
import { stopAll } from "./plan-stops.ts";

/** A pod that is to end: containers, sandboxes, then all the rest. Starts nothing. */
export function planTermination(observed: Observed, draft: PlanDraft, termination: Termination): void {
  const { runtime, memory, busy } = observed;
  const graceSeconds = Math.max(1, termination.graceSeconds);
  const deadlineMs = termination.sinceMs + graceSeconds * 1_000;
  if (!stopAll(observed, draft, { graceSeconds, deadlineMs })) return;
  // What was being started may yet appear.
  if (isStarting(busy)) return;
  const unstopped = runtime.sandboxes.find(({ id }) => !memory.stoppedSandboxes.has(id));
  if (unstopped !== undefined) {
    draft.try("sandbox", { kind: "stop-sandbox", key: "sandbox", sandboxId: unstopped.id });
    return;
  }
  if (!memory.finished) {
    draft.try("finish", { kind: "finish", key: "finish" });
    return;
  }
  if (termination.gone) draft.try("forget", { kind: "forget", key: "forget" });
}

function isStarting(busy: ReadonlySet<string>): boolean {
  for (const key of busy) {
    if (key === "sandbox" || key === "volumes" || key === "prepare" || key.startsWith("start/")) return true;
  }
  return false;
}
