import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigMap } from "../../../api/core/v1/config-map.ts";
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts";
import { Pod } from "../../../api/core/v1/pod.ts";
import { ResourceQuota } from "../../../api/core/v1/resource-quota.ts";
import type * as types from "../../../api/generated/types/core-v1.ts";
import { DeviceClass, ResourceClaim } from "../../../api/resource/v1/dynamic-resources.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { VirtualClock } from "../../../base/virtual-clock.ts";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { testAttributes } from "../test-attributes.ts";
import { configurationErrors, type ResourceQuotaConfiguration } from "./configuration.ts";
import { resourceQuota } from "./plugin.ts";

interface Options {
  readonly configuration?: ResourceQuotaConfiguration;
  /** What happens before a status is written. */
  readonly beforeWrite?: (objects: MemoryObjects) => Promise<void> | void;
}

function setUp(quotas: readonly object[], { configuration = {}, beforeWrite }: Options = {}) {
  const objects = new MemoryObjects();
  for (const quota of quotas) objects.set(ResourceQuota, quota);
  const clock = new VirtualClock();
  const plugin = resourceQuota({
    reader: objects,
    clock,
    updateStatus: async (definition, quota) => {
      await beforeWrite?.(objects);
      await objects.update(definition, quota);
    },
    quotas: ResourceQuota,
    pods: Pod,
    deviceClasses: DeviceClass,
    resourceClaims: ResourceClaim,
    configuration,
  });
  const ask = async (definition: unknown, object: object, change: Partial<AdmissionAttributes> = {}) => {
    const attributes = testAttributes(definition as ResourceDefinition<ApiObject>, object, change);
    if (!plugin.handles(attributes)) return "not asked";
    return Promise.resolve()
      .then(() => plugin.validate!(attributes))
      .then(
        () => "",
        (error: Error) => error.message,
      );
  };
  const used = (name = "q") => objects.get(ResourceQuota, "ns", name)?.status?.used;
  return { objects, clock, plugin, ask, used };
}

const quota = (hard: object, used: object, spec: object = {}, name = "q") => ({
  metadata: { name, namespace: "ns" },
  spec: { hard, ...spec },
  status: { hard, used },
});
const pod = (requests?: object, name = "p") => ({
  metadata: { name, namespace: "ns" },
  spec: { containers: [{ name: "c", resources: requests ? { requests } : {} }] },
});
const asPod = (object: object) => object as unknown as ApiObject;

test("a pod is let in while the quota suffices, and its usage is added", async () => {
  const { ask, used } = setUp([quota({ pods: "2", "requests.cpu": "2" }, { pods: "1", "requests.cpu": "500m" })]);
  assert.equal(await ask(Pod, pod({ cpu: "1" })), "");
  assert.deepEqual(used(), { pods: "2", "requests.cpu": "1500m" });
  assert.equal(
    await ask(Pod, pod({ cpu: "1" })),
    'pods "p" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=1, used: pods=2,requests.cpu=1500m, limited: pods=2,requests.cpu=2',
  );
  assert.deepEqual(used(), { pods: "2", "requests.cpu": "1500m" });
});

test("only what is exceeded is named", async () => {
  const { ask } = setUp([quota({ pods: "2", cpu: "9" }, { pods: "2", cpu: "0" })]);
  assert.equal(
    await ask(Pod, pod({ cpu: "1" })),
    'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
  );
});

test("what a quota counts has to be said", async () => {
  const { ask } = setUp([quota({ "limits.cpu": "1" }, { "limits.cpu": "0" })]);
  assert.equal(await ask(Pod, pod()), 'pods "p" is forbidden: failed quota: q: must specify limits.cpu for: c');
});

test("a quota whose usage nobody has counted yet lets nobody in", async () => {
  const { ask } = setUp([quota({ pods: "2", cpu: "1" }, { pods: "0" })]);
  assert.equal(
    await ask(Pod, pod({ cpu: "1" })),
    'pods "p" is forbidden: status unknown for quota: q, resources: cpu,pods',
  );
});

