import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import type { NodeCondition } from "../../api/generated/types/core-v1.ts";
import { type ApiError, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { isPodReady } from "../pods/pod-state.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";
import { type Eviction, missingLabels, readyCondition, taintsFor } from "./taints.ts";

// pkg/controller/nodelifecycle/node_lifecycle_controller.go.

/** --node-monitor-grace-period and --node-startup-grace-period */
const graceMs = 50_000;
const startupGraceMs = 60_000;

export interface Observed {
  readonly node: Node;
  /** When it was last heard of (ms since 1970). */
  readonly aliveMs: number;
  /** It was not known before. */
  readonly first: boolean;
  readonly eviction: Eviction;
  /** When it is its turn to be evicted. */
  readonly evictAtMs?: number | undefined;
  /** Pods bound to it. Asked for when it falls silent. */
  readonly pods: () => readonly Pod[];
  readonly now: number;
}

function deadlineMs({ node, aliveMs }: Observed): number {
  return aliveMs + (readyCondition(node) === undefined ? startupGraceMs : graceMs);
}

/** It has not been heard of for too long, and its conditions do not say so yet. */
function isLost(observed: Observed): boolean {
  return observed.now > deadlineMs(observed) && readyCondition(observed.node)?.status !== "Unknown";
}

/** Of a node that falls silent the pods are not ready any more; else its taints follow its conditions. */
export function plan(observed: Observed): readonly Action[] {
  const { node, eviction, pods, now } = observed;
  if (node.metadata.deletionTimestamp !== undefined) return [];
  if (isLost(observed)) {
    return readyCondition(node)?.status === "True"
      ? pods()
          .filter(isPodReady)
          .map((pod) => markNotReady(pod, now))
      : [];
  }
  const taints = taintsFor(node, eviction, now);
  const labels = missingLabels(node);
  const relabel = Object.keys(labels).length > 0;
  if (taints === undefined && !relabel) return [];
  const { name = "", resourceVersion } = node.metadata;
  const body = {
    // Taints are one list: who writes it must know all of it.
    metadata: { resourceVersion, ...(relabel ? { labels } : {}) },
    ...(taints === undefined ? {} : { spec: { taints: taints.length === 0 ? null : taints } }),
  };
  return [{ type: "patch", resource: Node, name, patch: { type: "merge", body } }];
}

function markNotReady(pod: Pod, now: number): Action {
  const { name = "", namespace, uid } = pod.metadata;
  const condition = { type: "Ready", status: "False", lastTransitionTime: formatTime(now) };
  return {
    type: "patch",
    resource: Pod,
    namespace,
    name,
    subresource: "status",
    patch: { type: "strategic", body: { metadata: { uid }, status: { conditions: [condition] } } },
    tolerates: isNotFound,
    onDone: (result) => ({ type: "Warning", reason: "NodeNotReady", message: "Node is not ready", regarding: result }),
  };
}

export function summarize(observed: Observed, failures: readonly ApiError[]): Summary {
  const { node, first, evictAtMs, now } = observed;
  if (failures.length > 0 || node.metadata.deletionTimestamp !== undefined) return {};
  const { name } = node.metadata;
  const registered = {
    type: "Normal",
    reason: "RegisteredNode",
    message: `Node ${name} event: Registered Node ${name} in Controller`,
  } as const;
  const events = first ? [registered] : [];
  if (isLost(observed)) {
    const change = {
      type: "Normal",
      reason: "NodeNotReady",
      message: `Node ${name} status is now: NodeNotReady`,
    } as const;
    const wasReady = readyCondition(node)?.status === "True";
    return {
      status: { ...node.status, conditions: lostConditions(node, now) },
      events: wasReady ? [...events, change] : events,
    };
  }
  const deadline = readyCondition(node)?.status === "Unknown" ? Infinity : deadlineMs(observed) + 1;
  const wakeAtMs = Math.min(deadline, evictAtMs ?? Infinity);
  return { events, ...(wakeAtMs === Infinity ? {} : { wakeAtMs }) };
}

const kubeletConditions = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** What the kubelet would have said is unknown now. */
function lostConditions({ status, metadata }: Node, now: number): readonly NodeCondition[] {
  const { conditions = [] } = status;
  const lastTransitionTime = formatTime(now);
  const known = conditions.map((condition) =>
    !kubeletConditions.includes(condition.type) || condition.status === "Unknown"
      ? condition
      : {
          ...condition,
          status: "Unknown",
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
          lastTransitionTime,
        },
  );
  const missing = kubeletConditions
    .filter((type) => !conditions.some((condition) => condition.type === type))
    .map((type) => ({
      type,
      status: "Unknown",
      reason: "NodeStatusNeverUpdated",
      message: "Kubelet never posted node status.",
      ...(metadata.creationTimestamp === undefined ? {} : { lastHeartbeatTime: metadata.creationTimestamp }),
      lastTransitionTime,
    }));
  return [...known, ...missing];
}
