import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, create, expect, failure, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import type { Answer, HttpClient } from "../support/http.ts";

// Behaviour: test/integration/apiserver/apply of Kubernetes 1.36, in requests of our own.

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const merge = { "content-type": "application/merge-patch+json" };

interface Apply {
  readonly manager: string;
  readonly force?: boolean;
  readonly code?: number;
}

function apply(
  client: HttpClient,
  path: string,
  body: object | string,
  options: Apply,
  answer?: object,
): Promise<Answer> {
  const { manager, force = false, code = 200 } = options;
  return expect(
    client,
    {
      method: "PATCH",
      path: `${path}?fieldManager=${manager}${force ? "&force=true" : ""}`,
      headers: { "content-type": "application/apply-patch+yaml" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    },
    code,
    answer,
  );
}

function mergePatch(client: HttpClient, path: string, manager: string, body: object): Promise<Answer> {
  const call = { method: "PATCH", path: `${path}?fieldManager=${manager}`, headers: merge, body: JSON.stringify(body) };
  return expect(client, call, 200);
}

const deployment = (name: string, spec: object = {}, pod: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, labels: { app: name } },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "i" }], ...pod } },
    ...spec,
  },
});
const configMap = (name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  ...more,
});

/** `manager operation[ subresource]` of each entry, and its fields. */
const owners = (object: Seen): readonly (readonly [string, object])[] =>
  (object.metadata.managedFields ?? []).map(({ manager, operation, subresource, fieldsV1 }) => [
    [manager, operation, subresource].filter(Boolean).join(" "),
    fieldsV1,
  ]);
const names = (object: Seen): readonly string[] => owners(object).map(([name]) => name);
const podOf = (object: Seen) =>
  (object.spec as { template: { spec: { containers: Record<string, unknown>[]; hostname?: string } } }).template.spec;