test("any object counts; without a quota, and for what no quota names, nothing is asked or written", async () => {
  const { ask, used, objects } = setUp([quota({ "count/configmaps": "1" }, { "count/configmaps": "0" })]);
  const map = { metadata: { name: "m", namespace: "ns" } };
  assert.equal(await ask(ConfigMap, map), "");
  assert.deepEqual(used(), { "count/configmaps": "1" });
  assert.match(
    await ask(ConfigMap, map),
    /exceeded quota: q, requested: count\/configmaps=1, used: count\/configmaps=1/,
  );
  const { writes } = objects;
  assert.equal(await ask(Pod, pod()), "");
  assert.equal(await ask(ConfigMap, { metadata: { name: "m", namespace: "other" } }), "");
  assert.equal(objects.writes, writes);
});

test("a namespace without quotas is let through in the same turn", () => {
  const { plugin } = setUp([]);
  assert.equal(plugin.validate!(testAttributes(Pod as never, pod())), undefined);
});

test("scopes: each quota counts what belongs to it", async () => {
  const { ask, used } = setUp([
    quota({ pods: "5" }, { pods: "0" }, { scopes: ["BestEffort"] }, "best"),
    quota({ pods: "5" }, { pods: "0" }, { scopes: ["NotBestEffort"] }, "rest"),
  ]);
  await ask(Pod, pod());
  await ask(Pod, pod({ cpu: "1" }));
  await ask(Pod, pod({ cpu: "1" }));
  assert.deepEqual([used("best"), used("rest")], [{ pods: "1" }, { pods: "2" }]);
});

test("an update is charged what becomes more, and everything where it belongs to the quota only now", async () => {
  const claim = (storage: string) => ({
    metadata: { name: "v", namespace: "ns" },
    spec: { resources: { requests: { storage } } },
  });
  const { ask, used } = setUp([quota({ "requests.storage": "10Gi" }, { "requests.storage": "4Gi" })]);
  const from = (storage: string) => ({ operation: "UPDATE", oldObject: asPod(claim(storage)) }) as const;
  assert.equal(await ask(PersistentVolumeClaim, claim("3Gi"), from("1Gi")), "");
  assert.deepEqual(used(), { "requests.storage": "6Gi" });
  assert.equal(await ask(PersistentVolumeClaim, claim("1Gi"), from("3Gi")), "");
  assert.deepEqual(used(), { "requests.storage": "6Gi" });
  assert.match(
    await ask(PersistentVolumeClaim, claim("9Gi"), from("3Gi")),
    /requested: requests.storage=6Gi, used: requests.storage=6Gi, limited: requests.storage=10Gi/,
  );

  const terminating = setUp([quota({ pods: "1" }, { pods: "1" }, { scopes: ["Terminating"] })]);
  const ending = { ...pod(), spec: { ...pod().spec, activeDeadlineSeconds: 5 } };
  const update = { operation: "UPDATE", oldObject: asPod(pod()) } as const;
  assert.match(await terminating.ask(Pod, ending, update), /exceeded quota/);
  assert.equal(await terminating.ask(Pod, ending, { ...update, oldObject: asPod(ending) }), "");
});

test("a dry run is judged and not counted", async () => {
  const { ask, used } = setUp([quota({ pods: "1" }, { pods: "0" })]);
  assert.equal(await ask(Pod, pod(), { dryRun: true }), "");
  assert.deepEqual(used(), { pods: "0" });
});

test("what is limited may only be used where a quota covers it", async () => {
  const limitedResources = [{ resource: "pods", matchContains: ["requests.cpu"] }];
  const { ask } = setUp([], { configuration: { limitedResources } });
  assert.equal(await ask(Pod, pod({ cpu: "1" })), 'pods "p" is forbidden: insufficient quota to consume: requests.cpu');
  assert.equal(await ask(Pod, pod()), "");
  const covered = setUp([quota({ "requests.cpu": "2" }, { "requests.cpu": "0" })], {
    configuration: { limitedResources },
  });
  assert.equal(await covered.ask(Pod, pod({ cpu: "1" })), "");
});

