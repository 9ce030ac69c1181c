import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import { condition, definitionOf, definitionsPath, establish, withdraw } from "../support/custom-resources.ts";
import { eventually } from "../support/eventually.ts";
import type { Answer } from "../support/http.ts";

// Server-side apply of custom resources: test/integration/apiserver/apply (apply_crd_test.go, reset_fields_test.go) and
// apiextensions-apiserver/test/integration/finalization_test.go of Kubernetes 1.36, in requests of our own.

const path = "/apis/example.com/v1/namespaces/default/widgets/one";
const widget = (spec: object, more: object = {}): object => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "one", ...more },
  spec,
});
const port = (name: string, containerPort: number, more: object = { protocol: "TCP" }): object => ({
  name,
  containerPort,
  ...more,
});

onBothProtocols("custom resources are applied", (subject) => {
  const apply = (body: object, manager: string, code = 200, force = false, where = path): Promise<Answer> =>
    expect(
      subject().admin,
      {
        method: "PATCH",
        path: `${where}?fieldManager=${manager}${force ? "&force=true" : ""}`,
        headers: { "content-type": "application/apply-patch+yaml" },
        body: JSON.stringify(body),
      },
      code,
    );
  const merge = (body: object, where = path, manager = "patcher"): Promise<Answer> => {
    const headers = { "content-type": "application/merge-patch+json" };
    return expect(subject().admin, { method: "PATCH", path: `${where}?fieldManager=${manager}`, headers, body }, 200);
  };
  const ports = (required: readonly string[], protocol: object = {}): object => ({
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
    items: {
      type: "object",
      required,
      properties: {
        containerPort: { type: "integer", format: "int32" },
        name: { type: "string" },
        protocol: { type: "string", ...protocol },
      },
    },
  });
  const schemaOf = (list: object): object => ({
    properties: {
      spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { ports: list } },
    },
  });
  const causes = (answer: Answer): readonly string[] =>
    (answer.json as { details: { causes: { field: string }[] } }).details.causes.map(({ field }) => field);

  test("by what their schema says of lists (TestApplyCRDStructuralSchema)", async () => {
    const { admin } = subject();
    await establish(
      admin,
      definitionOf("Widget", [{ name: "v1", schema: schemaOf(ports(["containerPort", "protocol"])) }]),
    );
    const first = widget({ replicas: 1, ports: [port("x", 80)] }, { finalizers: ["example.com/test"] });
    await apply(first, "one", 201);
    const both = ["example.com/test", "example.com/another"];
    await merge({ metadata: { finalizers: both } });
    assert.deepEqual(seen(await apply(first, "one")).metadata.finalizers, both);
    await merge({ spec: { replicas: 5 } });
    assert.deepEqual(causes(await apply(first, "one", 409)), [".spec.replicas"]);
    assert.equal(seen(await apply(first, "one", 200, true)).spec?.["replicas"], 1);
    assert.deepEqual(causes(await apply(widget({ ports: [port("y", 80)] }), "two", 409)), [
      '.spec.ports[containerPort=80,protocol="TCP"].name',
    ]);
    const added = seen(await apply(widget({ ports: [port("y", 8080)] }), "two"));
    assert.deepEqual(added.spec?.["ports"], [port("x", 80), port("y", 8080)]);
    await expect(admin, { method: "PUT", path: path.replace("one", "none"), body: widget({}, { name: "none" }) }, 404);
    await merge({ metadata: { finalizers: [] } });
    await withdraw(admin, "widgets.example.com");
  });

  test("with the defaults of their keys (TestDefaultMissingKeyCRD)", async () => {
    const { admin } = subject();
    const list = ports(["containerPort"], { default: "TCP" });
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: schemaOf(list) }]));
    await apply(widget({ ports: [port("x", 80, {})] }), "one", 201);
    assert.deepEqual(causes(await apply(widget({ ports: [port("y", 80)] }), "two", 409)), [
      '.spec.ports[containerPort=80,protocol="TCP"].name',
    ]);
    await withdraw(admin, "widgets.example.com");
  });

  test("again without a change, whatever has defaults (TestNoOpApplyWithDefaultsSameResourceVersionCRD)", async () => {
    const { admin } = subject();
    const reference = {
      type: "object",
      "x-kubernetes-map-type": "atomic",
      properties: { name: { type: "string" }, namespace: { type: "string", default: "default-namespace" } },
    };
    const schema = { properties: { spec: { type: "object", properties: { reference } } } };
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema }]));
    const body = widget({ reference: { name: "machine-1\n" } });
    const made = seen(await apply(body, "one", 201));
    assert.deepEqual(made.spec, { reference: { name: "machine-1\n", namespace: "default-namespace" } });
    await sleep(1_100);
    assert.deepEqual(seen(await apply(body, "one")), made);
    await withdraw(admin, "widgets.example.com");
  });

  test("and keep their managers where a status is written in another version (TestUpdateStatusWithOldVersion)", async () => {
    const { admin } = subject();
    const open = { "x-kubernetes-preserve-unknown-fields": true };
    const subresources = { status: {} };
    await establish(
      admin,
      definitionOf("Widget", [
        { name: "v1beta1", schema: open, subresources },
        { name: "v1", schema: open, subresources },
      ]),
    );
    const [applied] = seen(await apply(widget({ a: "for-a", b: "for-b" }), "one", 201)).metadata.managedFields!;
    const body = { spec: { a: "for-a-update" }, status: { a: "status-for-a" } };
    const written: Seen = seen(await merge(body, `${path.replace("v1", "v1beta1")}/status`, "other"));
    assert.deepEqual(
      written.metadata.managedFields?.map(({ manager, subresource }) => [manager, subresource]),
      [
        ["one", undefined],
        ["other", "status"],
      ],
    );
    assert.deepEqual(written.metadata.managedFields?.[0], applied);
    await withdraw(admin, "widgets.example.com");
  });

  test("but not made while their definition goes (TestApplyCRDuringCRDFinalization)", async () => {
    const { admin } = subject();
    const open = { "x-kubernetes-preserve-unknown-fields": true };
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: open }]));
    // An object that stays keeps the definition from going.
    await apply(widget({}, { finalizers: ["example.com/stays"] }), "one", 201);
    await expect(admin, { method: "DELETE", path: `${definitionsPath}/widgets.example.com` }, 200);
    await condition(admin, "widgets.example.com", "Terminating", "True");
    const dry = `${path.replace("one", "two")}?dryRun=All&fieldManager=m`;
    const headers = { "content-type": "application/apply-patch+yaml" };
    const body = JSON.stringify(widget({}, { name: "two" }));
    const refused = seen(await expect(admin, { method: "PATCH", path: dry, headers, body }, 403));
    const why = "create not allowed while custom resource definition is terminating";
    assert.equal(refused.message, `widgets.example.com "two" is forbidden: ${why}`);
    await merge({ metadata: { finalizers: [] } });
    await eventually(() => expect(admin, { path: `${definitionsPath}/widgets.example.com` }, 404));
  });
});
