import { describes, type Entry } from "../inventory/entry.ts";
import type { Graph } from "../inventory/graph.ts";
import { isDeletingDependents, isOrphaning } from "./plan.ts";

/** Whose turn it is after a change of `entry`. Pure (graph_builder.go, processGraphChanges). */
export function* afterChange(graph: Graph, entry: Entry, old: Entry | undefined): Generator<string> {
  if (entry.owners.length > 0 && (old === undefined || old.owners !== entry.owners)) yield entry.uid;
  if (isOrphaning(entry) || isDeletingDependents(entry)) yield entry.uid;
  const startsWaiting = isDeletingDependents(entry) && (old === undefined || !isDeletingDependents(old));
  for (const dependent of graph.dependents(entry.uid)) {
    // Seen for the first time, it may turn out not to be what its dependents say it is.
    if (startsWaiting || (old === undefined && !describesAll(dependent, entry))) yield dependent.uid;
  }
  // An owner that the entry has left, or blocks no longer, may go now.
  if (old !== undefined) for (const { uid } of old.owners) yield* waiting(graph, uid);
}

/** Whose turn it is after `entry` has gone. Pure. */
export function* afterRemoval(graph: Graph, entry: Entry): Generator<string> {
  for (const { uid } of graph.dependents(entry.uid)) yield uid;
  for (const { uid } of entry.owners) yield* waiting(graph, uid);
}

function* waiting(graph: Graph, uid: string): Generator<string> {
  const owner = graph.get(uid);
  if (owner !== undefined && (isDeletingDependents(owner) || isOrphaning(owner))) yield uid;
}

function describesAll(dependent: Entry, owner: Entry): boolean {
  return dependent.owners.every((reference) => reference.uid !== owner.uid || describes(reference, dependent, owner));
}

/** References of `dependent` to objects of other namespaces: whoever made them expects what cannot be. */
export function* wrongNamespace(graph: Graph, dependent: Entry): Generator<Entry["owners"][number]> {
  for (const reference of dependent.owners) {
    const owner = graph.get(reference.uid);
    if (owner !== undefined && owner.namespace !== "" && owner.namespace !== dependent.namespace) yield reference;
  }
}

/** Upstream's words, to the letter. */
export function wrongNamespaceMessage(
  { apiVersion, kind, name, uid }: Entry["owners"][number],
  namespace: string,
): string {
  return `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}] does not exist in namespace ${JSON.stringify(namespace)}`;
}
