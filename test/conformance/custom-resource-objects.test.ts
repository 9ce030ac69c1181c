import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import { condition, definitionOf, definitionsPath, establish } from "../support/custom-resources.ts";

// Behaviour: apiextensions-apiserver/test/integration (objectmeta, cabundle, deprecation, yaml, defaulting, table, scope,
// subresources, basic), with objects of our own.

const object = { type: "object" };
const open = { ...object, "x-kubernetes-preserve-unknown-fields": true };
const embedded = { ...open, "x-kubernetes-embedded-resource": true };
const yaml = { accept: "application/yaml" };
const metadataOf = (value: unknown) => (value as { metadata: Record<string, unknown> }).metadata;

onBothProtocols("objects of custom resources", (subject) => {
  test("metadata is metadata: wrong types are refused, unknown fields dropped, its rules hold within embedded objects too", async () => {
    const { admin } = subject();
    const properties = { inner: embedded, plain: open, deep: { ...embedded, properties: { inner: embedded } } };
    const path = await establish(admin, definitionOf("Nest", [{ name: "v1", schema: { properties } }]));
    const post = (metadata: object, more: object, code: number) =>
      expect(
        admin,
        { method: "POST", path, body: { apiVersion: "example.com/v1", kind: "Nest", metadata, ...more } },
        code,
      );

    const wrong = seen(await post({ name: "a", labels: { foo: 42 } }, {}, 400));
    assert.match(wrong.message!, /^Nest in version "v1" cannot be handled as a Nest: json: cannot unmarshal/);

    const inner = { apiVersion: "foo/v1", kind: "Foo", metadata: { name: "foo", unspecified: "bar" } };
    const made = seen(
      await post({ name: "a", unknown: 42, generation: null }, { inner, plain: inner, deep: { ...inner, inner } }, 201),
    ) as Seen & Record<"inner" | "plain" | "deep", object>;
    assert.equal(made.metadata.generation, 1);
    assert.equal("unknown" in made.metadata, false);
    assert.deepEqual(
      [
        metadataOf(made.inner),
        metadataOf(made.plain),
        metadataOf(made.deep),
        metadataOf((made.deep as typeof made).inner),
      ],
      [{ name: "foo" }, { name: "foo", unspecified: "bar" }, { name: "foo" }, { name: "foo" }],
    );

    const bad = { apiVersion: "foo/v1", kind: "%", metadata: { name: ".." } };
    const refused = seen(
      await post({ name: "b", labels: { foo: "x y" } }, { inner: bad, deep: { ...bad, inner: bad } }, 422),
    ) as unknown as { details: { causes: { field: string }[] } };
    assert.deepEqual(refused.details.causes.map(({ field }) => field).sort(), [
      "deep.inner.kind",
      "deep.inner.metadata.name",
      "deep.kind",
      "deep.metadata.name",
      "inner.kind",
      "inner.metadata.name",
      "metadata.labels",
    ]);
    const mistyped = { ...inner, metadata: { name: "x", namespace: 42 } };
    const message = seen(await post({ name: "c" }, { inner: mistyped }, 400)).message!;
    assert.match(message, /inner\.metadata: Invalid value/);
  });

  test("a conversion webhook's authority that is none keeps a definition from being established", async () => {
    const { admin } = subject();
    const clientConfig = { caBundle: "Cg==", service: { namespace: "default", name: "example" } };
    const conversion = { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } };
    const body = definitionOf("Stray", [{ name: "v1" }], { conversion });
    await expect(admin, { method: "POST", path: definitionsPath, body }, 201);
    const { reason } = await condition(admin, "strays.example.com", "Established", "False");
    assert.equal(reason, "InvalidCABundle");
  });

  test("a deprecated version says so, and which one is newer", async () => {
    const { admin } = subject();
    const versions = [
      { name: "v1alpha1", storage: false, deprecated: true },
      { name: "v1alpha2", deprecated: true, deprecationWarning: "custom deprecation warning" },
      { name: "v1beta3" },
      { name: "v1beta2" },
      { name: "v1", storage: true, served: false },
    ];
    await establish(admin, definitionOf("Dep", versions, { scope: "Cluster" }));
    const warned = async (version: string) =>
      (await expect(admin, { path: `/apis/example.com/${version}/deps` }, 200)).headers["warning"];
    assert.equal(
      await warned("v1alpha1"),
      '299 - "example.com/v1alpha1 Dep is deprecated; use example.com/v1beta3 Dep"',
    );
    assert.equal(await warned("v1alpha2"), '299 - "custom deprecation warning"');
    assert.deepEqual([await warned("v1beta2"), await warned("v1beta3")], [undefined, undefined]);
  });

  test("YAML is spoken everywhere but in watches and patches", async () => {
    const { admin } = subject();
    const path = await establish(admin, definitionOf("Text", [{ name: "v1", schema: open }]));
    const send = (method: string, where: string, body: string, code: number) =>
      expect(admin, { method, path: where, headers: { ...yaml, "content-type": "application/yaml" }, body }, code);
    const text = (n: number) =>
      `apiVersion: example.com/v1\nkind: Text\nmetadata:\n  name: t\nvalues:\n  number: ${n}\n  text: "${n}"\n`;
    const made = await send("POST", path, text(1), 201);
    assert.match(made.text, /^values:\n {2}number: 1\n {2}text: "1"$/m);
    const changed = text(2).replace(
      "name: t",
      `name: t\n  resourceVersion: ${/resourceVersion: "\d+"/.exec(made.text)![0].split(" ")[1]}`,
    );
    assert.match((await send("PUT", `${path}/t`, changed, 200)).text, /number: 2/);
    const list = await expect(admin, { path, headers: yaml }, 200);
    assert.match(list.text, /^kind: TextList$/m);
    const lost = await expect(admin, { path: `${path}/none`, headers: yaml }, 404);
    assert.match(lost.text, /^reason: NotFound$/m);
    const watch = await expect(admin, { path: `${path}?watch=true`, headers: yaml }, 406);
    assert.match(watch.text, /^reason: NotAcceptable$/m);
    assert.match((await send("PATCH", `${path}/t`, "values: {}\n", 415)).text, /^reason: UnsupportedMediaType$/m);
    const gone = await expect(admin, { method: "DELETE", path: `${path}/t`, headers: yaml }, 200);
    assert.match(gone.text, /^status: Success$/m);
  });

  test("defaults of objects within keep no fields that metadata has not", async () => {
    const { admin } = subject();
    const whole = { apiVersion: "foos/v1", kind: "Foo", metadata: { name: "Bar", unknown: "unknown" } };
    const text = (value: string) => ({ type: "string", default: value });
    const named = { apiVersion: text("foos/v1"), kind: text("Foo") };
    const fields = { type: "object", properties: { name: text("Bar"), unknown: text("unknown") } };
    const inner = { ...object, "x-kubernetes-embedded-resource": true };
    const properties = {
      fields: { ...inner, properties: { ...named, metadata: fields } },
      metadata_: { ...inner, properties: { ...named, metadata: { ...object, default: whole.metadata } } },
      whole: { ...embedded, default: whole },
      spanning: { ...object, properties: { embedded }, default: { embedded: whole } },
    };
    const path = await establish(admin, definitionOf("Def", [{ name: "v1", schema: { properties } }]));
    const body = { apiVersion: "example.com/v1", kind: "Def", metadata: { name: "a" } };
    await expect(admin, { method: "POST", path, body: { ...body, fields: { metadata: {} }, metadata_: {} } }, 201);
    const found = (await expect(admin, { path: `${path}/a` }, 200)).json as Record<string, object>;
    const pruned = { ...whole, metadata: { name: "Bar" } };
    assert.deepEqual(
      [found["fields"], found["metadata_"], found["whole"], found["spanning"]],
      [pruned, pruned, pruned, { embedded: pruned }],
    );
  });

  test("cells show what does not fit their type as nothing, and objects as JSON with sorted keys", async () => {
    const { admin } = subject();
    const column = (name: string, type: string) => ({ name, type, jsonPath: `.spec.${name}` });
    const additionalPrinterColumns = [
      column("word", "integer"),
      column("list", "string"),
      column("map", "string"),
      column("half", "integer"),
      column("word", "date"),
      column("none", "string"),
    ];
    const path = await establish(admin, definitionOf("Cell", [{ name: "v1", schema: open, additionalPrinterColumns }]));
    const spec = { word: "bar", list: [1, 2, 3], map: { b: "<", a: [true] }, half: 1.5 };
    const body = { apiVersion: "example.com/v1", kind: "Cell", metadata: { name: "a" }, spec };
    await expect(admin, { method: "POST", path, body }, 201);
    for (const version of ["v1", "v1beta1"]) {
      const headers = { accept: `application/json;as=Table;v=${version};g=meta.k8s.io, application/json` };
      const table = (await expect(admin, { path, headers }, 200)).json as {
        apiVersion: string;
        rows: { cells: unknown[] }[];
      };
      assert.equal(table.apiVersion, `meta.k8s.io/${version}`);
      const cells = ["a", null, "[1,2,3]", '{"a":[true],"b":"\\u003c"}', 1, "<invalid>", null];
      assert.deepEqual(table.rows[0]!.cells, cells);
    }
  });

  test("in the wrong scope there is nothing but lists across namespaces, and a scale takes no strategic merge patch", async () => {
    const { admin } = subject();
    const subresources = { status: {}, scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.n" } };
    for (const scope of ["Namespaced", "Cluster"]) {
      const kind = `In${scope.toLowerCase()}`;
      const definition = definitionOf(kind, [{ name: "v1", schema: open, subresources }], { scope });
      const path = await establish(admin, definition);
      const other = `/apis/example.com/v1${scope === "Cluster" ? "/namespaces/default" : ""}/${kind.toLowerCase()}s`;
      const body = { apiVersion: "example.com/v1", kind, metadata: { name: "a" }, spec: { replicas: 1 } };
      await expect(admin, { method: "POST", path, body }, 201);
      await expect(admin, { method: "POST", path: other, body }, 404);
      await expect(admin, { method: "DELETE", path: other }, 404);
      for (const part of ["", "/status", "/scale"]) {
        for (const method of ["GET", "PUT", "DELETE"]) {
          await expect(admin, { method, path: `${other}/a${part}`, ...(method === "PUT" ? { body } : {}) }, 404);
        }
      }
      await expect(
        admin,
        { path: `${path}?fieldSelector=metadata.namespace=default` },
        scope === "Cluster" ? 400 : 200,
      );
      const read = scope === "Cluster" ? 404 : 200;
      await expect(admin, { path: other }, read);
      for (const part of ["", "/status", "/scale"]) {
        const headers = { "content-type": "application/strategic-merge-patch+json" };
        await expect(admin, { method: "PATCH", path: `${path}/a${part}`, headers, body: "{}" }, 415);
      }
      const refused = seen(await expect(admin, { method: "DELETE", path: `${path}/a/status` }, 405));
      assert.equal(
        refused.message,
        `delete is not supported on resources of kind "${kind.toLowerCase()}s.example.com"`,
      );
    }
  });

  test("an object says its kind, and replicas fit 32 bits", async () => {
    const { admin } = subject();
    const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
    const path = await establish(admin, definitionOf("Size", [{ name: "v1", schema: open, subresources: { scale } }]));
    const post = async (body: object | string, code: number) =>
      seen(await expect(admin, { method: "POST", path, body: body as object }, code)).message;
    const unnamed = "Size in version \"v1\" cannot be handled as a Size: Object 'Kind' is missing in ";
    assert.equal(await post({ metadata: { name: "a" } }, 400), `${unnamed}'{"metadata":{"name":"a"}}'`);
    assert.equal(await post({}, 400), `${unnamed}'{}'`);
    const typed = '"apiVersion":"example.com/v1","kind":"Size"';
    assert.equal(
      await post(`{${typed},"metadata":{"name":"a"},"spec":{"replicas":9223372036854775807}}`, 422),
      'Size.example.com "a" is invalid: .spec.replicas: Invalid value: 9223372036854775807: should be less than or equal to 2147483647',
    );
  });
});
