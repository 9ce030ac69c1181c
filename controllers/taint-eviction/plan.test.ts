import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Toleration } from "../../api/generated/types/core-v1.ts";
import { toleratedMs } from "./plan.ts";

const taint = (key: string, value = "") => ({ key, value, effect: "NoExecute" });

test("the shortest of the tolerations that are used counts; a taint that none is for allows no time", () => {
  const tolerations: readonly Toleration[] = [
    { key: "a", operator: "Exists", tolerationSeconds: 30 },
    { key: "b", operator: "Equal", value: "x", tolerationSeconds: 10 },
    { key: "c", operator: "Exists", effect: "NoSchedule" },
    { key: "d", operator: "Exists", tolerationSeconds: -5 },
    { key: "e", operator: "Exists" },
  ];
  assert.equal(toleratedMs(tolerations, [taint("a")]), 30_000);
  assert.equal(toleratedMs(tolerations, [taint("a"), taint("b", "x")]), 10_000);
  assert.equal(toleratedMs(tolerations, [taint("b", "y")]), 0);
  assert.equal(toleratedMs(tolerations, [taint("c")]), 0);
  assert.equal(toleratedMs(tolerations, [taint("d"), taint("a")]), 0);
  assert.equal(toleratedMs(tolerations, [taint("e")]), Infinity);
  assert.equal(toleratedMs([{ operator: "Exists" }], [taint("a"), taint("b")]), Infinity);
});

test("law: more taints never allow more time", () => {
  const keys = fc.constantFrom("a", "b", "c");
  const tolerations = fc.array(
    fc.record(
      { key: keys, operator: fc.constant("Exists"), tolerationSeconds: fc.nat(100) },
      { requiredKeys: ["key", "operator"] },
    ),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(tolerations, fc.array(keys, { maxLength: 3 }), keys, (list, some, another) => {
      const before = toleratedMs(
        list,
        some.map((key) => taint(key)),
      );
      assert.ok(
        toleratedMs(
          list,
          [...some, another].map((key) => taint(key)),
        ) <= before,
      );
    }),
  );
});
