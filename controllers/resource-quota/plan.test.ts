import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ResourceQuota } from "../../api/core/v1/resource-quota.ts";
import { recountMs, settleMs, summarize } from "./plan.ts";

const now = 1_000_000;
const quota = (hard: object, status: object) => ({ metadata: { name: "q" }, spec: { hard }, status }) as ResourceQuota;
const summary = (hard: object, status: object, usage: Record<string, string>, changedAtMs = 0) =>
  summarize({ quota: quota(hard, status), usage, againAtMs: now, changedAtMs, now });
const again = { wakeAtMs: now + recountMs };

test("a new quota tells its limits and what is used, at once", () => {
  assert.deepEqual(summary({ pods: "5" }, {}, { pods: "2" }, now), {
    status: { hard: { pods: "5" }, used: { pods: "2" } },
    ...again,
  });
});

test("where nothing has changed, nothing is written", () => {
  assert.deepEqual(summary({ cpu: "1" }, { hard: { cpu: "1000m" }, used: { cpu: "500m" } }, { cpu: "0.5" }), again);
});

test("less is told only once nobody has changed the quota for a while, more at once", () => {
  const status = { hard: { pods: "5" }, used: { pods: "3" } };
  assert.deepEqual(summary({ pods: "5" }, status, { pods: "2" }, now - 10), { wakeAtMs: now - 10 + settleMs });
  const told = { status: { hard: { pods: "5" }, used: { pods: "2" } }, ...again };
  assert.deepEqual(summary({ pods: "5" }, status, { pods: "2" }, now - settleMs), told);
  assert.equal(summary({ pods: "5" }, status, { pods: "4" }, now).status?.used?.["pods"], "4");
});

test("what has just been counted is counted again later", () => {
  const observed = { quota: quota({ pods: "5" }, {}), usage: undefined, againAtMs: now + 7, changedAtMs: 0, now };
  assert.deepEqual(summarize(observed), { wakeAtMs: now + 7 });
});

test("what is limited no longer is forgotten, and what nobody can count stays as it was", () => {
  const status = { hard: { pods: "5", "count/x.y": "1" }, used: { pods: "3", "count/x.y": "1" } };
  assert.deepEqual(summary({ "count/x.y": "2" }, status, {}).status, {
    hard: { "count/x.y": "2" },
    used: { "count/x.y": "1" },
  });
});

test("what is written tells of exactly what is limited, and writing it once is enough", () => {
  const list = fc.dictionary(fc.constantFrom("pods", "cpu", "services"), fc.integer({ min: 0, max: 9 }).map(String));
  fc.assert(
    fc.property(list, list, list, (hard, told, usage) => {
      const { status } = summary(hard, { hard: told, used: told }, usage);
      if (status === undefined) return;
      for (const name of Object.keys(status.used ?? {})) assert.ok(name in hard);
      assert.equal(summary(hard, status, usage).status, undefined);
    }),
  );
});
