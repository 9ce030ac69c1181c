import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import {
  type ExtensionServer,
  loopbackBackend,
  type SeenRequest,
  startExtensionServer,
} from "../../support/extension-server.ts";
import type { Target, Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const group = "wardle.example.com";
const name = `v1.${group}`;
const flunders: Target = { group, version: "v1", kind: "Flunder", plural: "flunders" };
const endpoint = { ip: "198.18.7.7", port: 6443 };

describeUpstream(
  "Aggregator and the service of the server itself",
  (use) => {
    let extension: ExtensionServer;
    before(async () => {
      extension = await startExtensionServer(group, "sample-api.e2e-1.svc");
      extension.answer = keepFlunders();
    });
    after(() => extension.close());

    test("should have Endpoints and EndpointSlices pointing to API Server", async () => {
      await use.typed("services", "default").get("kubernetes");
      const endpoints = await use.typed("endpoints", "default").get("kubernetes");
      const found = (endpoints["subsets"] as Thing[]).map(({ addresses, ports }) => [addresses[0].ip, ports[0].port]);
      assert.deepEqual(found, [[endpoint.ip, endpoint.port]]);
      const labelSelector = "kubernetes.io/service-name=kubernetes";
      const { items } = await use.typed("endpointslices", "default").list({ labelSelector });
      const sliced = items.map((slice) => [slice["endpoints"][0].addresses[0], slice["ports"][0].port]);
      assert.deepEqual(sliced, found);
      assert.equal(items[0]!["addressType"], "IPv4");
    });

    test("Should be able to support the 1.17 Sample API Server using the current Aggregator", async () => {
      const namespace = await use.makeNamespace();
      assert.equal(namespace, "e2e-1", "the extension server's certificate names it");
      await letItAuthenticate(namespace);
      await serveAt(namespace);
      const services = use.typed("apiservices");
      const service = { namespace, name: "sample-api", port: 7443 };
      const priorities = { groupPriorityMinimum: 2_000, versionPriority: 200 };
      const spec = { service, group, version: "v1", caBundle: extension.caBundle, ...priorities };
      await services.create({ metadata: { name }, spec });
      await eventually(ready, { timeoutMs: 20_000, everyMs: 20 });
      await holdsFlunders("default", "rest-flunder");
      await isPreferred();
      const own = use.dynamic(flunders, namespace);
      await own.create({ metadata: { name: "dynamic-flunder" }, spec: {} });
      assert.equal((await own.list()).items.length, 1);

      const before = await use.dynamic("apiservices").get(`${name}/status`);
      assert.equal(before["status"].conditions[0].message, "all checks passed");
      const patched = await use.dynamic("apiservices").patch(name, "merge", { spec: { versionPriority: 400 } });
      assert.equal(patched["spec"].versionPriority, 400);
      assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(before.metadata.resourceVersion));
      const all = await use.dynamic("apiservices").list();
      assert.ok(all.items.some(({ metadata }) => metadata.name === name));
      const label = { metadata: { labels: { "e2e-apiservice": "patched" } } };
      await services.patch(name, "strategic", label);
      await keepsConditionsOfOthers();

      const labels = { [name]: "updated" };
      const relabel = ({ metadata }: Thing): void => {
        Object.assign(metadata, { labels });
      };
      assert.deepEqual((await services.change(name, relabel)).metadata.labels, labels);
      await own.delete("dynamic-flunder");
      assert.equal((await own.list()).items.length, 0);
      const labelSelector = `${name}=updated`;
      await services.deleteCollection({ labelSelector });
      await eventually(async () => assert.equal((await services.list({ labelSelector })).items.length, 0));
      await eventually(async () => assert.equal((await use.admin.call({ path: flundersIn("default") })).status, 404));
    });

    /** A service account that may ask who a caller is and what he may do. */
    async function letItAuthenticate(namespace: string): Promise<void> {
      const subjects = [{ kind: "ServiceAccount", name: "default", namespace }];
      const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "true" };
      const rules = [
        { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list", "watch"] },
        {
          apiGroups: ["admissionregistration.k8s.io"],
          resources: ["*"],
          verbs: ["get", "list", "watch"],
        },
      ];
      await use.typed("clusterroles").create({ metadata: { name: "sample-apiserver-reader" }, rules });
      const reader = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "sample-apiserver-reader" };
      const bindings = use.typed("clusterrolebindings");
      await bindings.create({ metadata: { name: "wardler:reader", annotations }, roleRef: reader, subjects });
      const delegator = { apiGroup: "", kind: "ClusterRole", name: "system:auth-delegator" };
      const metadata = { name: "wardler:auth-delegator", annotations };
      const bound = await bindings.create({ metadata, roleRef: delegator, subjects });
      assert.equal(bound["roleRef"].apiGroup, "rbac.authorization.k8s.io");
      const role = { apiGroup: "", kind: "Role", name: "extension-apiserver-authentication-reader" };
      const inSystem = use.typed("rolebindings", "kube-system");
      await inSystem.create({ metadata: { name: "wardler-auth-reader", annotations }, roleRef: role, subjects });
      const as = { "impersonate-user": `system:serviceaccount:${namespace}:default` };
      const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
      const { status, json } = await use.admin.call({ path, headers: as });
      assert.equal(status, 200);
      assert.match((json as Thing)["data"]["requestheader-client-ca-file"], /BEGIN CERTIFICATE/);
    }

    /** The service, and where its only pod would be. */
    async function serveAt(namespace: string): Promise<void> {
      const ports = [{ port: 7443, targetPort: 443 }];
      await use.typed("services", namespace).create({ metadata: { name: "sample-api" }, spec: { ports } });
      const metadata = { name: "sample-api-1", labels: { "kubernetes.io/service-name": "sample-api" } };
      await use.typed("endpointslices", namespace).create({
        metadata,
        addressType: "IPv4",
        ports: [{ name: "", port: extension.port, protocol: "TCP" }],
        endpoints: [{ addresses: ["198.18.9.9"], conditions: { ready: true } }],
      });
    }

    /** Until it answers, upstream waits for nothing but these. */
    async function ready(): Promise<void> {
      const { status, json, text } = await use.admin.call({ path: flundersIn("default") });
      const missing = "the server could not find the requested resource";
      const known = status === 404 && (json === undefined || (json as Thing)["message"]?.startsWith(missing));
      if (status !== 200) assert.ok([403, 503].includes(status) || known, `${status} ${text}`);
      assert.equal(status, 200);
    }

    async function holdsFlunders(namespace: string, flunder: string): Promise<void> {
      const there = use.dynamic(flunders, namespace);
      const labels = { "sample-label": "true" };
      const made = await there.create({ metadata: { name: flunder, namespace, labels } });
      assert.deepEqual([made.apiVersion, made.kind, made.metadata.name], [`${group}/v1`, "Flunder", flunder]);
      assert.equal((await there.list()).items.length, 1);
      await there.delete(flunder);
      assert.deepEqual((await there.list()).items, []);
    }

    /** Discovery as client-go walks it to find the resources of the preferred versions. */
    async function isPreferred(): Promise<void> {
      const { json } = await use.admin.call({ path: "/apis" });
      const groups = (json as { readonly groups: readonly Thing[] }).groups;
      const version = { groupVersion: `${group}/v1`, version: "v1" };
      const found = groups.find((one) => one["name"] === group);
      assert.deepEqual(found, { name: group, versions: [version], preferredVersion: version });
      const list = (await use.admin.call({ path: `/apis/${group}/v1` })).json as { readonly resources: Thing[] };
      assert.ok(list.resources.some((one) => one["name"] === "flunders" && one["namespaced"]));
    }

    /** The controller changes its own condition alone. */
    async function keepsConditionsOfOthers(): Promise<void> {
      const services = use.typed("apiservices");
      const updated = { type: "StatusUpdated", status: "True", reason: "E2E", message: "Set from e2e test" };
      const add = ({ status }: Thing): void => {
        status.conditions.push({ ...updated, lastTransitionTime: null });
      };
      await services.change(name, add, "status");
      const seen = async () => (await use.dynamic("apiservices").get(`${name}/status`))["status"].conditions as Thing[];
      assert.partialDeepStrictEqual((await seen()).at(-1), updated);
      const conditions = [
        ...(await seen()),
        { ...updated, type: "StatusPatched", message: "Set by e2e test", lastTransitionTime: null },
      ];
      await use.dynamic("apiservices").patch(name, "merge", { status: { conditions } }, { subresource: "status" });
      const types = ["Available", "StatusUpdated", "StatusPatched"];
      assert.deepEqual(
        (await seen()).map(({ type }) => type),
        types,
      );
    }
  },
  { backend: loopbackBackend(), more: { service: { clusterIP: "10.96.0.1", endpoint } } },
);

const flundersIn = (namespace: string): string => `/apis/${group}/v1/namespaces/${namespace}/flunders`;

/** A store of flunders behind the extension server's paths. */
function keepFlunders(): NonNullable<ExtensionServer["answer"]> {
  const kept = new Map<string, Thing>();
  return ({ method, url, body }: SeenRequest, response) => {
    const [path] = url.split("?") as [string];
    if (!path.startsWith(`/apis/${group}/v1/namespaces/`)) return false;
    const answer = (status: number, value: object): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (method === "POST") {
      const made = JSON.parse(body) as Thing;
      kept.set(`${path}/${made.metadata.name}`, made);
      answer(201, made);
    } else if (method === "DELETE") {
      kept.delete(path);
      answer(200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });
    } else {
      const items = [...kept].filter(([key]) => key.startsWith(`${path}/`)).map(([, item]) => item);
      answer(200, { kind: "FlunderList", apiVersion: `${group}/v1`, metadata: { resourceVersion: "1" }, items });
    }
    return true;
  };
}
