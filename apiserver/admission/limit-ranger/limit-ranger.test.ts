import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LimitRange } from "../../../api/core/v1/limit-range.ts";
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts";
import { Pod } from "../../../api/core/v1/pod.ts";
import type * as types from "../../../api/generated/types/core-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { admitted, testAttributes } from "../test-attributes.ts";
import { aboveMax, belowMin } from "./constraints.ts";
import { limitRanger } from "./plugin.ts";

function plugin(...limits: object[]) {
  const objects = new MemoryObjects();
  objects.set(LimitRange, { metadata: { name: "l", namespace: "ns" }, spec: { limits } });
  return limitRanger(objects, LimitRange);
}
const pod = (resources?: object, more: object = {}) => ({
  metadata: { name: "p", namespace: "ns" },
  spec: { containers: [{ name: "c", ...(resources && { resources }) }], ...more },
});
const refusal = async (limits: object, object: object, change: Partial<AdmissionAttributes> = {}) => {
  const definition = "containers" in (object as { spec: object }).spec ? Pod : PersistentVolumeClaim;
  const attributes = testAttributes(definition as never, object, change);
  return admitted(plugin(limits), attributes).then(
    () => "",
    (error: Error) => error.message,
  );
};

test("containers get what they do not say, and the pod says so", async () => {
  const limits = {
    type: "Container",
    default: { cpu: "2", memory: "1Gi" },
    defaultRequest: { cpu: "1", memory: "1Gi" },
  };
  const object = pod({ limits: { cpu: "3" }, requests: { cpu: "3" } }, { initContainers: [{ name: "i" }] });
  const made = await admitted<types.Pod>(plugin(limits), testAttributes(Pod as never, object));
  assert.deepEqual(made.spec.containers[0]!.resources, {
    limits: { cpu: "3", memory: "1Gi" },
    requests: { cpu: "3", memory: "1Gi" },
  });
  assert.deepEqual(made.spec.initContainers![0]!.resources, {
    limits: { cpu: "2", memory: "1Gi" },
    requests: { cpu: "1", memory: "1Gi" },
  });
  assert.equal(
    made.metadata.annotations!["kubernetes.io/limit-ranger"],
    "LimitRanger plugin set: memory request for container c; memory limit for container c; cpu, memory request for init container i; cpu, memory limit for init container i",
  );
});

test("a pod that says everything is left alone", async () => {
  const object = pod({ limits: { cpu: "1" }, requests: { cpu: "1" } });
  const made = await admitted(
    plugin({ type: "Container", default: { cpu: "2" } }),
    testAttributes(Pod as never, object),
  );
  assert.deepEqual(made, object);
});

const cpu = (requests?: string, limits?: string, more?: object) =>
  pod({ ...(requests && { requests: { cpu: requests } }), ...(limits && { limits: { cpu: limits } }) }, more);
const min = { type: "Container", min: { cpu: "100m" } };
const max = { type: "Container", max: { cpu: "1" } };
const ratio = { type: "Container", maxLimitRequestRatio: { cpu: "2" } };
const podMax = { type: "Pod", max: { cpu: "1" } };
const claims = { type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "2Gi" } };
const claim = (storage?: string) => ({
  metadata: { name: "v", namespace: "ns" },
  spec: { resources: storage ? { requests: { storage } } : {} },
});
const forbidden = (text: string, kind = 'pods "p"') => `${kind} is forbidden: ${text}`;
const ofClaim = 'persistentvolumeclaims "v"';
const half = { name: "b", resources: { requests: { cpu: "600m" }, limits: { cpu: "600m" } } };

