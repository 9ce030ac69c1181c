import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, errorsOf, prepared, problems, row } from "../../test-support.ts";
import { Lease } from "./lease.ts";

test("a lease lasts and counts its owners", () => {
  assert.deepEqual(problems(Lease, { spec: { leaseDurationSeconds: 1, leaseTransitions: 0 } }), []);
  assert.deepEqual(problems(Lease, {}), []);
  assert.deepEqual(problems(Lease, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }), [
    "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
    "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
  ]);
});

test("fields of coordinated leader election are dropped where they are new, and checked where they are not", () => {
  const spec = { strategy: "Newest", preferredHolder: "a" };
  assert.deepEqual(prepared(Lease, { spec }).spec, {});
  const old = decoded(Lease, { spec });
  assert.deepEqual(prepared(Lease, { spec }, old).spec, spec);
  assert.deepEqual(errorsOf(Lease, old), [
    'spec.strategy.strategy: Unsupported value: "Newest": supported values: "OldestEmulationVersion"',
  ]);
  assert.deepEqual(errorsOf(Lease, decoded(Lease, { spec: { preferredHolder: "a" } })), [
    "spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined",
  ]);
  assert.deepEqual(errorsOf(Lease, decoded(Lease, { spec: { ...spec, strategy: "example.com/x" } })), []);
});

test("its row shows the holder", () => {
  const lease = decoded(Lease, { metadata: { name: "l" }, spec: { holderIdentity: "me" } });
  assert.deepEqual(row(Lease, lease), { Name: "l", Holder: "me", Age: "<unknown>" });
});
