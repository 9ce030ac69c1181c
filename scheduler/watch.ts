import type { Node, Pod } from "../api/generated/types/core-v1.ts";
import type { Informer } from "../client/mod.ts";
import type { Cache } from "./cache/cache.ts";
import { nodeChanges, podChanges } from "./framework/changes.ts";
import type { Nominations } from "./framework/nominations.ts";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";

export interface Watched {
  readonly cache: Cache;
  readonly queue: SchedulingQueue;
  readonly nominations: Nominations;
  /** Whose pods are to be placed. */
  readonly schedulerName: string;
}

/** Keeps the cache and the queue up with nodes: first what is, then what it may let go (pkg/scheduler/eventhandlers.go). */
export function followNodes(nodes: Informer<Node>, { cache, queue }: Watched): Disposable {
  return nodes.addHandler({
    add(node) {
      cache.setNode(node);
      queue.changed({ kind: "Node", event: "NodeAdd", node });
    },
    update(node, old) {
      cache.setNode(node);
      for (const change of nodeChanges(old, node)) queue.changed(change);
    },
    delete(old) {
      cache.removeNode(old.metadata.name ?? "");
      queue.changed({ kind: "Node", event: "NodeDelete", old });
    },
  });
}

function isAssigned({ spec }: Pod): boolean {
  return spec.nodeName !== undefined && spec.nodeName !== "";
}

/** Likewise with pods: those with a node are the cache's, the others, where they are ours, the queue's. */
export function followPods(pods: Informer<Pod>, watched: Watched): Disposable {
  const { cache, queue, nominations, schedulerName } = watched;
  const assigned = (pod: Pod): void => {
    cache.setPod(pod);
    nominations.delete(pod.metadata.uid ?? "");
    queue.changed({ kind: "Pod", event: "AssignedPodAdd", pod });
  };
  return pods.addHandler({
    add(pod) {
      if (isAssigned(pod)) assigned(pod);
      else if (pod.spec.schedulerName === schedulerName) queue.add(pod);
      nominate(pod, watched);
    },
    update(pod, old) {
      const uid = pod.metadata.uid ?? "";
      if (isAssigned(old)) {
        cache.setPod(pod);
        if (queue.hasWaiting) for (const change of podChanges(old, pod)) queue.changed(change);
      } else if (isAssigned(pod)) {
        // A pod that we are binding is in flight until its binding is answered; another's is out of the queue at once.
        if (queue.get(uid)?.place !== "in-flight") queue.delete(uid);
        assigned(pod);
      } else if (pod.spec.schedulerName === schedulerName) {
        updatePending(pod, old, watched);
      }
    },
    delete(old) {
      const uid = old.metadata.uid ?? "";
      const counted = cache.has(uid);
      cache.removePod(uid);
      nominations.delete(uid);
      queue.delete(uid);
      if (counted || isAssigned(old) || old.status.nominatedNodeName) {
        queue.changed({ kind: "Pod", event: "AssignedPodDelete", old });
      }
    },
  });
}

function updatePending(pod: Pod, old: Pod, watched: Watched): void {
  const { cache, queue, nominations } = watched;
  const uid = pod.metadata.uid ?? "";
  const dying = pod.metadata.deletionTimestamp !== undefined && old.metadata.deletionTimestamp === undefined;
  if (cache.isAssumed(uid)) {
    queue.update(old, pod);
    if (!dying) return;
    // It will not be bound any more: what it was to take is free.
    cache.forget(uid);
    queue.changed({ kind: "Pod", event: "AssignedPodDelete", old: pod });
    return;
  }
  queue.update(old, pod);
  if (queue.hasWaiting) for (const change of podChanges(old, pod)) queue.changed(change);
  nominate(pod, watched);
  const left = old.status.nominatedNodeName;
  if (left && left !== pod.status.nominatedNodeName) {
    // Room that is no longer kept is room for others.
    if (nominations.nodeOf(uid) === left) nominations.delete(uid);
    queue.changed({ kind: "Pod", event: "AssignedPodDelete", old });
  }
}

/** What the API says of where room is kept; in the moment between deciding and writing, our own word stands. */
function nominate(pod: Pod, { nominations, queue }: Watched): void {
  const info = queue.get(pod.metadata.uid ?? "")?.info;
  const nodeName = pod.status.nominatedNodeName;
  if (info !== undefined && nodeName && !isAssigned(pod)) nominations.set(info, nodeName);
}
