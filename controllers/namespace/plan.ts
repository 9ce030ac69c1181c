import { kubernetesFinalizer, Namespace } from "../../api/core/v1/namespace.ts";
import type { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isMethodNotSupported, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { type Discovery, discoveryFailureText } from "../inventory/discovery.ts";
import type { Entry } from "../inventory/entry.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";
import { conditionsOf, updateConditions } from "./conditions.ts";

export interface Observed {
  readonly namespace: Namespace;
  /** What is left in it; looked up at the server itself before it counts as nothing. */
  readonly content: readonly Entry[];
  /** The content was looked up: nobody will tell of its end. */
  readonly looked: boolean;
  readonly discovery: Discovery;
  /** Before this time (ms) the namespace is not let go: creates that were admitted just before its end may still arrive. */
  readonly settledAtMs: number;
  readonly now: number;
}

/** Between two looks at content that nobody watches. */
const lookAgainMs = 1_000;

/**
 * The end of a namespace: first its pods go, each in its grace period, then everything else, and when nothing is left the
 * namespace is let go (pkg/controller/namespace/deletion). Pure.
 */
export function plan(observed: Observed): readonly Action[] {
  const { namespace } = observed;
  if (!isEnding(namespace)) return [];
  if (mayGo(observed)) return [finalize(namespace)];
  return [...byResource(toDelete(observed)).values()].flatMap(deletions);
}

/** What is told of it: nothing while deletions have just been asked for, then what is left and why. Pure. */
export function summarize(observed: Observed, failures: readonly ApiError[]): Summary<Namespace["status"]> {
  const { namespace, content, looked, discovery, settledAtMs, now } = observed;
  if (!isEnding(namespace)) return {};
  const again = looked && content.length > 0 ? { wakeAtMs: now + lookAgainMs } : {};
  if (failures.length === 0 && (mayGo(observed) || toDelete(observed).length > 0)) return again;
  const told = content.filter(({ deletionTimestamp }) => deletionTimestamp !== undefined);
  const { remaining, stuck } = leftOf(told, now);
  const conditions = conditionsOf({
    discoveryFailure: discovery.failures.size === 0 ? undefined : discoveryFailureText(discovery.failures),
    contentFailures: [...failures.map(({ message }) => message), ...stuck.map((entry) => stuckText(namespace, entry))],
    remaining,
  });
  const status = {
    phase: "Terminating",
    conditions: updateConditions(namespace.status.conditions ?? [], conditions, now),
  };
  if (content.length === 0 && settledAtMs > now) return { wakeAtMs: settledAtMs };
  const graceEndsMs = told.map(({ deletionTimestamp = "" }) => Date.parse(deletionTimestamp)).filter((at) => at > now);
  if (graceEndsMs.length === 0) return { status, ...again };
  return { status, wakeAtMs: graceEndsMs.reduce((soonest, at) => Math.min(soonest, at)) };
}

function isEnding({ metadata, spec }: Namespace): boolean {
  return metadata.deletionTimestamp !== undefined && (spec.finalizers ?? []).length > 0;
}

function mayGo({ namespace, content, discovery, settledAtMs, now }: Observed): boolean {
  return (
    content.length === 0 &&
    discovery.failures.size === 0 &&
    now >= settledAtMs &&
    (namespace.spec.finalizers ?? []).includes(kubernetesFinalizer)
  );
}

/** Whoever has not been told to go. Pods first, and nobody else before they are gone (KEP-5080). */
function toDelete({ content }: Observed): Entry[] {
  const pods = content.filter(isPod);
  return (pods.length > 0 ? pods : content).filter(({ deletionTimestamp }) => deletionTimestamp === undefined);
}

function isPod({ resource: { group, plural } }: Entry): boolean {
  return group === "" && plural === "pods";
}

/** In the background: what belongs to whom does not matter, all of it goes. */
function deletions(entries: readonly Entry[]): Action[] {
  const { resource, namespace } = entries[0]!;
  const propagationPolicy = "Background" as const;
  const tolerates = (error: unknown): boolean => isNotFound(error) || isMethodNotSupported(error);
  if (resource.verbs.has("deletecollection")) {
    return [{ type: "deleteCollection", resource, namespace, propagationPolicy, tolerates }];
  }
  return entries.map(({ name, uid }) => ({
    type: "delete",
    resource,
    namespace,
    name,
    uid,
    propagationPolicy,
    tolerates,
  }));
}

function finalize(namespace: Namespace): Action {
  const finalizers = (namespace.spec.finalizers ?? []).filter((finalizer) => finalizer !== kubernetesFinalizer);
  return {
    type: "subresource",
    resource: Namespace,
    name: namespace.metadata.name ?? "",
    subresource: "finalize",
    method: "update",
    body: { ...namespace, spec: { ...namespace.spec, finalizers } },
    tolerates: isNotFound,
  };
}

function byResource(entries: Iterable<Entry>): Map<string, Entry[]> {
  return Map.groupBy(entries, ({ resource }) => `${resource.plural}.${resource.group}`);
}

/** `stuck`: one of each resource whose objects stay although neither a finalizer nor a grace period keeps them. */
function leftOf(content: readonly Entry[], now: number) {
  const left = [...byResource(content)].map(([name, entries]) => ({
    entries,
    name,
    finalizers: entries.flatMap(({ finalizers }) => finalizers),
    waiting: entries.some(
      ({ deletionTimestamp }) => deletionTimestamp !== undefined && Date.parse(deletionTimestamp) > now,
    ),
  }));
  return {
    remaining: left.map(({ name, entries, finalizers }) => ({ name, count: entries.length, finalizers })),
    stuck: left
      .filter(({ finalizers, waiting }) => finalizers.length === 0 && !waiting)
      .map(({ entries }) => entries[0]!),
  };
}

function stuckText({ metadata }: Namespace, { resource: { group, version, plural } }: Entry): string {
  return `unexpected items still remain in namespace: ${metadata.name} for gvr: ${group}/${version}, Resource=${plural}`;
}
