import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, failure, nextEvent, onBothProtocols, seen } from "../support/conformance.ts";
import { condition, definitionOf, definitionsPath, establish, withdraw } from "../support/custom-resources.ts";
import { eventually } from "../support/eventually.ts";
import type { HttpClient } from "../support/http.ts";

// Answers of apiextensions-apiserver: its integration tests (test/integration) and pkg/apiserver.

const group = "example.com";

const widgetSchema = {
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      properties: {
        size: { type: "integer", minimum: 1, maximum: 10, default: 3 },
        color: { type: "string", enum: ["red", "green"] },
        code: { type: "string", pattern: "^[a-z]+$", maxLength: 5 },
        anything: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        port: { "x-kubernetes-int-or-string": true },
        maybe: { type: "string", nullable: true },
        parts: {
          type: "array",
          maxItems: 3,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, weight: { type: "integer", default: 1 } },
          },
        },
      },
    },
    status: { type: "object", properties: { phase: { type: "string" }, replicas: { type: "integer" } } },
  },
};

const widgets = (change: object = {}): object =>
  definitionOf("Widget", [
    {
      name: "v1",
      schema: widgetSchema,
      subresources: {
        status: {},
        scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.replicas" },
      },
      additionalPrinterColumns: [
        { name: "Size", type: "integer", jsonPath: ".spec.size", description: "How large it is." },
        { name: "Phase", type: "string", jsonPath: ".status.phase", priority: 1 },
      ],
      selectableFields: [{ jsonPath: ".spec.color" }],
      ...change,
    },
  ]);

const widget = (name: string, spec: object = {}): object => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name },
  spec,
});

const invalid = (kind: string, name: string, message: string, causes: readonly object[]): object =>
  failure(422, "Invalid", `${kind} "${name}" is invalid: ${message}`, {
    name,
    group: kind.slice(kind.indexOf(".") + 1),
    kind: kind.slice(0, kind.indexOf(".")),
    causes,
  });

async function withWidgets(
  admin: HttpClient,
  run: (path: string) => Promise<void>,
  definition = widgets(),
): Promise<void> {
  const path = await establish(admin, definition);
  try {
    await run(path);
  } finally {
    await withdraw(admin, (definition as { metadata: { name: string } }).metadata.name);
  }
}

