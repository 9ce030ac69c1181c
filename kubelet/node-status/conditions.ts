import type { NodeCondition } from "../../api/generated/types/core-v1.ts";
import type { Pressure } from "./pressure.ts";

export interface ConditionInput {
  readonly pressure: Pressure;
  /** Why the node is not ready, in upstream's words; empty: it is. */
  readonly notReady: readonly string[];
  /** RFC 3339. */
  readonly now: string;
}

interface Verdict {
  readonly isTrue: boolean;
  readonly reason: string;
  readonly message: string;
  /** The event's reason when it becomes so. */
  readonly event: string;
}

/** What a node says of itself, and the events that its changes are. `Ready` comes last (pkg/kubelet/nodestatus/setters.go). */
export function conditionsOf(
  before: readonly NodeCondition[] | undefined,
  { pressure, notReady, now }: ConditionInput,
): { readonly conditions: readonly NodeCondition[]; readonly events: readonly string[] } {
  const events: string[] = [];
  const conditions = new Map((before ?? []).map((condition) => [condition.type, condition]));
  const set = (type: string, { isTrue, reason, message, event }: Verdict): void => {
    const known = conditions.get(type);
    const status = isTrue ? "True" : "False";
    const isNew = known?.status !== status;
    const lastTransitionTime = isNew ? now : (known.lastTransitionTime ?? now);
    conditions.set(type, { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message });
    // The first Ready of a node is no change of it.
    if (isNew && !(type === "Ready" && known === undefined)) events.push(event);
  };
  set("MemoryPressure", memory(pressure.memory));
  set("DiskPressure", disk(pressure.disk));
  set("PIDPressure", pids(pressure.pids));
  set("Ready", ready(notReady));
  return { conditions: [...conditions.values()], events };
}

function memory(isTrue: boolean): Verdict {
  const has = isTrue ? "Insufficient" : "Sufficient";
  const message = `kubelet has ${has.toLowerCase()} memory available`;
  return { isTrue, reason: `KubeletHas${has}Memory`, message, event: `NodeHas${has}Memory` };
}

function pids(isTrue: boolean): Verdict {
  const has = isTrue ? "Insufficient" : "Sufficient";
  const message = `kubelet has ${has.toLowerCase()} PID available`;
  return { isTrue, reason: `KubeletHas${has}PID`, message, event: `NodeHas${has}PID` };
}

function disk(isTrue: boolean): Verdict {
  const has = isTrue ? "" : "No";
  const message = isTrue ? "kubelet has disk pressure" : "kubelet has no disk pressure";
  return { isTrue, reason: `KubeletHas${has}DiskPressure`, message, event: `NodeHas${has}DiskPressure` };
}

function ready(errors: readonly string[]): Verdict {
  const isTrue = errors.length === 0;
  if (isTrue) return { isTrue, reason: "KubeletReady", message: "kubelet is posting ready status", event: "NodeReady" };
  const unique = [...new Set(errors)];
  const message = unique.length === 1 ? unique[0]! : `[${unique.join(", ")}]`;
  return { isTrue, reason: "KubeletNotReady", message, event: "NodeNotReady" };
}