onBothProtocols("server-side apply", (subject) => {
  test("needs a manager, a kind, and the object's own group, version and name", async () => {
    const { admin } = subject();
    const headers = { "content-type": "application/apply-patch+yaml" };
    const path = `${configMaps}/named`;
    const call = (query: string, body: object) => ({
      method: "PATCH",
      path: `${path}${query}`,
      headers,
      body: JSON.stringify(body),
    });
    await expect(
      admin,
      call("", configMap("named")),
      422,
      failure(
        422,
        "Invalid",
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        {
          group: "meta.k8s.io",
          kind: "PatchOptions",
          causes: [
            {
              reason: "FieldValueRequired",
              message: "Required value: is required for apply patch",
              field: "fieldManager",
            },
          ],
        },
      ),
    );
    const other = await expect(admin, call("?fieldManager=m", { ...configMap("named"), apiVersion: "v1beta9" }), 400);
    assert.equal(seen(other).message, "invalid object type: /v1beta9, Kind=ConfigMap");
    await expect(
      admin,
      call("?fieldManager=m", {
        ...configMap("named"),
        metadata: { name: "named", uid: "88e00824-7f0e-11e8-94a1-c8d3ffb15800" },
      }),
      409,
      failure(
        409,
        "Conflict",
        'Operation cannot be fulfilled on configmaps "named": uid mismatch: the provided object specified uid 88e00824-7f0e-11e8-94a1-c8d3ffb15800, and no existing object was found',
        { name: "named", kind: "configmaps" },
      ),
    );
    await expect(admin, { path }, 404);
  });

  test("managed fields tell who owns what; who owns nothing is not there", async () => {
    const { admin } = subject();
    const path = `${configMaps}/owned`;
    const labels = { metadata: { name: "owned", labels: { l: "1" } } };
    await apply(admin, path, configMap("owned", { ...labels, data: { key: "v" } }), { manager: "applier", code: 201 });
    await mergePatch(admin, path, "updater", { data: { new: "v" } });
    const end = seen(await mergePatch(admin, path, "updater", { data: { key: "other" } }));
    assert.deepEqual(owners(end), [
      ["applier Apply", { "f:metadata": { "f:labels": { "f:l": {} } } }],
      ["updater Update", { "f:data": { "f:key": {}, "f:new": {} } }],
    ]);
    await apply(admin, `${configMaps}/bare`, configMap("bare"), { manager: "applier", code: 201 });
    const bare = seen(await apply(admin, `${configMaps}/bare`, configMap("bare"), { manager: "applier" }));
    assert.equal(bare.metadata.managedFields, undefined);
  });

  test("what changes nothing leaves revision and times as they are", async () => {
    const { admin } = subject();
    const path = `${configMaps}/same`;
    const body = configMap("same", { data: { a: "1" } });
    const first = seen(await apply(admin, path, body, { manager: "one", code: 201 }));
    const second = seen(await apply(admin, path, body, { manager: "one" }));
    assert.deepEqual(second, first);
    const put = await expect(admin, { method: "PUT", path: `${path}?fieldManager=two`, body: first }, 200);
    assert.deepEqual(put.json, first);
  });

  test("an update takes a field over; its applier meets a conflict that says who, and may force", async () => {
    const { admin } = subject();
    const path = `${deployments}/taken`;
    await apply(admin, path, deployment("taken", { replicas: 3 }), { manager: "applier", code: 201 });
    await mergePatch(admin, path, "scaler", { spec: { replicas: 5 } });
    const message = 'conflict with "scaler" using apps/v1';
    const conflict = failure(409, "Conflict", `Apply failed with 1 conflict: ${message}: .spec.replicas`, {
      causes: [{ reason: "FieldManagerConflict", message, field: ".spec.replicas" }],
    });
    await apply(admin, path, deployment("taken", { replicas: 3 }), { manager: "applier", code: 409 }, conflict);
    const forced = seen(
      await apply(admin, path, deployment("taken", { replicas: 3 }), { manager: "applier", force: true }),
    );
    assert.deepEqual([forced.spec!["replicas"], names(forced)], [3, ["applier Apply"]]);
  });

  test("a field left out goes where nobody else owns it, and gets its default where it has one", async () => {
    const { admin } = subject();
    const path = `${deployments}/unset`;
    const whole = deployment("unset", { replicas: 3 }, { hostname: "h" });
    await apply(admin, path, whole, { manager: "applier", code: 201 });
    const less = seen(await apply(admin, path, deployment("unset"), { manager: "applier" }));
    assert.deepEqual([less.spec!["replicas"], podOf(less).hostname], [1, undefined]);

    await apply(admin, path, whole, { manager: "applier" });
    await apply(admin, path, whole, { manager: "second" });
    const shared = seen(await apply(admin, path, deployment("unset"), { manager: "applier" }));
    assert.deepEqual([shared.spec!["replicas"], podOf(shared).hostname], [3, "h"]);
  });

  test("a controller that has changed a field keeps it when the applier lets go", async () => {
    const { admin } = subject();
    const path = `${deployments}/released`;
    await apply(admin, path, deployment("released", { replicas: 3 }), { manager: "applier", code: 201 });
    await mergePatch(admin, path, "controller", { spec: { replicas: 4 } });
    const left = seen(await apply(admin, path, deployment("released"), { manager: "applier" }));
    assert.equal(left.spec!["replicas"], 4);
  });

  test("an item of a list goes with its applier, though a controller has changed a field of it", async () => {
    const { admin } = subject();
    const path = `${deployments}/items`;
    const containers = [
      { name: "c", image: "i" },
      { name: "sidecar", image: "s" },
    ];
    await apply(admin, path, deployment("items", {}, { containers }), { manager: "applier", code: 201 });
    const item = { name: "sidecar", image: "other" };
    const strategic = { "content-type": "application/strategic-merge-patch+json" };
    const body = JSON.stringify({ spec: { template: { spec: { containers: [item] } } } });
    const call = { method: "PATCH", path: `${path}?fieldManager=controller`, headers: strategic, body };
    await expect(admin, call, 200);
    const left = seen(await apply(admin, path, deployment("items"), { manager: "applier" }));
    assert.deepEqual(
      podOf(left).containers.map(({ name }) => name),
      ["c"],
    );
  });

  test("keys of a list's items may be left to their defaults", async () => {
    const { admin } = subject();
    const path = `${deployments}/defaulted`;
    const ports = (...list: readonly object[]) =>
      deployment("defaulted", {}, { containers: [{ name: "c", image: "i", ports: list }] });
    await apply(admin, path, ports({ name: "foo", containerPort: 80 }), { manager: "one", code: 201 });
    const named = ports({ name: "bar", containerPort: 80, protocol: "TCP" });
    const refused = seen(await apply(admin, path, named, { manager: "two", code: 409 }));
    assert.equal(
      refused.message,
      'Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].name',
    );
    const both = seen(
      await apply(admin, path, ports({ name: "bar", containerPort: 80, protocol: "UDP" }), { manager: "two" }),
    );
    assert.deepEqual(podOf(both).containers[0]!["ports"], [
      { name: "foo", containerPort: 80, protocol: "TCP" },
      { name: "bar", containerPort: 80, protocol: "UDP" },
    ]);
  });

  test("after client-side apply, kubectl's server-side apply takes over what the annotation holds", async () => {
    const { admin } = subject();
    const path = `${deployments}/upgraded`;
    const { spec, ...rest } = deployment("upgraded", { replicas: 3 });
    const { selector: _, ...lastSpec } = spec;
    const last = JSON.stringify({ ...rest, spec: lastSpec });
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": last };
    const body = deployment("upgraded", { replicas: 100_000 });
    await expect(
      admin,
      { method: "POST", path: deployments, body: { ...body, metadata: { ...body.metadata, annotations } } },
      201,
    );
    const next = (more: object, image: string) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "upgraded", labels: { app: "new" } },
      spec: {
        template: { metadata: { labels: { app: "upgraded" } }, spec: { containers: [{ name: "c", image }] } },
        ...more,
      },
    });
    await apply(admin, path, next({ replicas: 3 }, "i"), { manager: "kubectl", code: 409 });
    const taken = seen(await apply(admin, path, next({}, "new"), { manager: "kubectl" }));
    assert.deepEqual(
      [taken.spec!["replicas"], podOf(taken).containers[0]!["image"], taken.metadata.labels],
      [100_000, "new", { app: "new" }],
    );
  });

  test("entries renamed alike become one, with the later fields", async () => {
    const { admin } = subject();
    const path = `${configMaps}/renamed`;
    const labels = (label: string) => configMap("renamed", { metadata: { name: "renamed", labels: { [label]: "1" } } });
    await apply(admin, path, labels("a"), { manager: "one", code: 201 });
    const two = seen(await apply(admin, path, labels("b"), { manager: "two" }));
    assert.deepEqual(names(two), ["one Apply", "two Apply"]);
    const managedFields = two.metadata.managedFields!.map((entry) => ({ ...entry, manager: "all" }));
    const body = { ...two, metadata: { ...two.metadata, managedFields } };
    const merged = seen(await expect(admin, { method: "PUT", path, body }, 200));
    assert.deepEqual(owners(merged), [["all Apply", { "f:metadata": { "f:labels": { "f:b": {} } } }]]);
  });

  test("who writes through a subresource owns through it", async () => {
    const { admin } = subject();
    const path = `${deployments}/through`;
    await apply(admin, path, deployment("through", { replicas: 3 }), { manager: "m", code: 201 });
    await mergePatch(admin, `${path}/scale`, "m", { spec: { replicas: 32 } });
    const scaled = seen(await expect(admin, { path }, 200));
    assert.deepEqual(names(scaled), ["m Apply", "m Update scale"]);
    assert.deepEqual(owners(scaled)[1]![1], { "f:spec": { "f:replicas": {} } });
    const status = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "through", labels: { b: "2" } },
      spec: { replicas: 1 },
      status: { observedGeneration: 7 },
    };
    const told = seen(await apply(admin, `${path}/status`, status, { manager: "m" }));
    assert.deepEqual(
      [told.metadata.labels, told.spec!["replicas"], told.status],
      [{ app: "through" }, 32, { observedGeneration: 7 }],
    );
    assert.deepEqual(owners(told)[1]![1], { "f:status": { "f:observedGeneration": {} } });
    assert.deepEqual(names(told), ["m Apply", "m Apply status", "m Update scale"]);
  });

  test("managed fields can be cleared by every kind of write", async () => {
    const { admin } = subject();
    const path = `${configMaps}/cleared`;
    const fresh = async () => {
      await expect(admin, { method: "DELETE", path }, 200);
      return seen(await apply(admin, path, configMap("cleared", { data: { a: "1" } }), { manager: "m", code: 201 }));
    };
    const patch = (type: string, body: unknown) =>
      expect(
        admin,
        { method: "PATCH", path, headers: { "content-type": `application/${type}+json` }, body: JSON.stringify(body) },
        200,
      );
    await apply(admin, path, configMap("cleared"), { manager: "m", code: 201 });
    const none = { metadata: { managedFields: [{}] } };
    await fresh();
    assert.equal(seen(await patch("merge-patch", none)).metadata.managedFields, undefined);
    await fresh();
    assert.equal(seen(await patch("strategic-merge-patch", none)).metadata.managedFields, undefined);
    await fresh();
    const jsonPatch = [{ op: "replace", path: "/metadata/managedFields", value: [{}] }];
    assert.equal(seen(await patch("json-patch", jsonPatch)).metadata.managedFields, undefined);
    const whole = await fresh();
    const body = { ...whole, metadata: { ...whole.metadata, managedFields: [{}] } };
    const put = seen(await expect(admin, { method: "PUT", path, body }, 200));
    assert.equal(put.metadata.managedFields, undefined);
  });

  test("of many updaters the ten latest are kept, the others are ancient changes", async () => {
    const { admin } = subject();
    const path = `${configMaps}/many`;
    await apply(admin, path, configMap("many", { data: { a: "1" } }), { manager: "applier", code: 201 });
    for (let i = 0; i < 20; i++) await mergePatch(admin, path, `updater${i}`, { data: { [`u${i}`]: "1" } });
    const end = seen(await expect(admin, { path }, 200));
    assert.equal(end.metadata.managedFields!.length, 11);
    assert.deepEqual(names(end).slice(0, 2), ["applier Apply", "ancient-changes Update"]);
  });

  test("who may patch and not create is told so when there is nothing to patch", async () => {
    const { admin, as, https } = subject();
    const panda = as(https.issue({ commonName: "panda" }));
    const body = configMap("barred", { data: { a: "1" } });
    const refusal = (verb: string) =>
      failure(
        403,
        "Forbidden",
        `configmaps "barred" is forbidden: User "panda" cannot ${verb} resource "configmaps" in API group "" in the namespace "default"`,
        { name: "barred", kind: "configmaps" },
      );
    const allow = async (verb: string) => {
      const roles = "/apis/rbac.authorization.k8s.io/v1";
      const role = {
        metadata: { name: `may-${verb}` },
        rules: [{ verbs: [verb], apiGroups: [""], resources: ["configmaps"] }],
      };
      await expect(admin, { method: "POST", path: `${roles}/clusterroles`, body: role }, 201);
      const binding = {
        metadata: { name: `may-${verb}` },
        subjects: [{ kind: "User", name: "panda", apiGroup: "rbac.authorization.k8s.io" }],
        roleRef: { kind: "ClusterRole", name: `may-${verb}`, apiGroup: "rbac.authorization.k8s.io" },
      };
      await expect(admin, { method: "POST", path: `${roles}/namespaces/default/rolebindings`, body: binding }, 201);
    };
    const path = `${configMaps}/barred`;
    await apply(panda, path, body, { manager: "m", code: 403 }, refusal("patch"));
    await allow("patch");
    await apply(panda, path, body, { manager: "m", code: 403 }, refusal("create"));
    await allow("create");
    await apply(panda, path, body, { manager: "m", code: 201 });
  });

  test("items of a list that share a key are owned together, and replaced together", async () => {
    const { admin } = subject();
    const path = `${deployments}/twins`;
    const env = (...list: readonly (readonly [string, string])[]) =>
      deployment(
        "twins",
        {},
        { containers: [{ name: "c", image: "i", env: list.map(([name, value]) => ({ name, value })) }] },
      );
    const first = env(["A", "1"], ["PATH", "/bin"], ["PATH", "$PATH:/usr/bin"]);
    const made = seen(
      await expect(admin, { method: "POST", path: `${deployments}?fieldManager=maker`, body: first }, 201),
    );
    const envOf = (object: Seen, entry: number) => {
      const steps = ["f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"c"}', "f:env"];
      return steps.reduce((fields, step) => (fields as Record<string, object>)[step]!, owners(object)[entry]![1]);
    };
    const one = { ".": {}, "f:name": {}, "f:value": {} };
    assert.deepEqual(envOf(made, 0), { ".": {}, 'k:{"name":"A"}': one, 'k:{"name":"PATH"}': {} });
    const added = seen(await apply(admin, path, env(["HOME", "/h"]), { manager: "applier" }));
    assert.deepEqual((podOf(added).containers[0]!["env"] as { name: string }[]).map(({ name }) => name).sort(), [
      "A",
      "HOME",
      "PATH",
      "PATH",
    ]);
    const replaced = seen(await apply(admin, path, env(["PATH", "/all"]), { manager: "applier", force: true }));
    assert.deepEqual(podOf(replaced).containers[0]!["env"], [
      { name: "A", value: "1" },
      { name: "PATH", value: "/all" },
    ]);
    assert.deepEqual(
      [envOf(replaced, 0), envOf(replaced, 1)],
      [{ 'k:{"name":"PATH"}': one }, { ".": {}, 'k:{"name":"A"}': one }],
    );
    const twice = seen(await apply(admin, path, env(["X", "1"], ["X", "2"]), { manager: "applier", code: 500 }));
    assert.match(twice.message!, /duplicate entries for key \[name="X"\]/);
  });

  test("managed fields that cannot be read do no harm", async () => {
    const { admin } = subject();
    const entry = {
      manager: "m",
      operation: "Apply",
      apiVersion: "v1",
      time: "2019-07-08T09:31:18Z",
      fieldsType: "",
      fieldsV1: {},
    };
    const made = await create(admin, "unreadable", { metadata: { managedFields: [entry] } });
    const body = { ...made, metadata: { ...made.metadata, managedFields: [entry] } };
    await expect(admin, { method: "PUT", path: `${configMaps}/unreadable`, body }, 200);
  });
});
