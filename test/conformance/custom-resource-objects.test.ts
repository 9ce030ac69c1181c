import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import { condition, definitionOf, definitionsPath, establish } from "../support/custom-resources.ts";

// Behaviour: apiextensions-apiserver/test/integration (objectmeta, cabundle, deprecation, yaml), with objects of our own.

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
});
