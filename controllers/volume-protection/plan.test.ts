import assert from "node:assert/strict";
import { test } from "node:test";
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { claimsOf, classesOfClaim, isCandidate, plan, usesClaim } from "./plan.ts";

const finalizer = "kubernetes.io/pvc-protection";
const claim = (metadata: object, more: object = {}): PersistentVolumeClaim =>
  ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "c", namespace: "n", ...metadata },
    spec: {},
    ...more,
  }) as PersistentVolumeClaim;
const pod = (volumes: readonly object[], { metadata = {}, nodeName = "node" } = {}): Pod =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "n", uid: "1", ...metadata },
    spec: { containers: [], nodeName, volumes },
  }) as unknown as Pod;

test("the finalizer is there until the object is deleted and nobody uses it", () => {
  const deletionTimestamp = "2026-01-01T00:00:00Z";
  const finalizersAfter = (metadata: object, isUsed: boolean): unknown => {
    const actions = plan({ resource: PersistentVolumeClaim, object: claim(metadata), finalizer, isUsed });
    return actions.map((action) => (action.type === "update" ? action.object.metadata.finalizers : action.type));
  };
  assert.deepEqual(finalizersAfter({}, false), [[finalizer]]);
  assert.deepEqual(finalizersAfter({ finalizers: ["x"] }, true), [["x", finalizer]]);
  assert.deepEqual(finalizersAfter({ finalizers: [finalizer] }, false), []);
  assert.deepEqual(finalizersAfter({ finalizers: ["x", finalizer], deletionTimestamp }, true), []);
  assert.deepEqual(finalizersAfter({ finalizers: ["x", finalizer], deletionTimestamp }, false), [["x"]]);
  assert.deepEqual(finalizersAfter({ finalizers: ["x"], deletionTimestamp }, false), []);
  assert.equal(isCandidate(claim({ finalizers: [finalizer], deletionTimestamp }), finalizer), true);
  assert.equal(isCandidate(claim({ finalizers: [finalizer] }), finalizer), false);
});

test("a pod uses its claims from when it has a node, one made for it until it is shut down", () => {
  const volume = { name: "v", persistentVolumeClaim: { claimName: "c" } };
  assert.equal(usesClaim(pod([volume]), claim({})), true);
  assert.equal(usesClaim(pod([volume], { nodeName: "" }), claim({})), false);
  assert.equal(usesClaim(pod([volume]), claim({ name: "other" })), false);
  const gone = { deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 0 };
  assert.equal(usesClaim(pod([volume], { metadata: gone }), claim({})), true);
  const own = claim({ name: "p-v", ownerReferences: [{ controller: true, uid: "1" }] });
  const ephemeral = { name: "v", ephemeral: {} };
  assert.equal(usesClaim(pod([ephemeral]), own), true);
  assert.equal(usesClaim(pod([ephemeral]), claim({ name: "p-v" })), false);
  assert.equal(usesClaim(pod([ephemeral], { metadata: gone }), own), false);
  assert.deepEqual(claimsOf(pod([volume, ephemeral, { name: "e", emptyDir: {} }])), ["n/c", "n/p-v"]);
});

test("a claim names the class it has, the one it had and the one it is to get", () => {
  const status = {
    currentVolumeAttributesClassName: "b",
    modifyVolumeStatus: { targetVolumeAttributesClassName: "c" },
  };
  assert.deepEqual(classesOfClaim(claim({}, { spec: { volumeAttributesClassName: "a" }, status })), ["a", "b", "c"]);
  assert.deepEqual(classesOfClaim(claim({}, { spec: { volumeAttributesClassName: "b" }, status: {} })), ["b"]);
});
