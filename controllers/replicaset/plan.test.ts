import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { selectorFromSet } from "../../apimachinery/selectors/label-selector.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { type Observed, plan, type ReplicaOwner, summarize } from "./plan.ts";

const now = Date.parse("2026-01-01T01:00:00Z");

const owner = (replicas: number, more: { readonly minReadySeconds?: number; readonly conditions?: [] } = {}) =>
  ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "web", namespace: "n", uid: "u", generation: 3 },
    spec: { replicas, template: { metadata: { labels: { app: "web" } }, spec: {} }, ...more },
    status: { replicas: 0, ...more },
  }) as unknown as ReplicaOwner;

interface PodShape {
  readonly ours?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly phase?: string;
  readonly going?: boolean;
  readonly readyForMs?: number;
  readonly node?: string;
}

function pod(name: string, shape: PodShape = {}): Pod {
  const { ours = true, labels = { app: "web" }, phase = "Running", going = false, readyForMs, node = "n1" } = shape;
  const controller = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "u", controller: true };
  const ready = { type: "Ready", status: "True", lastTransitionTime: formatTime(now - (readyForMs ?? 0)) };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "n",
      uid: name,
      labels,
      creationTimestamp: formatTime(now - 60_000),
      ...(ours ? { ownerReferences: [controller] } : {}),
      ...(going ? { deletionTimestamp: formatTime(now) } : {}),
    },
    spec: { nodeName: node },
    status: { phase, conditions: readyForMs === undefined ? [] : [ready] },
  } as unknown as Pod;
}

const observed = (of: ReplicaOwner, pods: readonly Pod[]): Observed => ({
  owner: of,
  ownerResource: ReplicaSet,
  selector: selectorFromSet({ app: "web" }),
  pods,
  related: () => pods,
  now,
  countsTerminating: true,
});

test("it makes as many as lack, named after it and controlled by it", () => {
  const actions = plan(observed(owner(3), [pod("a"), pod("b", { phase: "Failed" }), pod("c", { going: true })]));
  assert.deepEqual(
    actions.map(({ type }) => type),
    ["create", "create"],
  );
  const [create] = actions;
  assert.ok(create?.type === "create");
  assert.deepEqual(create.object.metadata.generateName, "web-");
  assert.deepEqual(
    create.object.metadata.ownerReferences?.map(({ uid, controller }) => [uid, controller]),
    [["u", true]],
  );
});

test("an owner that is going away makes and removes nothing", () => {
  const going = owner(3);
  const metadata = { ...going.metadata, deletionTimestamp: formatTime(now) };
  assert.deepEqual(plan(observed({ ...going, metadata }, [])), []);
});

test("adoptions and releases come before anything else", () => {
  const actions = plan(observed(owner(5), [pod("a", { ours: false }), pod("b", { labels: { app: "other" } })]));
  assert.deepEqual(
    actions.map(({ type }) => type),
    ["adopt", "patch"],
  );
  assert.deepEqual(summarize(observed(owner(5), [pod("a", { ours: false })]), []), {});
});

test("a pod is counted available when it has been ready long enough, and the next look is when one will be", () => {
  const pods = [pod("a", { readyForMs: 20_000 }), pod("b", { readyForMs: 4_000 }), pod("c")];
  const { status, wakeAtMs } = summarize(observed(owner(3, { minReadySeconds: 10 }), pods), []);
  assert.equal(wakeAtMs, now + 6_000);
  assert.deepEqual(status, {
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 2,
    availableReplicas: 1,
    terminatingReplicas: 0,
    observedGeneration: 3,
  });
});

test("a failure becomes a condition, in upstream's words", () => {
  const failure = ApiError.forbidden({ group: "", resource: "pods" }, "", "exceeded quota: q");
  const { status } = summarize(observed(owner(2), []), [failure]);
  const [condition] = (status as { conditions: { reason: string; message: string }[] }).conditions;
  assert.deepEqual([condition?.reason, condition?.message], ["FailedCreate", failure.message]);
  const tooMany = summarize(observed(owner(0), [pod("a")]), [failure]).status as typeof status;
  assert.match(JSON.stringify(tooMany), /"FailedDelete","message":"unable to delete pods: /);
});

const shapes = fc.array(
  fc.record({
    ours: fc.boolean(),
    labels: fc.constantFrom({ app: "web" }, { app: "other" }),
    phase: fc.constantFrom("Pending", "Running", "Failed", "Succeeded"),
    going: fc.boolean(),
    readyForMs: fc.option(fc.nat(100_000), { nil: undefined }),
    node: fc.constantFrom("", "n1", "n2"),
  }),
  { maxLength: 12 },
);

test("laws: never makes and removes in one plan, never too many of either, no ready pod goes while one that is not stays", () => {
  fc.assert(
    fc.property(shapes, fc.nat(10), (list, replicas) => {
      const pods = list.map((shape, i) => pod(`p${i}`, shape as PodShape));
      const actions = plan(observed(owner(replicas), pods));
      const mine = list.filter(
        ({ ours, labels, phase, going }) =>
          ours && labels.app === "web" && !going && phase !== "Failed" && phase !== "Succeeded",
      );
      const creates = actions.filter(({ type }) => type === "create").length;
      const deletes = actions.flatMap((action) => (action.type === "delete" ? [action.name] : []));
      assert.ok(creates === 0 || deletes.length === 0);
      assert.ok(creates <= Math.max(0, replicas - mine.length));
      assert.ok(deletes.length <= Math.max(0, mine.length - replicas));
      assert.equal(new Set(deletes).size, deletes.length);
      if (actions.some(({ type }) => type === "adopt" || type === "patch")) return;
      assert.equal(mine.length + creates - deletes.length, replicas);
      const isReady = (name: string) => list[Number(name.slice(1))]!.readyForMs !== undefined;
      const sameKind = (name: string) => {
        const { node, phase } = list[Number(name.slice(1))]!;
        return node !== "" && phase === "Running";
      };
      const stays = pods
        .map(({ metadata }) => metadata.name!)
        .filter((name) => mine.includes(list[Number(name.slice(1))]!) && !deletes.includes(name));
      if (deletes.some((name) => isReady(name) && sameKind(name))) {
        assert.ok(stays.every((name) => !sameKind(name) || isReady(name)));
      }
    }),
  );
});
