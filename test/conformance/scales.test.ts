import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, failure, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import { definitionOf, establish, withdraw } from "../support/custom-resources.ts";
import type { Answer, HttpClient } from "../support/http.ts";

// Behaviour: test/integration/apiserver/apply/scale_test.go and apiextensions-apiserver/test/integration/subresources_test.go of
// Kubernetes 1.36, in requests of our own.

const open = { "x-kubernetes-preserve-unknown-fields": true };

interface Write {
  readonly manager: string;
  readonly force?: boolean;
}

const query = ({ manager, force = false }: Write): string => `?fieldManager=${manager}${force ? "&force=true" : ""}`;
const applyHeaders = { "content-type": "application/apply-patch+yaml" };
const mergeHeaders = { "content-type": "application/merge-patch+json" };
const jsonHeaders = { "content-type": "application/json-patch+json" };

function apply(
  client: HttpClient,
  path: string,
  body: object,
  by: Write,
  code = 200,
  answer?: object,
): Promise<Answer> {
  const call = { method: "PATCH", path: path + query(by), headers: applyHeaders, body: JSON.stringify(body) };
  return expect(client, call, code, answer);
}

function merge(client: HttpClient, path: string, body: object, by: Write): Promise<Answer> {
  return expect(client, { method: "PATCH", path: path + query(by), headers: mergeHeaders, body }, 200);
}

const scale = (name: string, replicas: number, more: object = {}) => ({
  kind: "Scale",
  apiVersion: "autoscaling/v1",
  metadata: { name, namespace: "default", ...more },
  spec: { replicas },
});

function workload(apiVersion: string, kind: string, name: string): object {
  const labels = { app: name };
  const selector = kind === "ReplicationController" ? labels : { matchLabels: labels };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
  return { apiVersion, kind, metadata: { name }, spec: { replicas: 1, selector, template } };
}

/** `manager operation[ subresource]` of whoever owns the count. */
const countOwners = (object: Seen): readonly string[] =>
  (object.metadata.managedFields ?? [])
    .filter(({ fieldsV1 }) => "f:replicas" in ((fieldsV1 as Record<string, object>)["f:spec"] ?? {}))
    .map(({ manager, operation, subresource }) => [manager, operation, subresource].filter(Boolean).join(" "));

