import type { ControllerRevision } from "../../api/apps/v1/controller-revision.ts";
import type { DaemonSet } from "../../api/apps/v1/daemonset.ts";
import type { Node } from "../../api/core/v1/node.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { DaemonSetStatus } from "../../api/generated/types/apps-v1.ts";
import { type ApiError, isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import type { EventDetails } from "../../client/mod.ts";
import { deletePod } from "../pods/pod-actions.ts";
import { availableAtMs, isPodAvailable, isPodReady } from "../pods/pod-state.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";
import { byNode, createDaemonPod, isUpdated, nodeOf } from "./daemon-pods.ts";
import { daemonTolerations, type Fit, fitOf } from "./fits.ts";
import { cleanUp, type History, hashLabel, keepHistory } from "./revisions.ts";
import { boundsOf, roll } from "./rolling.ts";

/** Pods that one look makes, and removes, at most. */
const burst = 250;

export interface Observed {
  readonly daemonSet: DaemonSet;
  /** Adoptions and releases that are due: before anything else. */
  readonly claims: readonly Action[];
  readonly pods: readonly Pod[];
  readonly history: History;
  readonly nodes: readonly Node[];
  /** Whoever has the name that the next revision would have. */
  readonly occupant: ControllerRevision | undefined;
  /** Of a pod that failed: true where it may be deleted now, else from when on. */
  readonly mayDelete: (pod: Pod) => true | number;
  readonly now: number;
}

interface Decision {
  readonly actions: readonly Action[];
  readonly events: readonly EventDetails[];
  /** When a pod that failed may be deleted, or somebody else's revision counts. */
  readonly retryAtMs: number | undefined;
}

const decisions = new WeakMap<Observed, Decision>();

/** A pod on each node that fits: missing ones come, others go, then outdated ones are replaced (pkg/controller/daemon). */
export function plan(observed: Observed): readonly Action[] {
  return decisionOf(observed).actions;
}

function decisionOf(observed: Observed): Decision {
  const known = decisions.get(observed) ?? decide(observed);
  decisions.set(observed, known);
  return known;
}

function only(actions: readonly Action[]): Decision {
  return { actions, events: [], retryAtMs: undefined };
}

function decide(observed: Observed): Decision {
  const { daemonSet, claims, pods, history } = observed;
  if (daemonSet.metadata.deletionTimestamp !== undefined) return only([]);
  if (claims.length > 0) return only(claims);
  const revisions = keepHistory(daemonSet, history, pods);
  if (revisions.length > 0) return only(revisions);
  const managed = manage(observed, hashOf(history));
  if (managed.actions.length > 0) return managed;
  return { ...managed, actions: [...update(observed, hashOf(history)), ...cleanUp(daemonSet, history, pods)] };
}

function hashOf({ current }: History): string {
  return current?.metadata.labels?.[hashLabel] ?? "";
}

function fitsOf({ daemonSet, nodes }: Observed): ReadonlyMap<string, Fit> {
  const tolerations = daemonTolerations(daemonSet.spec.template.spec);
  return new Map(nodes.map((node) => [node.metadata.name ?? "", fitOf(daemonSet, tolerations, node)]));
}

interface Plan {
  readonly create: string[];
  readonly remove: Pod[];
  readonly events: EventDetails[];
  retryAtMs: number | undefined;
}

function manage(observed: Observed, hash: string): Decision {
  const { daemonSet, pods } = observed;
  const fits = fitsOf(observed);
  const there = byNode(pods);
  const changes: Plan = { create: [], remove: [], events: [], retryAtMs: undefined };
  for (const [node, fit] of fits) {
    const onNode = there.get(node);
    if (onNode === undefined) {
      if (fit.run) changes.create.push(node);
    } else if (fit.stay) {
      keepOne(observed, { node, fit, onNode, hash }, changes);
    } else {
      changes.remove.push(...onNode.filter(({ metadata }) => metadata.deletionTimestamp === undefined));
    }
  }
  // No scheduler will ever place these, and no node will ever end them.
  for (const pod of pods) {
    const node = nodeOf(pod);
    if (!pod.spec.nodeName && node !== undefined && !fits.has(node) && pod.metadata.deletionTimestamp === undefined) {
      changes.remove.push(pod);
    }
  }
  const { create, remove, events, retryAtMs } = changes;
  return { actions: actionsOf(daemonSet, create, remove, hash), events, retryAtMs };
}

interface Place {
  readonly node: string;
  readonly fit: Fit;
  /** From old to new. */
  readonly onNode: readonly Pod[];
  readonly hash: string;
}

/** What has ended goes; of those that run one stays, or two while a new one is about to replace an old one. */
function keepOne(observed: Observed, { node, fit, onNode, hash }: Place, changes: Plan): void {
  const { daemonSet, now } = observed;
  const running: Pod[] = [];
  for (const pod of onNode) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    if (pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded") removeEnded(observed, pod, node, changes);
    else running.push(pod);
  }
  const surges = boundsOf(daemonSet, 100).surge > 0;
  if (!surges) {
    changes.remove.push(...running.slice(1));
    return;
  }
  if (running.length === 0 && fit.run) changes.create.push(node);
  const next = running.filter((pod) => pod.metadata.labels?.[hashLabel] === hash);
  const old = running.filter((pod) => pod.metadata.labels?.[hashLabel] !== hash);
  changes.remove.push(...next.slice(1), ...old.slice(1));
  const [first, last] = [next[0], old[0]];
  if (first === undefined || last === undefined) return;
  if (!isPodReady(last) || isPodAvailable(first, daemonSet.spec.minReadySeconds ?? 0, now)) changes.remove.push(last);
}

function removeEnded({ mayDelete }: Observed, pod: Pod, node: string, changes: Plan): void {
  const what = `daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}`;
  if (pod.status?.phase === "Succeeded") {
    const message = `Found succeeded ${what}, will try to delete it`;
    changes.events.push({ type: "Normal", reason: "SucceededDaemonPod", message });
    changes.remove.push(pod);
    return;
  }
  const may = mayDelete(pod);
  if (may === true) {
    const message = `Found failed ${what}, will try to kill it`;
    changes.events.push({ type: "Warning", reason: "FailedDaemonPod", message });
    changes.remove.push(pod);
  } else {
    changes.retryAtMs = Math.min(may, changes.retryAtMs ?? Infinity);
  }
}

function update(observed: Observed, hash: string): readonly Action[] {
  const { daemonSet, pods, now } = observed;
  if (daemonSet.spec.updateStrategy.type !== "RollingUpdate") return [];
  const wanted = new Set([...fitsOf(observed)].filter(([, { run }]) => run).map(([node]) => node));
  const { create, remove } = roll({ daemonSet, hash, byNode: byNode(pods), wanted, now });
  return actionsOf(daemonSet, create, remove, hash);
}

function actionsOf(
  daemonSet: DaemonSet,
  create: readonly string[],
  remove: readonly Pod[],
  hash: string,
): readonly Action[] {
  return [
    ...create.slice(0, burst).map((node) => createDaemonPod(daemonSet, node, hash)),
    ...remove.slice(0, burst).map(deletePod),
  ];
}

/** On how many nodes there should be a pod, and how far that is so. */
export function summarize(observed: Observed, failures: readonly ApiError[]): Summary<DaemonSetStatus> {
  const { daemonSet, claims, history, occupant } = observed;
  const { status } = daemonSet;
  if (daemonSet.metadata.deletionTimestamp !== undefined || claims.length > 0) return {};
  if (history.current === undefined) {
    // A name that another template's revision has is a collision of hashes: the next name is another one.
    const collision = failures.some(isAlreadyExists) && occupant !== undefined;
    return collision ? { status: { ...status, collisionCount: (status.collisionCount ?? 0) + 1 } } : {};
  }
  const { events, retryAtMs = Infinity } = decisionOf(observed);
  const { settlesAtMs = Infinity } = observed.history;
  const { counts, availableAtMs: nextMs } = count(observed, hashOf(history));
  const { collisionCount, conditions } = status;
  const wakeAtMs = Math.min(retryAtMs, settlesAtMs, nextMs ?? Infinity);
  return {
    status: {
      ...counts,
      ...(collisionCount === undefined ? {} : { collisionCount }),
      ...(conditions === undefined ? {} : { conditions }),
    },
    events,
    ...(wakeAtMs === Infinity ? {} : { wakeAtMs }),
  };
}

function count(observed: Observed, hash: string) {
  const { daemonSet, pods, now } = observed;
  const { minReadySeconds = 0 } = daemonSet.spec;
  const there = byNode(pods);
  const tally = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 };
  let nextMs: number | undefined;
  for (const [node, { run }] of fitsOf(observed)) {
    const pod = there.get(node)?.[0];
    if (!run) {
      if (pod !== undefined) tally.misscheduled++;
      continue;
    }
    tally.desired++;
    if (pod === undefined) continue;
    tally.current++;
    if (isUpdated(pod, daemonSet, hash)) tally.updated++;
    if (!isPodReady(pod)) continue;
    tally.ready++;
    const atMs = availableAtMs(pod, minReadySeconds);
    if (atMs !== undefined && atMs <= now) tally.available++;
    else if (atMs !== undefined) nextMs = Math.min(atMs, nextMs ?? Infinity);
  }
  const unavailable = tally.desired - tally.available;
  const counts = {
    currentNumberScheduled: tally.current,
    numberMisscheduled: tally.misscheduled,
    desiredNumberScheduled: tally.desired,
    numberReady: tally.ready,
    observedGeneration: daemonSet.metadata.generation ?? 0,
    // Upstream's other counts are absent where they are zero.
    ...(tally.updated === 0 ? {} : { updatedNumberScheduled: tally.updated }),
    ...(tally.available === 0 ? {} : { numberAvailable: tally.available }),
    ...(unavailable === 0 ? {} : { numberUnavailable: unavailable }),
  };
  return { counts, availableAtMs: nextMs };
}
