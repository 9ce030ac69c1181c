import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeProtobuf } from "../../../api/protobuf.ts";
import { isRefused } from "../../support/api-operations.ts";
import { definitionOf, definitionsPath, establish, withdraw } from "../../support/custom-resources.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { template } from "./pods.ts";

// test/integration/controlplane/synthetic_controlplane_test.go and, of test/integration/apiserver, what concerns the server
// itself: health_handlers, subresource_auth, sharding (off), unstructured, watchcache, anonymous, openapi, timestamps.

const { spec } = template({}) as { spec: object };

describeUpstream(
  "The server as integration tests ask of it",
  (use) => {
    const text = async (path: string): Promise<string> => {
      const answer = await use.admin.call({ path });
      assert.equal(answer.status, 200, answer.text);
      return answer.text;
    };

    test("TestHealthHandler, TestHealthHandlerLoopbackServingCertificate", async () => {
      for (const path of ["/healthz", "/livez", "/readyz"]) {
        assert.match(await text(`${path}?verbose=true`), /^\[\+\]etcd ok$/m);
        const without = await text(`${path}?verbose=true&exclude=etcd`);
        assert.match(without, /^\[\+\]etcd excluded: ok$/m);
        assert.doesNotMatch(without, /^\[\+\]etcd ok$/m);
        const loopback = /^\[\+\]loopback-serving-certificate ok$/m.test(await text(`${path}?verbose=true`));
        assert.equal(loopback, path !== "/readyz", path);
      }
    });

    test("TestPodSubresourceAuth", async () => {
      const namespace = await use.makeNamespace();
      await use.typed("pods", namespace).create({ metadata: { name: "test-pod" }, spec });
      const resources = ["pods/exec", "pods/attach", "pods/portforward"];
      const roleOf = async (name: string, verbs: readonly string[]): Promise<void> => {
        await use
          .typed("roles", namespace)
          .create({ metadata: { name }, rules: [{ apiGroups: [""], resources, verbs }] });
        const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name };
        const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }];
        await use.typed("rolebindings", namespace).create({ metadata: { name }, roleRef, subjects });
      };
      await roleOf("pod-getter", ["get"]);
      await roleOf("pod-creator", ["get", "create"]);
      for (const resource of resources) {
        const path = `/api/v1/namespaces/${namespace}/${resource.replace("/", "/test-pod/")}`;
        const as = async (user: string): Promise<number> =>
          (await use.admin.call({ path, headers: { "impersonate-user": user } })).status;
        assert.equal(await as("pod-getter"), 403);
        assert.equal(await as("pod-creator"), 400);
      }
    });

    test("TestShardedListFeatureGateDisabled", async () => {
      const configMaps = use.dynamic("configmaps", await use.makeNamespace());
      await configMaps.create({ metadata: { name: "test" } });
      const shardSelector = "shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')";
      const list = await configMaps.list({ shardSelector });
      assert.equal(list.items.filter(({ metadata }) => metadata.name === "test").length, 1);
      assert.ok(!("shardInfo" in list.metadata));
    });

    test("TestRequestObjectConvertibleToUnstructured: what is no JSON within protobuf does not end the server", async () => {
      const revisions = use.typed("controllerrevisions", await use.makeNamespace());
      for (const [i, raw] of ["", '"', "{", "[", "1z", "z"].entries()) {
        const marker = "#".repeat(7);
        const object = {
          apiVersion: "apps/v1",
          kind: "ControllerRevision",
          metadata: { name: `r${i}` },
          data: { x: marker },
          revision: 1,
        };
        const bytes = Buffer.from(encodeProtobuf(object as unknown as Thing));
        const at = bytes.indexOf(`{"x":"${marker}"}`);
        assert.ok(at > 0);
        bytes.write(raw.padEnd(marker.length + 8, " "), at);
        const answer = await use.admin.call({
          ...{ method: "POST", path: revisions.path, body: bytes },
          headers: { "content-type": "application/vnd.kubernetes.protobuf", accept: "application/json" },
        });
        assert.ok(answer.status >= 400, `${raw}: ${answer.status} ${answer.text}`);
        await isRefused(revisions.get(`r${i}`), 404);
      }
    });

    test("TestStatus, TestEmptyList", async () => {
      await isRefused(use.dynamic("jobs", "default").get("foo"), 404, /^jobs\.batch "foo" not found$/);
      const { items } = (await use.admin.call({ path: "/api/v1/namespaces/default/pods" })).json as { items: unknown };
      assert.deepEqual(items, []);
    });

    test("TestAccept", async () => {
      for (const [accept, status, type] of [
        [undefined, 200, "application/json"],
        ["application/yaml", 200, "application/yaml"],
        ["application/json, application/yaml", 200, "application/json"],
        ["application", 406, undefined],
      ] as const) {
        const headers = accept === undefined ? {} : { accept };
        const answer = await use.admin.call({ path: "/api/", headers });
        assert.equal(answer.status, status, answer.text);
        if (type !== undefined) assert.equal(answer.headers["content-type"], type);
      }
    });

    test("TestKubernetesService, TestAPIServerService, TestAutoscalingPrefix, TestBatchPrefix, TestAppsPrefix", async () => {
      const service = await use.typed("services", "default").get("kubernetes");
      assert.deepEqual(
        service["spec"].ports.map(({ name, port }: Thing) => [name, port]),
        [["https", 443]],
      );
      for (const group of ["autoscaling", "batch", "apps"]) {
        const { json } = await use.admin.call({ path: `/apis/${group}`, headers: { accept: "application/json" } });
        assert.equal((json as Thing).kind, "APIGroup");
      }
    });

    test("TestWatchSucceedsWithoutArgs", async () => {
      for (const { path } of [use.typed("namespaces"), use.typed("deployments")]) {
        const watch = await use.admin.watch(`${path}?watch=1`);
        assert.deepEqual([watch.status, watch.headers["content-type"]], [200, "application/json"]);
        watch.cancel();
      }
    });

    test("TestObjectSizeResponses", async () => {
      const deployments = use.dynamic("deployments", "default");
      const labels = { foo: "bar" };
      const made = { selector: { matchLabels: labels }, template: template(labels) };
      const a = "a".repeat(30);
      const many = (count: number): object =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`${a}${i}`, a]));
      const sent = (metadata: object): Promise<unknown> =>
        deployments.create({ metadata: { name: "test", ...metadata }, spec: made });
      await isRefused(sent({ labels: many(45_000) }), 413, /Request entity too large: limit is 3145728$/);
      await isRefused(
        sent({ annotations: many(25_000) }),
        422,
        /metadata\.annotations: Too long: may not be more than 262144 bytes/,
      );
      const finalizers = Array(90_000).fill("sample0123456789/sample0123456789");
      await isRefused(sent({ finalizers }), 413, /Request entity too large: limit is 3145728$/);
    });

    test("TestWatchCacheUpdatedByEtcd: the cache knows at once of what lies beside its own resource", async () => {
      const namespace = await use.makeNamespace();
      const [configMaps, secrets] = [use.typed("configmaps", namespace), use.typed("secrets", namespace)];
      await configMaps.create({ metadata: { name: "name" } });
      const { metadata } = await secrets.create({ metadata: { name: "name" } });
      const list = await configMaps.list({
        resourceVersion: metadata.resourceVersion,
        resourceVersionMatch: "NotOlderThan",
      });
      assert.ok(BigInt(list.metadata.resourceVersion) >= BigInt(metadata.resourceVersion));
    });

    test("TestUpdateNodeObjects, timestamps: times of managed fields do not make a write", async () => {
      const nodes = use.typed("nodes");
      await nodes.create({ metadata: { name: "n" }, status: { capacity: { cpu: "1" } } });
      const before = await nodes.get("n");
      assert.deepEqual(before["status"].capacity, { cpu: "1" });
      await new Promise((done) => setTimeout(done, 1_100));
      const same = await nodes.update(structuredClone(before));
      assert.equal(same.metadata.resourceVersion, before.metadata.resourceVersion);
      assert.deepEqual(same.metadata.managedFields, before.metadata.managedFields);
    });

    const scaled = (kind: string): object => {
      const replicas = { type: "object", properties: { replicas: { type: "integer" } } };
      const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
      return definitionOf(kind, [
        {
          name: "v1",
          schema: { properties: { spec: replicas, status: replicas } },
          subresources: { status: {}, scale },
        },
      ]);
    };

    test("TestOpenAPIV3MultipleCRDsSameGV, TestOpenAPIV2CRDMergeNoDuplicateTypes", async () => {
      for (const kind of ["FooSub", "BazSub"]) await establish(use.admin, scaled(kind));
      await eventually(async () => {
        const { components } = JSON.parse(await text("/openapi/v3/apis/example.com/v1")) as {
          components: { schemas: object };
        };
        for (const name of [
          "io.k8s.api.autoscaling.v1.Scale",
          "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
          "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
          "com.example.v1.BazSub",
          "com.example.v1.FooSub",
        ]) {
          assert.ok(name in components.schemas, name);
        }
      });
      await eventually(async () => {
        const names = Object.keys((JSON.parse(await text("/openapi/v2")) as { definitions: object }).definitions);
        assert.ok(names.includes("com.example.v1.BazSub") && names.includes("com.example.v1.FooSub"));
        assert.deepEqual(
          names.filter((name) => name.endsWith("_v2")),
          [],
        );
      });
      await withdraw(use.admin, "foosubs.example.com");
      await withdraw(use.admin, "bazsubs.example.com");
    });

    test("TestAddRemoveGroupVersion, TestOpenAPICRDGenerationNumber", async () => {
      const paths = async (): Promise<readonly string[]> =>
        Object.keys((JSON.parse(await text("/openapi/v3")) as { paths: object }).paths).filter((path) =>
          path.includes("example.com"),
        );
      await establish(use.admin, definitionOf("Foo", [{ name: "v1" }, { name: "v2" }]));
      await eventually(async () =>
        assert.deepEqual(await paths(), ["apis/example.com", "apis/example.com/v1", "apis/example.com/v2"]),
      );
      const path = `${definitionsPath}/foos.example.com`;
      const before = (await use.admin.call({ path })).json as Thing;
      assert.equal(before.metadata.generation, 1);
      const headers = { "content-type": "application/merge-patch+json" };
      const versions = [before["spec"].versions[0], { ...before["spec"].versions[1], served: false }];
      const body = Buffer.from(JSON.stringify({ spec: { versions } }));
      const after = (await use.admin.call({ method: "PATCH", path, headers, body })).json as Thing;
      assert.equal(after.metadata.generation, 2);
      await eventually(async () => assert.deepEqual(await paths(), ["apis/example.com", "apis/example.com/v1"]));
      await withdraw(use.admin, "foos.example.com");
      await eventually(async () => assert.deepEqual(await paths(), []));
    });

    test("TestEnablingOpenAPIEnumTypes", async () => {
      type Properties = Record<string, { enum?: string[] }>;
      const document = JSON.parse(await text("/openapi/v2")) as {
        definitions: Record<string, { properties: Properties }>;
      };
      const { protocol } = document.definitions["io.k8s.api.core.v1.ContainerPort"]!.properties;
      assert.deepEqual(protocol?.enum, ["SCTP", "TCP", "UDP"]);
    });
  },
  { controllers: false },
);