onBothProtocols("custom resources", (subject) => {
  test("objects are pruned and have defaults; what is dropped is told, or refused", async () => {
    const { admin } = subject();
    await withWidgets(admin, async (path) => {
      const spec = { unknown: 1, anything: { a: { b: 1 } }, port: "http", maybe: null, parts: [{ name: "a", x: 1 }] };
      const answer = await expect(admin, { method: "POST", path, body: widget("a", spec) }, 201);
      assert.deepEqual(seen(answer).spec, {
        anything: { a: { b: 1 } },
        port: "http",
        maybe: null,
        parts: [{ name: "a", weight: 1 }],
        size: 3,
      });
      assert.deepEqual(String(answer.headers["warning"]).split(/, (?=299)/), [
        '299 - "unknown field \\"spec.parts[0].x\\""',
        '299 - "unknown field \\"spec.unknown\\""',
      ]);
      await expect(
        admin,
        { method: "POST", path: `${path}?fieldValidation=Strict`, body: widget("b", spec) },
        400,
        failure(
          400,
          "BadRequest",
          'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.parts[0].x", unknown field "spec.unknown"',
        ),
      );
      await expect(
        admin,
        { path: `${path}/b` },
        404,
        failure(404, "NotFound", 'widgets.example.com "b" not found', { name: "b", group, kind: "widgets" }),
      );
    });
  });

  test("values that the schema does not allow are refused in upstream's words", async () => {
    const { admin } = subject();
    await withWidgets(admin, async (path) => {
      const spec = { size: 11, color: "blue", code: "TOOLONG", port: true, parts: [{ weight: "x" }] };
      await expect(
        admin,
        { method: "POST", path, body: widget("a", spec) },
        422,
        invalid(
          "Widget.example.com",
          "a",
          '[spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10, spec.color: Unsupported value: "blue": supported values: "red", "green", spec.code: Too long: may not be more than 5 bytes, spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean", spec.parts[0].weight: Invalid value: "string": spec.parts[0].weight in body must be of type integer: "string", spec.parts[0].name: Required value]',
          [
            {
              reason: "FieldValueInvalid",
              message: "Invalid value: 11: spec.size in body should be less than or equal to 10",
              field: "spec.size",
            },
            {
              reason: "FieldValueNotSupported",
              message: 'Unsupported value: "blue": supported values: "red", "green"',
              field: "spec.color",
            },
            { reason: "FieldValueTooLong", message: "Too long: may not be more than 5 bytes", field: "spec.code" },
            {
              reason: "FieldValueTypeInvalid",
              message: 'Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
              field: "spec.port",
            },
            {
              reason: "FieldValueTypeInvalid",
              message: 'Invalid value: "string": spec.parts[0].weight in body must be of type integer: "string"',
              field: "spec.parts[0].weight",
            },
            { reason: "FieldValueRequired", message: "Required value", field: "spec.parts[0].name" },
          ],
        ),
      );
      const twice = { parts: [{ name: "a" }, { name: "a" }] };
      await expect(
        admin,
        { method: "POST", path, body: widget("a", twice) },
        422,
        invalid("Widget.example.com", "a", 'spec.parts[1]: Duplicate value: {"name":"a"}', [
          { reason: "FieldValueDuplicate", message: 'Duplicate value: {"name":"a"}', field: "spec.parts[1]" },
        ]),
      );
      await expect(
        admin,
        { method: "POST", path, body: { ...widget("a"), kind: "Gadget" } },
        422,
        invalid("Gadget.example.com", "a", 'kind: Invalid value: "Gadget": must be Widget', [
          { reason: "FieldValueInvalid", message: 'Invalid value: "Gadget": must be Widget', field: "kind" },
        ]),
      );
      await expect(admin, { method: "PUT", path: `${path}/none`, body: widget("none") }, 404);
    });
  });

  test("status and scale are views of their own, and the generation follows the rest", async () => {
    const { admin } = subject();
    await withWidgets(admin, async (path) => {
      const body = { ...widget("a"), status: { phase: "New" } };
      const made = seen(await expect(admin, { method: "POST", path, body }, 201));
      assert.deepEqual([made.status, made.metadata.generation], [undefined, 1]);
      const merge = (at: string, change: object) => ({
        method: "PATCH",
        path: `${path}/a${at}`,
        headers: { "content-type": "application/merge-patch+json" },
        body: change,
      });
      const both = { metadata: { labels: { a: "b" } }, spec: { size: 4 }, status: { phase: "Up", replicas: 2 } };
      const status = seen(await expect(admin, merge("/status", both), 200));
      assert.deepEqual(
        [status.metadata.labels, status.metadata.generation, status.spec, status.status],
        [undefined, 1, { size: 3 }, { phase: "Up", replicas: 2 }],
      );
      const main = seen(await expect(admin, merge("", both), 200));
      assert.deepEqual([main.metadata.labels, main.metadata.generation, main.spec], [{ a: "b" }, 2, { size: 4 }]);
      const scale = seen(await expect(admin, merge("/scale", { spec: { replicas: 5 } }), 200));
      assert.deepEqual([scale.kind, scale.spec, scale.status], ["Scale", { replicas: 5 }, { replicas: 2 }]);
      assert.deepEqual(seen(await expect(admin, { path: `${path}/a` }, 200)).spec, { size: 5 });
      const none = failure(404, "NotFound", 'widgets.example.com "a" not found', { name: "a", group, kind: "widgets" });
      await expect(admin, { path: `${path}/a/other` }, 404, none);
    });
  });

  test("patches of three kinds are taken, strategic merge and protobuf are not", async () => {
    const { admin } = subject();
    await withWidgets(admin, async (path) => {
      await expect(admin, { method: "POST", path, body: widget("a", { parts: [{ name: "a" }] }) }, 201);
      const patch = (type: string, body: unknown, query = "") => ({
        method: "PATCH",
        path: `${path}/a${query}`,
        headers: { "content-type": type },
        body: body as object,
      });
      await expect(
        admin,
        patch("application/strategic-merge-patch+json", {}),
        415,
        failure(
          415,
          "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
        ),
      );
      await expect(admin, patch("application/json-patch+json", [{ op: "add", path: "/spec/size", value: 7 }]), 200);
      const applied = { ...widget("a", { parts: [{ name: "b" }] }) };
      const merged = seen(
        await expect(admin, patch("application/apply-patch+yaml", applied, "?fieldManager=tester"), 200),
      );
      assert.deepEqual(merged.spec?.["parts"], [
        { name: "a", weight: 1 },
        { name: "b", weight: 1 },
      ]);
      const answer = await expect(
        admin,
        { path: `${path}/a`, headers: { accept: "application/vnd.kubernetes.protobuf" } },
        406,
      );
      assert.match(answer.text, /object \*unstructured\.Unstructured does not implement the protobuf marshalling/);
    });
  });

  test("columns, field selectors and metadata alone", async () => {
    const { admin } = subject();
    await withWidgets(admin, async (path) => {
      await expect(admin, { method: "POST", path, body: widget("a", { color: "red" }) }, 201);
      await expect(admin, { method: "POST", path, body: widget("b", { color: "green", size: 5 }) }, 201);
      const table = await expect(
        admin,
        { path, headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } },
        200,
      );
      const { columnDefinitions, rows } = table.json as {
        columnDefinitions: readonly { name: string; priority: number; description: string }[];
        rows: readonly { cells: readonly unknown[] }[];
      };
      assert.deepEqual(
        columnDefinitions.slice(1).map(({ name, priority, description }) => [name, priority, description]),
        [
          ["Size", 0, "How large it is."],
          ["Phase", 1, "Custom resource definition column (in JSONPath format): .status.phase"],
        ],
      );
      assert.deepEqual(
        rows.map(({ cells }) => cells),
        [
          ["a", 3, null],
          ["b", 5, null],
        ],
      );
      const red = seen(await expect(admin, { path: `${path}?fieldSelector=spec.color%3Dred` }, 200));
      assert.deepEqual(
        red.items?.map(({ metadata, kind }) => [metadata.name, kind]),
        [["a", "Widget"]],
      );
      const unknown = { path: `${path}?fieldSelector=spec.size%3D3` };
      await expect(admin, unknown, 400, failure(400, "BadRequest", "field label not supported: spec.size"));
      const partial = await expect(
        admin,
        { path, headers: { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" } },
        200,
      );
      assert.deepEqual(
        seen(partial).items?.map(({ kind }) => kind),
        ["PartialObjectMetadata", "PartialObjectMetadata"],
      );
    });
  });

  test("discovery and OpenAPI have a resource as soon as it is established, and lose it with the definition", async () => {
    const { admin } = subject();
    const groups = async (): Promise<readonly string[]> => {
      const { json } = await expect(admin, { path: "/apis" }, 200);
      return (json as { groups: readonly { name: string }[] }).groups.map(({ name }) => name);
    };
    assert.ok(!(await groups()).includes(group));
    await withWidgets(admin, async () => {
      assert.ok((await groups()).includes(group));
      const list = await expect(admin, { path: "/apis/example.com/v1" }, 200);
      assert.deepEqual(
        (list.json as { resources: readonly { name: string; verbs: readonly string[] }[] }).resources.map(
          ({ name, verbs }) => [name, verbs.join()],
        ),
        [
          ["widgets", "delete,deletecollection,get,list,patch,create,update,watch"],
          ["widgets/status", "get,patch,update"],
          ["widgets/scale", "get,patch,update"],
        ],
      );
      const v3 = await expect(admin, { path: "/openapi/v3/apis/example.com/v1" }, 200);
      const { components, paths } = v3.json as {
        components: {
          schemas: Record<string, { properties: Record<string, { properties?: Record<string, object> }> }>;
        };
        paths: Record<string, unknown>;
      };
      assert.deepEqual(components.schemas["com.example.v1.Widget"]?.properties["spec"]?.properties?.["size"], {
        type: "integer",
        minimum: 1,
        maximum: 10,
        default: 3,
      });
      assert.ok("/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/status" in paths);
      const v2 = await expect(admin, { path: "/openapi/v2" }, 200);
      assert.ok("com.example.v1.WidgetList" in (v2.json as { definitions: object }).definitions);
    });
    assert.ok(!(await groups()).includes(group));
    await expect(admin, { path: "/apis/example.com/v1" }, 404);
    await expect(admin, { path: "/openapi/v3/apis/example.com/v1" }, 404);
  });

  test("a changed schema holds from the next request on, for what is stored too; watches end", async () => {
    const { admin } = subject();
    await withWidgets(admin, async (path) => {
      await expect(admin, { method: "POST", path, body: widget("old", { code: "abc" }) }, 201);
      const watch = await admin.watch(`${path}?watch=1`);
      assert.equal((await nextEvent(watch)).object.metadata.name, "old");
      const base = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
      await expect(
        admin,
        {
          method: "PATCH",
          path: `${definitionsPath}/widgets.example.com`,
          headers: { "content-type": "application/json-patch+json" },
          body: [
            { op: "add", path: `${base}/added`, value: { type: "string", default: "new" } },
            { op: "replace", path: `${base}/code/pattern`, value: "^x" },
          ],
        },
        200,
      );
      assert.equal(await watch.next(), undefined);
      const object = seen(await expect(admin, { path: `${path}/old` }, 200));
      assert.deepEqual(object.spec, { code: "abc", size: 3, added: "new" });
      // What was there before and is as it was is let be.
      const put = { ...(object as object), spec: { ...object.spec, size: 4 } };
      await expect(admin, { method: "PUT", path: `${path}/old`, body: put }, 200);
      await expect(admin, { method: "POST", path, body: widget("new", { code: "abc" }) }, 422);
    });
  });

  test("names that another definition of the group has are not accepted until they are free", async () => {
    const { admin } = subject();
    await withWidgets(admin, async () => {
      const names = {
        plural: "gadgets",
        kind: "Widget",
        singular: "gadget",
        listKind: "GadgetList",
        shortNames: ["wi"],
      };
      const rival = definitionOf("Gadget", [{ name: "v1" }], { names });
      await expect(admin, { method: "POST", path: definitionsPath, body: rival }, 201);
      const refused = await condition(admin, "gadgets.example.com", "NamesAccepted", "False");
      assert.deepEqual([refused.reason, refused.message], ["KindConflict", '"Widget" is already in use']);
      const waiting = await condition(admin, "gadgets.example.com", "Established", "False");
      assert.deepEqual([waiting.reason, waiting.message], ["NotAccepted", "not all names are accepted"]);
      await expect(admin, { path: "/apis/example.com/v1/namespaces/default/gadgets" }, 404);
    });
    const accepted = await condition(admin, "gadgets.example.com", "NamesAccepted", "True");
    assert.deepEqual([accepted.reason, accepted.message], ["NoConflicts", "no conflicts found"]);
    await condition(admin, "gadgets.example.com", "Established", "True");
    await withdraw(admin, "gadgets.example.com");
  });

  test("a definition goes with its objects; while it goes, none is made", async () => {
    const { admin } = subject();
    const path = await establish(admin, widgets());
    const held = { ...widget("held"), metadata: { name: "held", finalizers: ["example.com/hold"] } };
    await expect(admin, { method: "POST", path, body: held }, 201);
    await expect(admin, { method: "POST", path, body: widget("free") }, 201);
    const watch = await admin.watch(`${path}?watch=1&fieldSelector=metadata.name%3Dfree`);
    assert.equal((await nextEvent(watch)).type, "ADDED");
    await expect(admin, { method: "DELETE", path: `${definitionsPath}/widgets.example.com` }, 200);
    const going = await condition(admin, "widgets.example.com", "Terminating", "True");
    assert.ok(going.reason.startsWith("InstanceDeletion"));
    assert.equal((await nextEvent(watch)).type, "DELETED");
    const text =
      'widgets.example.com "late" is forbidden: create not allowed while custom resource definition is terminating';
    await expect(
      admin,
      { method: "POST", path, body: widget("late") },
      403,
      failure(403, "Forbidden", text, { name: "late", group, kind: "widgets" }),
    );
    await expect(
      admin,
      {
        method: "PATCH",
        path: `${path}/held`,
        headers: { "content-type": "application/merge-patch+json" },
        body: { metadata: { finalizers: null } },
      },
      200,
    );
    await eventually(() => expect(admin, { path: `${definitionsPath}/widgets.example.com` }, 404));
    assert.equal(await watch.next(), undefined);
    // The same name again begins with nothing.
    await withWidgets(admin, async (again) => {
      assert.deepEqual(seen(await expect(admin, { path: again }, 200)).items, []);
    });
  });
});
