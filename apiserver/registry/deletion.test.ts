import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { Namespace } from "../../api/core/v1/namespace.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { DeleteOptions } from "./delete-options.ts";
import { checkPreconditions, decideDeletion, isReleased } from "./deletion.ts";

const now = Date.UTC(2026, 0, 1);
const configMap = ConfigMap;
const pod = Pod;
const namespace = Namespace;

const objectOf = (metadata: object, more: object = {}): ApiObject =>
  ({
    kind: "X",
    apiVersion: "v1",
    metadata: { name: "a", uid: "u", resourceVersion: "5", ...metadata },
    ...more,
  }) as ApiObject;
const runningPod = (metadata: object = {}): ApiObject =>
  objectOf(metadata, { spec: { nodeName: "n", terminationGracePeriodSeconds: 30 }, status: { phase: "Running" } });

/** The decision, and what it does to the metadata that deletion is about. */
function decided(definition: ResourceDefinition, object: ApiObject, options: DeleteOptions = {}, at = now): object {
  const decision = decideDeletion(definition, object, options, at);
  if (decision.type !== "mark") {
    return { type: decision.type };
  }
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers, generation } = decision.draft.metadata;
  return { type: "mark", deletionTimestamp, deletionGracePeriodSeconds, finalizers, generation };
}

const marked = (seconds: number, more: object = {}): object => ({
  type: "mark",
  deletionTimestamp: formatTime(now + seconds * 1_000),
  deletionGracePeriodSeconds: seconds,
  finalizers: undefined,
  generation: undefined,
  ...more,
});

test("what nothing holds back is removed at once", () => {
  assert.deepEqual(decided(configMap, objectOf({})), { type: "remove" });
  assert.deepEqual(decided(configMap, objectOf({}), { gracePeriodSeconds: 30 }), { type: "remove" });
});

test("finalizers hold an object back: it is marked once, its generation raised once", () => {
  const finalizers = ["example.com/a"];
  const first = objectOf({ finalizers, generation: 3 });
  assert.deepEqual(decided(configMap, first), marked(0, { finalizers, generation: 4 }));
  const dying = objectOf({
    finalizers,
    generation: 4,
    deletionTimestamp: formatTime(now),
    deletionGracePeriodSeconds: 0,
  });
  assert.deepEqual(decided(configMap, dying, {}, now + 60_000), marked(0, { finalizers, generation: 4 }));
});

test("a running pod gets its grace period, or the one that is asked for; none kills it now", () => {
  assert.deepEqual(decided(pod, runningPod()), marked(30));
  assert.deepEqual(decided(pod, runningPod(), { gracePeriodSeconds: 5 }), marked(5));
  assert.deepEqual(decided(pod, runningPod(), { gracePeriodSeconds: -7 }), marked(1));
  assert.deepEqual(decided(pod, runningPod(), { gracePeriodSeconds: 0 }), { type: "remove" });
  assert.deepEqual(decided(pod, objectOf({}, { spec: {}, status: { phase: "Pending" } })), { type: "remove" });
});

test("a second deletion may shorten the wait and never lengthens it", () => {
  const dying = runningPod({ deletionTimestamp: formatTime(now + 30_000), deletionGracePeriodSeconds: 30 });
  assert.deepEqual(decided(pod, dying), { type: "pending" });
  assert.deepEqual(decided(pod, dying, { gracePeriodSeconds: 60 }), { type: "pending" });
  assert.deepEqual(decided(pod, dying, { gracePeriodSeconds: 10 }), marked(10));
  assert.deepEqual(decided(pod, dying, { gracePeriodSeconds: 0 }), { type: "remove" });
});

test("the policy puts the collector's finalizer on, or takes it off; others stay", () => {
  const own = ["example.com/a"];
  const of = (finalizers: readonly string[], options: DeleteOptions): unknown =>
    (decided(configMap, objectOf({ finalizers }), options) as { finalizers?: unknown }).finalizers;
  assert.deepEqual(of(own, { propagationPolicy: "Foreground" }), [...own, "foregroundDeletion"]);
  assert.deepEqual(of([...own, "orphan"], { propagationPolicy: "Foreground" }), [...own, "foregroundDeletion"]);
  assert.deepEqual(of([...own, "orphan"], { propagationPolicy: "Background" }), own);
  assert.deepEqual(of([], { orphanDependents: true }), ["orphan"]);
  assert.deepEqual(of([...own, "foregroundDeletion"], {}), [...own, "foregroundDeletion"]);
});

