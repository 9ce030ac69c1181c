import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  ApiextensionsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { adminConfig, refusal } from "./clients.ts";

const group = "things.example.com";
const version = "v1";
const namespace = "default";
const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

interface Thing {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec: { readonly replicas: number };
  readonly status?: object;
}
type Call = (parameters: object, options?: object) => Promise<unknown>;

const scopes = [
  { word: "Namespaced", scope: "Namespaced", plural: "things", kind: "Thing" },
  { word: "Cluster", scope: "Cluster", plural: "clusterthings", kind: "ClusterThing" },
] as const;

describe("the CustomObjectsApi of @kubernetes/client-node", { timeout: 300_000 }, () => {
  let server: ServerProcess;
  let admin: KubeConfig;
  const called = new Set<string>(["setDefaultAuthentication"]);

  before(async () => {
    server = await startServerProcess("apiserver");
    admin = adminConfig(server);
    const definitions = admin.makeApiClient(ApiextensionsV1Api);
    for (const { scope, plural, kind } of scopes) {
      await definitions.createCustomResourceDefinition({ body: definitionOf(scope, plural, kind) });
    }
    await eventually(async () => {
      const { items } = await definitions.listCustomResourceDefinition();
      for (const { status } of items) {
        assert.ok(status?.conditions?.some(({ type, status: is }) => type === "Established" && is === "True"));
      }
    });
  });
  after(() => server?.stop());

  const call = (method: string, parameters: object, options?: object): Promise<unknown> => {
    called.add(method);
    const api = admin.makeApiClient(CustomObjectsApi) as unknown as Readonly<Record<string, Call>>;
    return api[method]!({ group, version, ...parameters }, options);
  };

  for (const { word, plural, kind } of scopes) {
    test(`${word}: objects, their status and their scale are created, read, listed, replaced, patched and deleted`, async () => {
      const place = word === "Namespaced" ? { namespace, plural } : { plural };
      const one = { ...place, name: "one" };
      const body = { apiVersion: `${group}/${version}`, kind, metadata: { name: "one" }, spec: { replicas: 1 } };
      const created = (await call(`create${word}CustomObject`, { ...place, body })) as Thing;
      assert.deepEqual(created.spec, { replicas: 1 });
      assert.deepEqual(await call(`get${word}CustomObject`, one), created);
      const list = (await call(`list${word}CustomObject`, place)) as { kind: string; items: Thing[] };
      assert.equal(list.kind, `${kind}List`);
      assert.deepEqual(list.items, [created]);
      const write = { ...created, spec: { replicas: 2 } };
      const replaced = (await call(`replace${word}CustomObject`, { ...one, body: write })) as Thing;
      assert.deepEqual(replaced.spec, { replicas: 2 });
      const stale = await refusal(call(`replace${word}CustomObject`, { ...one, body: write }));
      assert.deepEqual([stale.code, stale.status.reason], [409, "Conflict"]);
      const patched = (await call(
        `patch${word}CustomObject`,
        { ...one, body: { spec: { replicas: 3 } } },
        merge,
      )) as Thing;
      assert.deepEqual(patched.spec, { replicas: 3 });

      const withStatus = { ...patched, spec: { replicas: 9 }, status: { replicas: 1 } };
      const stated = (await call(`replace${word}CustomObjectStatus`, { ...one, body: withStatus })) as Thing;
      assert.deepEqual([stated.spec, stated.status], [{ replicas: 3 }, { replicas: 1 }]);
      const status = { status: { replicas: 2 } };
      await call(`patch${word}CustomObjectStatus`, { ...one, body: status }, merge);
      const seen = (await call(`get${word}CustomObjectStatus`, one)) as Thing;
      assert.deepEqual(seen.status, { replicas: 2 });

      const scale = (await call(`get${word}CustomObjectScale`, one)) as Thing;
      assert.deepEqual([scale.kind, scale.spec, scale.status], ["Scale", { replicas: 3 }, { replicas: 2 }]);
      await call(`replace${word}CustomObjectScale`, { ...one, body: { ...scale, spec: { replicas: 4 } } });
      await call(`patch${word}CustomObjectScale`, { ...one, body: { spec: { replicas: 5 } } }, merge);
      assert.deepEqual(((await call(`get${word}CustomObject`, one)) as Thing).spec, { replicas: 5 });

      await call(`delete${word}CustomObject`, one);
      assert.equal((await refusal(call(`get${word}CustomObject`, one))).code, 404);
      await call(`create${word}CustomObject`, { ...place, body });
      if (word === "Namespaced") {
        const all = (await call("listCustomObjectForAllNamespaces", { resourcePlural: plural })) as { items: Thing[] };
        assert.equal(all.items.length, 1);
      }
      await call(`deleteCollection${word}CustomObject`, place);
      assert.deepEqual(((await call(`list${word}CustomObject`, place)) as { items: Thing[] }).items, []);
    });
  }

  test("the resources of their version are listed, and no method was left out", async () => {
    const resources = (await call("getAPIResources", {})) as { resources: { name: string }[] };
    assert.deepEqual(resources.resources.map(({ name }) => name).sort(), [
      "clusterthings",
      "clusterthings/scale",
      "clusterthings/status",
      "things",
      "things/scale",
      "things/status",
    ]);
    const methods = Object.getOwnPropertyNames(CustomObjectsApi.prototype).filter(
      (name) => !/^constructor$|WithHttpInfo$/.test(name) && !called.has(name),
    );
    assert.deepEqual(methods, []);
  });

  test("an informer sees them come, change and go", async () => {
    await admin.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name: "informed" } } });
    const place = { namespace: "informed", plural: "things" };
    const informer = makeInformer<Thing>(
      admin,
      `/apis/${group}/${version}/namespaces/informed/things`,
      () => call("listNamespacedCustomObject", place) as Promise<{ items: Thing[] }>,
    );
    const events: string[] = [];
    for (const verb of ["add", "update", "delete"] as const) {
      informer.on(verb, ({ metadata, spec }) => events.push(`${verb} ${metadata.name} ${spec.replicas}`));
    }
    await informer.start();
    const body = { apiVersion: `${group}/${version}`, kind: "Thing", metadata: { name: "two" }, spec: { replicas: 1 } };
    await call("createNamespacedCustomObject", { ...place, body });
    const changed = { spec: { replicas: 2 } };
    await call("patchNamespacedCustomObject", { ...place, name: "two", body: changed }, merge);
    await call("deleteNamespacedCustomObject", { ...place, name: "two" });
    await eventually(() => assert.equal(events.length, 3));
    assert.deepEqual(events, ["add two 1", "update two 2", "delete two 2"]);
    await informer.stop();
  });
});

function definitionOf(scope: string, plural: string, kind: string) {
  const replicas = { type: "object", properties: { replicas: { type: "integer" } } };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec: replicas, status: replicas } } };
  const subresources = {
    status: {},
    scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
  };
  return {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { plural, kind },
      versions: [{ name: version, served: true, storage: true, subresources, schema }],
    },
  };
}