test("some scopes may only be used where a quota has them", async () => {
  const matchScopes = [{ scopeName: "PriorityClass", operator: "In", values: ["high"] }] as const;
  const configuration = { limitedResources: [{ resource: "pods", matchScopes }] };
  const high = { ...pod(), spec: { ...pod().spec, priorityClassName: "high" } };
  const { ask } = setUp([], { configuration });
  assert.equal(await ask(Pod, high), "insufficient quota to match these scopes: [{PriorityClass In [high]}]");
  assert.equal(await ask(Pod, pod()), "");
  const scopeSelector = { matchExpressions: matchScopes };
  const covered = setUp([quota({ pods: "1" }, { pods: "0" }, { scopeSelector })], { configuration });
  assert.equal(await covered.ask(Pod, high), "");
  assert.deepEqual(
    configurationErrors({ limitedResources: [{ resource: "" }] }).map(({ field }) => field),
    ["limitedResources[0].resource"],
  );
  assert.deepEqual(configurationErrors(configuration), []);
});

test("where somebody else changes the quota, it is judged anew, three times, then refused", async () => {
  let left = 2;
  const disturb = (objects: MemoryObjects) => {
    if (left-- > 0) objects.set(ResourceQuota, quota({ pods: "9" }, { pods: String(7 - left) }));
  };
  const calm = setUp([quota({ pods: "9" }, { pods: "0" })], { beforeWrite: disturb });
  assert.equal(await calm.ask(Pod, pod()), "");
  assert.deepEqual(calm.used(), { pods: "8" });
  left = Number.POSITIVE_INFINITY;
  const wild = setUp([quota({ pods: "9" }, { pods: "0" })], {
    beforeWrite: (objects) => void objects.set(ResourceQuota, quota({ pods: "9" }, { pods: "0" })),
  });
  assert.match(await wild.ask(Pod, pod()), /^Operation cannot be fulfilled on resourcequotas "q"/);
});

test("a write that waits too long is told so", async () => {
  const { ask, clock } = setUp([quota({ pods: "9" }, { pods: "0" })], { beforeWrite: () => new Promise(() => {}) });
  const answer = ask(Pod, pod());
  await clock.advance(10_000);
  assert.equal(await answer, "Internal error occurred: resource quota evaluation timed out");
});

test("however many come at once and whoever else writes, no more are let in than the quota allows", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 12 }),
      fc.infiniteStream(fc.boolean()),
      async (count, limit, disturbs) => {
        const { ask, used } = setUp([quota({ pods: String(limit) }, { pods: "0" })], {
          beforeWrite: async (objects) => {
            await Promise.resolve();
            // Somebody else touches the quota without changing what is used.
            if (disturbs.next().value) {
              const now = objects.get(ResourceQuota, "ns", "q") as types.ResourceQuota;
              objects.set(ResourceQuota, { ...now, metadata: { ...now.metadata, labels: {} } });
            }
          },
        });
        const answers = await Promise.all(Array.from({ length: count }, (_, i) => ask(Pod, pod(undefined, `p${i}`))));
        const admitted = answers.filter((answer) => answer === "").length;
        assert.ok(admitted <= limit);
        assert.ok(Number(used()!["pods"]) >= admitted && Number(used()!["pods"]) <= limit);
        const wronged = answers.filter((answer) => answer !== "" && !/exceeded quota|cannot be fulfilled/.test(answer));
        assert.deepEqual(wronged, []);
        if (!answers.some((answer) => answer.includes("cannot be fulfilled"))) {
          assert.equal(admitted, Math.min(count, limit));
        }
      },
    ),
    { numRuns: 60 },
  );
});
