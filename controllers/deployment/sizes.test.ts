import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Deployment } from "../../api/apps/v1/deployment.ts";
import type { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import { maxSurge, maxUnavailable } from "./fenceposts.ts";
import { rollingSizes, type Size, scaledSizes } from "./sizes.ts";

interface Shape {
  readonly name: string;
  readonly replicas: number;
  readonly available?: number;
  readonly desired?: number;
  readonly max?: number;
}

const set = ({ name, replicas, available = replicas, desired, max }: Shape): ReplicaSet =>
  ({
    metadata: {
      name,
      creationTimestamp: "2026-01-01T00:00:00Z",
      annotations: {
        ...(desired === undefined ? {} : { "deployment.kubernetes.io/desired-replicas": String(desired) }),
        ...(max === undefined ? {} : { "deployment.kubernetes.io/max-replicas": String(max) }),
      },
    },
    spec: { replicas },
    status: { replicas, availableReplicas: available },
  }) as unknown as ReplicaSet;

const deployment = (replicas: number, surge: number | string, unavailable: number | string): Deployment =>
  ({
    spec: {
      replicas,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
    },
    status: {},
  }) as unknown as Deployment;

const text = (sizes: readonly Size[]) => sizes.map(({ set, replicas }) => `${set.metadata.name}=${replicas}`).join();

test("percentages round up for what may be more, down for what may be less, and never stand still", () => {
  const cases: readonly [number, string, string, number, number][] = [
    [10, "25%", "25%", 3, 2],
    [2, "0%", "1%", 0, 1],
    [1, "25%", "25%", 1, 0],
    [3, "100%", "200%", 3, 3],
    [0, "25%", "25%", 0, 0],
  ];
  for (const [replicas, surge, unavailable, more, less] of cases) {
    const subject = deployment(replicas, surge, unavailable);
    assert.deepEqual([maxSurge(subject), maxUnavailable(subject)], [more, less], `${replicas} ${surge} ${unavailable}`);
  }
});

test("the current one grows into the surge, then old ones shrink by what may be missing", () => {
  const subject = deployment(10, 3, 2);
  assert.equal(
    text(rollingSizes(subject, set({ name: "new", replicas: 0 }), [set({ name: "old", replicas: 10 })])),
    "new=3",
  );
  const waiting = set({ name: "new", replicas: 3, available: 0 });
  assert.equal(text(rollingSizes(subject, waiting, [set({ name: "old", replicas: 10 })])), "old=8");
  assert.equal(text(rollingSizes(subject, waiting, [set({ name: "old", replicas: 8 })])), "new=5");
});

test("replicas that are not available go before any that are", () => {
  const subject = deployment(10, 0, 2);
  const old = [set({ name: "a", replicas: 6 }), set({ name: "b", replicas: 4, available: 1 })];
  assert.equal(text(rollingSizes(subject, set({ name: "new", replicas: 0 }), old)), "b=2");
});

test("scaling in the middle of a rollout keeps the proportions", () => {
  const scaled = { desired: 10, max: 13 };
  const sets = {
    current: set({ name: "new", replicas: 5, available: 0, ...scaled }),
    old: [set({ name: "old", replicas: 8, ...scaled })],
  };
  assert.equal(text(scaledSizes(deployment(15, 3, 2), sets)), "old=11,new=7");
  assert.equal(text(scaledSizes(deployment(0, 3, 2), sets)), "old=0,new=0");
});

const count = fc.nat(12);
const shape = fc.record({ replicas: count, missing: count });

test("laws of rolling: never above the surge, never below what must be available, and it ends", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.oneof(fc.nat(5), fc.constantFrom("0%", "25%", "100%")),
      fc.oneof(fc.nat(5), fc.constantFrom("0%", "25%", "100%")),
      fc.array(shape, { maxLength: 3 }),
      (replicas, surge, unavailable, olds) => {
        const subject = deployment(replicas, surge, unavailable);
        let current = set({ name: "new", replicas: 0 });
        let old = olds.map(({ replicas: size, missing }, i) =>
          set({ name: `old${i}`, replicas: size, available: Math.max(0, size - missing) }),
        );
        const sum = (of: (set: ReplicaSet) => number) => [...old, current].reduce((total, one) => total + of(one), 0);
        const limit = Math.max(
          replicas + maxSurge(subject),
          sum(({ spec }) => spec.replicas),
        );
        const least = Math.min(
          replicas - maxUnavailable(subject),
          sum(({ status }) => status.availableReplicas ?? 0),
        );
        for (let step = 0; ; step++) {
          assert.ok(step < 200, "it does not end");
          const sizes = rollingSizes(subject, current, old);
          const apply = (one: ReplicaSet): ReplicaSet => {
            const size = sizes.find((each) => each.set === one)?.replicas ?? one.spec.replicas;
            assert.ok(size >= 0);
            // What is not available goes first; the current one's replicas become available between the steps.
            const available = one === current ? one.spec.replicas : (one.status.availableReplicas ?? 0);
            return set({ name: one.metadata.name!, replicas: size, available: Math.min(size, available) });
          };
          const next = [apply(current), old.map(apply)] as const;
          const ended = sizes.length === 0 && next[0].status.availableReplicas === current.status.availableReplicas;
          [current, old] = next;
          assert.ok(sum(({ spec }) => spec.replicas) <= limit);
          assert.ok(sum(({ status }) => status.availableReplicas ?? 0) >= least);
          if (ended) break;
        }
        assert.equal(current.spec.replicas, replicas);
        assert.ok(old.every(({ spec }) => spec.replicas === 0));
      },
    ),
  );
});

test("laws of scaling: sizes are whole, none is negative, and together they are what is allowed", () => {
  fc.assert(
    fc.property(
      count,
      fc.nat(4),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 4 }),
      (replicas, surge, sizes) => {
        const before = sizes.reduce((a, b) => a + b, 0);
        const sets = sizes.map((size, i) =>
          set({ name: `s${i}`, replicas: size, available: 0, desired: before, max: before }),
        );
        const subject = deployment(replicas, surge, 1);
        const result = scaledSizes(subject, { current: sets[0], old: sets.slice(1) });
        assert.ok(result.every(({ replicas: size }) => Number.isInteger(size) && size >= 0));
        const total = result.reduce((sum, { replicas: size }) => sum + size, 0);
        assert.equal(total, replicas === 0 ? 0 : replicas + surge);
      },
    ),
  );
});