const cases: readonly [says: string, limits: object, object: object, answer: string][] = [
  ["a request at the minimum", min, cpu("100m", "1"), ""],
  ["no request", min, cpu(), forbidden("minimum cpu usage per Container is 100m.  No request is specified")],
  [
    "a request below the minimum",
    min,
    cpu("99m"),
    forbidden("minimum cpu usage per Container is 100m, but request is 99m"),
  ],
  [
    "a limit below the minimum",
    min,
    cpu("100m", "50m"),
    forbidden("minimum cpu usage per Container is 100m, but limit is 50m"),
  ],
  ["a limit at the maximum", max, cpu("1", "1"), ""],
  ["no limit", max, cpu("1"), forbidden("maximum cpu usage per Container is 1.  No limit is specified")],
  [
    "a limit above the maximum",
    max,
    cpu("1", "1001m"),
    forbidden("maximum cpu usage per Container is 1, but limit is 1001m"),
  ],
  [
    "a request above the maximum",
    max,
    cpu("2", "1"),
    forbidden("maximum cpu usage per Container is 1, but request is 2"),
  ],
  ["a ratio at the bound", ratio, cpu("1", "2"), ""],
  [
    "a ratio above the bound",
    ratio,
    cpu("1", "3"),
    forbidden("cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000"),
  ],
  [
    "a ratio without a request",
    ratio,
    cpu(undefined, "3"),
    forbidden("cpu max limit to request ratio per Container is 2, but no request is specified or request is 0"),
  ],
  [
    "a ratio without a limit",
    ratio,
    cpu("1"),
    forbidden("cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0"),
  ],
  [
    "two containers within a pod's maximum",
    { type: "Pod", max: { cpu: "2" } },
    pod({ limits: { cpu: "1" } }, { containers: [half, half] }),
    "",
  ],
  [
    "two containers above a pod's maximum",
    podMax,
    pod({}, { containers: [half, half] }),
    forbidden("maximum cpu usage per Pod is 1, but limit is 1200m"),
  ],
  [
    "an init container above a pod's maximum",
    podMax,
    cpu("1", "1", { initContainers: [{ name: "i", resources: { limits: { cpu: "2" } } }] }),
    forbidden("maximum cpu usage per Pod is 1, but limit is 2"),
  ],
  [
    "what the whole pod says",
    podMax,
    cpu("1", "1", { resources: { limits: { cpu: "3" } } }),
    forbidden("maximum cpu usage per Pod is 1, but limit is 3"),
  ],
  [
    "an init container above a container's maximum",
    max,
    cpu("1", "1", { initContainers: [{ name: "i", resources: { limits: { cpu: "2" } } }] }),
    forbidden("maximum cpu usage per Container is 1, but limit is 2"),
  ],
  [
    "several problems",
    { ...min, max: { cpu: "1", memory: "1" } },
    cpu("50m", "2"),
    forbidden(
      "[minimum cpu usage per Container is 100m, but request is 50m, maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1.  No limit is specified]",
    ),
  ],
  ["a claim within bounds", claims, claim("2Gi"), ""],
  [
    "a claim below",
    claims,
    claim("1Mi"),
    forbidden("minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi", ofClaim),
  ],
  [
    "a claim above",
    claims,
    claim("3Gi"),
    forbidden("maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi", ofClaim),
  ],
  [
    "a claim that says nothing",
    { ...claims, min: {} },
    claim(),
    forbidden("maximum storage usage per PersistentVolumeClaim is 2Gi.  No request is specified", ofClaim),
  ],
];
for (const [says, limits, object, answer] of cases) {
  test(`${says}: ${answer === "" ? "let in" : "refused"}`, async () =>
    assert.equal(await refusal(limits, object), answer));
}

test("a pod is looked at again when it is resized, and at no other update, nor while it goes", async () => {
  const oldObject = pod() as unknown as ApiObject;
  const resize = { operation: "UPDATE", subresource: "resize", oldObject } as const;
  assert.match(await refusal(max, cpu("2", "2"), resize), /maximum cpu usage/);
  assert.equal(await refusal(max, cpu("2", "2"), { ...resize, subresource: "" }), "");
  assert.equal(await refusal(max, cpu("2", "2"), { ...resize, subresource: "ephemeralcontainers" }), "");
  const going = { ...oldObject, metadata: { ...oldObject.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
  assert.equal(await refusal(max, cpu("2", "2"), { ...resize, oldObject: going }), "");
});

test("bounds hold exactly: a request is let in where it is not below the minimum, a limit where it is not above the maximum", () => {
  const milli = fc.integer({ min: 1, max: 5_000 });
  fc.assert(
    fc.property(milli, milli, (asked, amount) => {
      const both = { requests: { cpu: `${asked}m` }, limits: { cpu: `${asked}m` } };
      const bound = { type: "Container", resource: "cpu", amount: `${amount}m` };
      assert.equal(belowMin(bound, both) === undefined, asked >= amount);
      assert.equal(aboveMax(bound, both) === undefined, asked <= amount);
    }),
  );
});