test("a namespace is held by its spec's finalizers", () => {
  const held = objectOf({}, { spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } });
  const decision = decideDeletion(namespace, held, {}, now);
  assert.equal(decision.type, "mark");
  assert.deepEqual((decision as { draft: { status?: unknown } }).draft.status, { phase: "Terminating" });
  assert.deepEqual(decided(namespace, objectOf({}, { spec: {} })), { type: "remove" });
});

test("preconditions are about the object that is there", () => {
  const conflict = (error: unknown): boolean => error instanceof ApiError && error.code === 409;
  checkPreconditions(configMap, objectOf({}), {});
  checkPreconditions(configMap, objectOf({}), { preconditions: { uid: "u", resourceVersion: "5" } });
  assert.throws(() => checkPreconditions(configMap, objectOf({}), { preconditions: { uid: "v" } }), conflict);
  assert.throws(
    () => checkPreconditions(configMap, objectOf({}), { preconditions: { resourceVersion: "4" } }),
    conflict,
  );
});

test("safety: nothing with a finalizer of its own is ever removed, a deletion is never undone or put off, and repeating one changes nothing", () => {
  const seconds = fc.option(fc.integer({ min: -1, max: 60 }), { nil: undefined });
  const options: fc.Arbitrary<DeleteOptions> = fc
    .record({
      gracePeriodSeconds: seconds,
      propagationPolicy: fc.constantFrom(undefined, "Foreground", "Background", "Orphan"),
    })
    .map(
      (given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as DeleteOptions,
    );
  const step = fc.record({ options, afterMs: fc.nat({ max: 40_000 }) });
  const own = fc.subarray(["example.com/a", "example.com/b"]);
  fc.assert(
    fc.property(fc.boolean(), own, fc.array(step, { minLength: 1, maxLength: 5 }), (isPod, finalizers, steps) => {
      const definition = isPod ? pod : configMap;
      let object = isPod ? runningPod({ finalizers, generation: 1 }) : objectOf({ finalizers, generation: 1 });
      let at = now;
      for (const { options, afterMs } of steps) {
        at += afterMs;
        const decision = decideDeletion(definition, object, options, at);
        if (decision.type === "remove") {
          assert.deepEqual(finalizers, [], "removed in spite of a finalizer");
          return;
        }
        if (decision.type === "pending") {
          continue;
        }
        const next = decision.draft as ApiObject;
        const { deletionTimestamp, deletionGracePeriodSeconds = 0, generation, finalizers: kept = [] } = next.metadata;
        assert.ok(deletionTimestamp !== undefined && deletionGracePeriodSeconds >= 0);
        assert.ok(
          finalizers.every((one) => kept.includes(one)),
          "a finalizer of somebody else was taken off",
        );
        const before = object.metadata.deletionTimestamp;
        assert.ok(
          before === undefined ||
            Date.parse(deletionTimestamp) <= Date.parse(before) ||
            Date.parse(deletionTimestamp) <= at,
        );
        assert.equal(generation, 2);
        object = next;
      }
    }),
  );
});

test("an update releases what is being deleted, once its time is over and its last finalizer is gone", () => {
  const dying = { deletionTimestamp: formatTime(now), deletionGracePeriodSeconds: 0 };
  const old = objectOf({ ...dying, finalizers: ["example.com/a"] });
  assert.equal(isReleased(configMap, objectOf(dying), old), true);
  assert.equal(isReleased(configMap, old, old), false);
  assert.equal(isReleased(configMap, objectOf({}), objectOf({})), false);
  assert.equal(
    isReleased(
      pod,
      runningPod({ ...dying, deletionGracePeriodSeconds: 30 }),
      runningPod({ ...dying, deletionGracePeriodSeconds: 30 }),
    ),
    false,
  );
});