onBothProtocols("scales", (subject) => {
  const count = async (path: string, replicas: number, owners: readonly string[]): Promise<Seen> => {
    const object = seen(await expect(subject().admin, { path }, 200));
    assert.deepEqual([object.spec?.["replicas"], countOwners(object)], [replicas, owners]);
    return object;
  };

  for (const [kind, group, plural] of [
    ["Deployment", "/apis/apps/v1", "deployments"],
    ["StatefulSet", "/apis/apps/v1", "statefulsets"],
    ["ReplicaSet", "/apis/apps/v1", "replicasets"],
    ["ReplicationController", "/api/v1", "replicationcontrollers"],
  ] as const) {
    test(`of a ${kind} are applied, patched and replaced, and who does so owns the object's count`, async () => {
      const { admin } = subject();
      const path = `${group}/namespaces/default/${plural}/owned`;
      const object = workload(group.replace(/^\/apis?\//, ""), kind, "owned");
      await apply(admin, path, object, { manager: "whole" }, 201);
      await count(path, 1, ["whole Apply"]);

      await merge(admin, `${path}/scale`, { spec: { replicas: 5 } }, { manager: "patcher" });
      await count(path, 5, ["patcher Update scale"]);
      const taken = seen(await apply(admin, path, object, { manager: "whole" }, 409));
      const version = group === "/api/v1" ? "v1" : "apps/v1";
      const who = `"patcher" with subresource "scale" using ${version}`;
      assert.equal(taken.message, `Apply failed with 1 conflict: conflict with ${who}: .spec.replicas`);
      await apply(admin, path, object, { manager: "whole", force: true });
      await count(path, 1, ["whole Apply"]);

      const conflict = failure(409, "Conflict", 'Apply failed with 1 conflict: conflict with "whole": .spec.replicas', {
        causes: [{ reason: "FieldManagerConflict", message: 'conflict with "whole"', field: ".spec.replicas" }],
      });
      await apply(admin, `${path}/scale`, scale("owned", 17), { manager: "scaler" }, 409, conflict);
      const forced = await apply(admin, `${path}/scale`, scale("owned", 17), { manager: "scaler", force: true });
      assert.deepEqual([seen(forced).kind, seen(forced).spec], ["Scale", { replicas: 17 }]);
      assert.equal(seen(forced).metadata.managedFields, undefined);
      await count(path, 17, ["scaler Apply scale"]);

      const put = { method: "PUT", path: `${path}/scale${query({ manager: "putter" })}`, body: scale("owned", 7) };
      await expect(admin, put, 200);
      const replaced = await count(path, 7, ["putter Update scale"]);
      const entry = replaced.metadata.managedFields?.find(({ manager }) => manager === "putter");
      const own = { manager: "putter", operation: "Update", apiVersion: version, fieldsType: "FieldsV1" };
      assert.deepEqual(entry, { ...own, fieldsV1: { "f:spec": { "f:replicas": {} } }, subresource: "scale" });

      await apply(admin, `${path}/scale`, scale("owned", 7), { manager: "other" });
      const shared = await count(path, 7, ["other Apply scale", "putter Update scale"]);
      await apply(admin, `${path}/scale`, scale("owned", 7), { manager: "other" });
      assert.equal(
        (await count(path, 7, ["other Apply scale", "putter Update scale"])).metadata.resourceVersion,
        shared.metadata.resourceVersion,
      );
      await merge(admin, `${path}/scale`, { spec: { replicas: 5 } }, { manager: "patcher" });
      await count(path, 5, ["patcher Update scale"]);
      const still = ["f:spec", "f:template"].reduce(
        (fields, name) => (fields as Record<string, object>)[name] ?? {},
        shared.metadata.managedFields?.find(({ manager }) => manager === "whole")?.fieldsV1 ?? {},
      );
      assert.notDeepEqual(still, {});
    });
  }

  test("tell nothing of a status, and nothing but their count", async () => {
    const { admin } = subject();
    const path = "/apis/apps/v1/namespaces/default/deployments/status";
    await apply(admin, path, workload("apps/v1", "Deployment", "status"), { manager: "whole" }, 201);
    await merge(admin, `${path}/scale`, { status: { replicas: 42 } }, { manager: "patcher" });
    await count(path, 1, ["whole Apply"]);
    const labelled = scale("status", 2, { labels: { a: "b" } });
    await apply(admin, `${path}/scale`, labelled, { manager: "labeller", force: true });
    const object = await count(path, 2, ["labeller Apply scale"]);
    assert.equal(object.metadata.labels, undefined);
  });

  test("of nothing desired belong to nobody, as in Go a zero is left out", async () => {
    const { admin } = subject();
    const path = "/apis/apps/v1/namespaces/default/deployments/zero";
    await apply(admin, path, workload("apps/v1", "Deployment", "zero"), { manager: "whole" }, 201);
    const none = seen(await merge(admin, `${path}/scale`, { spec: { replicas: 0 } }, { manager: "patcher" }));
    assert.deepEqual([none.spec, none.status], [{}, { replicas: 0, selector: "app=zero" }]);
    await count(path, 0, []);
    assert.deepEqual(seen(await expect(admin, { path: `${path}/scale` }, 200)).spec, {});
    // The first apply of a scale that nobody is known to manage meets whoever came before.
    const conflict = 'conflict with "before-first-apply" with subresource "scale" using autoscaling/v1';
    await merge(admin, path, { metadata: { managedFields: [{}] }, spec: { replicas: 3 } }, { manager: "x" });
    const refused = seen(await apply(admin, `${path}/scale`, scale("zero", 4), { manager: "first" }, 409));
    assert.equal(refused.message, `Apply failed with 1 conflict: ${conflict}: .spec.replicas`);
    await apply(admin, `${path}/scale`, scale("zero", 4), { manager: "first", force: true });
    await count(path, 4, ["first Apply scale"]);
  });

  test("show who manages them to whoever patches, and are checked by their own rules", async () => {
    const { admin } = subject();
    const path = "/apis/apps/v1/namespaces/default/deployments/checked";
    await apply(admin, path, workload("apps/v1", "Deployment", "checked"), { manager: "whole" }, 201);
    const patch = (operations: object[], code: number) =>
      expect(admin, { method: "PATCH", path: `${path}/scale`, headers: jsonHeaders, body: operations }, code);
    const at = "/metadata/managedFields/0";
    await patch(
      [
        { op: "test", path: `${at}/manager`, value: "whole" },
        { op: "test", path: `${at}/apiVersion`, value: "autoscaling/v1" },
        { op: "test", path: `${at}/fieldsV1`, value: { "f:spec": { "f:replicas": {} } } },
        { op: "replace", path: "/spec/replicas", value: 2 },
      ],
      200,
    );
    const foreign = seen(await patch([{ op: "replace", path: "/metadata/uid", value: "x" }], 409));
    assert.match(
      foreign.message ?? "",
      /^Operation cannot be fulfilled on deployments\/scale\.apps "checked": Precondition failed: UID in precondition: x, UID in object meta: /,
    );
    const bad = { ...scale("checked", -1, { labels: { a: "/" } }) };
    const refused = seen(await expect(admin, { method: "PUT", path: `${path}/scale`, body: bad }, 422));
    assert.match(
      refused.message ?? "",
      /^Scale\.autoscaling "checked" is invalid: \[metadata\.labels: Invalid value: "\/"/,
    );
    assert.match(refused.message ?? "", /spec\.replicas: Invalid value: -1: must be greater than or equal to 0\]$/);
    const wrong = { ...scale("checked", 1), apiVersion: "apps/v1" };
    const told = seen(await apply(admin, `${path}/scale`, wrong, { manager: "m" }, 400));
    assert.equal(told.message, "invalid object type: apps/v1, Kind=Scale");
    const unknown = { ...scale("checked", 1), spec: { size: 1 } };
    const typed = seen(await apply(admin, `${path}/scale`, unknown, { manager: "m" }, 500));
    assert.match(
      typed.message ?? "",
      /^failed to create typed patch object \(default\/checked; autoscaling\/v1, Kind=Scale\): \.spec\.size: field not declared in schema$/,
    );
    const none = 'deployments.apps "none" not found';
    const missing = path.replace("checked", "none");
    const answer = failure(404, "NotFound", none, { name: "none", group: "apps", kind: "deployments" });
    await apply(admin, `${missing}/scale`, scale("none", 1), { manager: "m" }, 404, answer);
  });

  test("of custom resources are owned where each version keeps its count", async () => {
    const { admin } = subject();
    const scaled = (specReplicasPath: string) => ({
      scale: { specReplicasPath, statusReplicasPath: ".status.replicas" },
    });
    await establish(
      admin,
      definitionOf("Widget", [
        { name: "v1", schema: open, subresources: scaled(".spec.replicas[0]") },
        { name: "v2", schema: open, subresources: scaled(".spec.replicas") },
        { name: "v3", schema: open },
      ]),
    );
    const [v1, v2, v3] = ["v1", "v2", "v3"].map((v) => `/apis/example.com/${v}/namespaces/default/widgets`);
    const widget = (version: string, spec: object) => ({
      apiVersion: `example.com/${version}`,
      kind: "Widget",
      metadata: { name: "foo" },
      spec,
    });
    const first = widget("v1", { num: 10, "replicas[0]": 3 });
    await expect(admin, { method: "POST", path: `${v1}?fieldManager=maker`, body: first }, 201);
    await apply(admin, `${v3}/foo`, widget("v3", { other: 1 }), { manager: "another" });
    await apply(admin, `${v2}/foo`, widget("v2", { replicas: 3 }), { manager: "applier" });
    await merge(admin, `${v2}/foo/scale`, { spec: { replicas: 5 } }, { manager: "scaler" });
    const object = seen(await expect(admin, { path: `${v2}/foo` }, 200));
    assert.deepEqual(object.spec, { num: 10, other: 1, replicas: 5, "replicas[0]": 3 });
    const entries = object.metadata.managedFields as unknown as readonly {
      manager: string;
      apiVersion: string;
      fieldsV1: object;
    }[];
    assert.deepEqual(
      entries.map(({ manager, apiVersion, fieldsV1 }) => [manager, apiVersion, fieldsV1]),
      [
        ["another", "example.com/v3", { "f:spec": { ".": {}, "f:other": {} } }],
        ["applier", "example.com/v2", { "f:spec": {} }],
        ["scaler", "example.com/v2", { "f:spec": { "f:replicas": {} } }],
        ["maker", "example.com/v1", { "f:spec": { ".": {}, "f:num": {} } }],
      ],
    );
    const conflict = 'conflict with "scaler" with subresource "scale" using autoscaling/v1: .spec.replicas';
    const refused = seen(await apply(admin, `${v2}/foo/scale`, scale("foo", 6), { manager: "late" }, 409));
    assert.equal(refused.message, `Apply failed with 1 conflict: ${conflict}`);
    // Whoever owns the count in one version owns it in the others' scales.
    await apply(admin, `${v1}/foo/scale`, scale("foo", 6), { manager: "late" }, 409);
    await apply(admin, `${v1}/foo/scale`, scale("foo", 6), { manager: "late", force: true });
    const late = seen(await expect(admin, { path: `${v1}/foo` }, 200));
    assert.deepEqual([late.spec?.["replicas[0]"], late.spec?.["replicas"]], [6, 5]);
    assert.deepEqual(late.metadata.managedFields?.find(({ manager }) => manager === "late")?.fieldsV1, {
      "f:spec": { "f:replicas[0]": {} },
    });
    await withdraw(admin, "widgets.example.com");
  });

  test("of custom resources without a count are none, until somebody says it", async () => {
    const { admin } = subject();
    const paths = { specReplicasPath: ".spec.size.of", statusReplicasPath: ".status.replicas" };
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: open, subresources: { scale: paths } }]));
    const path = "/apis/example.com/v1/namespaces/default/widgets";
    const body = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "none" } };
    await expect(admin, { method: "POST", path, body }, 201);
    const told = seen(await expect(admin, { path: `${path}/none/scale` }, 500));
    assert.equal(told.message, 'Internal error occurred: the spec replicas field ".spec.size.of" does not exist');
    const empty = { method: "PATCH", path: `${path}/none/scale`, headers: mergeHeaders, body: {} };
    const refused = seen(await expect(admin, empty, 400));
    assert.equal(refused.message, 'the spec replicas field ".spec.size.of" cannot be empty');
    await merge(admin, `${path}/none/scale`, { spec: { replicas: 4 } }, { manager: "m" });
    assert.deepEqual(seen(await expect(admin, { path: `${path}/none` }, 200)).spec, { size: { of: 4 } });
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const table = (await expect(admin, { path: `${path}/none/scale`, headers: { accept } }, 200)).json as {
      columnDefinitions: { name: string; type: string }[];
    };
    assert.deepEqual(
      table.columnDefinitions.map(({ name, type }) => `${name} ${type}`),
      ["Name string", "Desired integer", "Available integer", "Age date"],
    );
    const negative = { method: "PUT", path: `${path}/none/scale`, body: scale("none", -1) };
    const invalid = seen(await expect(admin, negative, 422));
    assert.equal(
      invalid.message,
      'Widget.example.com "none" is invalid: .spec.size.of: Invalid value: -1: should be a non-negative integer',
    );
    await withdraw(admin, "widgets.example.com");
  });
});
