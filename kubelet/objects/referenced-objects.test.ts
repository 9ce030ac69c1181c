import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { Secret } from "../../api/core/v1/secret.ts";
import { silentLogger } from "../../base/logger.ts";
import { realClock } from "../../base/real-clock.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { type Client, createClient } from "../../client/client.ts";
import { MemoryApi } from "../../client/testing/memory-api.ts";
import { createReferencedObjects, type RunningReferencedObjects } from "./create-referenced-objects.ts";
import { referencesOf } from "./references.ts";

const podOf = (uid: string, spec: object): Pod =>
  ({ metadata: { name: uid, namespace: "default", uid }, spec: { containers: [], ...spec } }) as unknown as Pod;
const withConfig = (uid: string, name: string): Pod =>
  podOf(uid, { containers: [{ name: "a", envFrom: [{ configMapRef: { name } }] }] });

interface World {
  readonly api: MemoryApi;
  readonly client: Client;
  readonly objects: RunningReferencedObjects;
}

async function inWorld(use: (world: World) => Promise<void>): Promise<void> {
  const api = new MemoryApi({ clock: realClock, random: new SeededRandom(1) });
  const client = createClient(api);
  const stop = new AbortController();
  const objects = createReferencedObjects(
    { client, clock: realClock, random: new SeededRandom(2), logger: silentLogger, timeoutMs: 500 },
    stop.signal,
  );
  try {
    await use({ api, client, objects });
  } finally {
    stop.abort();
    await objects.ended;
    assert.equal(api.openWatches, 0, "every watch has ended");
  }
}

async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 5_000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.ok(holds());
}

test("all the places a pod refers to objects from are seen", () => {
  const { configMaps, secrets } = referencesOf(
    podOf("a", {
      imagePullSecrets: [{ name: "s-pull" }, {}],
      initContainers: [
        { name: "i", env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "c-env", key: "k" } } }] },
      ],
      containers: [{ name: "c", envFrom: [{ secretRef: { name: "s-from" } }, { configMapRef: { name: "c-from" } }] }],
      ephemeralContainers: [
        { name: "e", env: [{ name: "B", valueFrom: { secretKeyRef: { name: "s-env", key: "k" } } }] },
      ],
      volumes: [
        { name: "1", configMap: { name: "c-volume" } },
        { name: "2", secret: { secretName: "s-volume" } },
        { name: "3", projected: { sources: [{ configMap: { name: "c-p" } }, { secret: { name: "s-p" } }] } },
      ],
    }),
  );
  assert.deepEqual([...configMaps].sort(), ["c-env", "c-from", "c-p", "c-volume"]);
  assert.deepEqual([...secrets].sort(), ["s-env", "s-from", "s-p", "s-pull", "s-volume"]);
});

test("each object is read by a watch of its own name, which ends with the last pod", () =>
  inWorld(async ({ api, client, objects }) => {
    await client.resource(ConfigMap, "default").create({ metadata: { name: "a" }, data: { k: "1" } });
    objects.register(withConfig("p1", "a"));
    objects.register(withConfig("p1", "a"));
    objects.register(withConfig("p2", "a"));
    assert.equal((await objects.configMap("default", "a"))?.data?.["k"], "1");
    assert.equal(api.openWatches, 1);
    const watch = api.requests.find(({ query }) => query?.get("watch") === "true");
    assert.equal(watch?.query?.get("fieldSelector"), "metadata.name=a");
    objects.unregister("p1");
    assert.equal(api.openWatches, 1);
    objects.unregister("p2");
    await eventually(() => api.openWatches === 0);
  }));

test("who refers to an object is told when it comes, changes and goes", () =>
  inWorld(async ({ client, objects }) => {
    const heard: (readonly string[])[] = [];
    using _ = objects.onChange((uids) => heard.push(uids));
    const secrets = client.resource(Secret, "default");
    objects.register(podOf("p1", { imagePullSecrets: [{ name: "s" }] }));
    assert.equal(await objects.secret("default", "s"), undefined);
    await secrets.create({ metadata: { name: "s" } });
    await eventually(() => heard.length === 1);
    await secrets.patch("s", { type: "merge", body: { data: { k: "MQ==" } } });
    await eventually(() => heard.length === 2);
    assert.equal((await objects.secret("default", "s"))?.data?.["k"], "MQ==");
    await secrets.delete("s");
    await eventually(() => heard.length === 3);
    assert.equal(await objects.secret("default", "s"), undefined);
    assert.deepEqual(heard, [["p1"], ["p1"], ["p1"]]);
  }));

test("a pod that comes later sees what was written before it came", () =>
  inWorld(async ({ client, objects }) => {
    const configMaps = client.resource(ConfigMap, "default");
    await configMaps.create({ metadata: { name: "a" }, data: { k: "0" } });
    objects.register(withConfig("p0", "a"));
    await objects.configMap("default", "a");
    for (let i = 1; i < 20; i++) {
      await configMaps.patch("a", { type: "merge", body: { data: { k: String(i) } } });
      objects.register(withConfig(`p${i}`, "a"));
      assert.equal((await objects.configMap("default", "a"))?.data?.["k"], String(i));
    }
  }));

test("an API out of reach makes a read fail in upstream's words", () =>
  inWorld(async ({ api, objects }) => {
    for (let i = 0; i < 20; i++) api.failNext(() => new Error("connection refused"));
    objects.register(withConfig("p", "a"));
    await assert.rejects(
      objects.configMap("default", "a"),
      /^Error: failed to sync configmap cache: timed out waiting for the condition$/,
    );
  }));

test("what nobody follows is read directly", () =>
  inWorld(async ({ api, client, objects }) => {
    await client.resource(ConfigMap, "default").create({ metadata: { name: "a" }, data: { k: "1" } });
    assert.equal((await objects.configMap("default", "a"))?.data?.["k"], "1");
    assert.equal(await objects.configMap("default", "b"), undefined);
    assert.equal(api.openWatches, 0);
  }));
