import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, nextEvent, onBothProtocols, seen } from "../support/conformance.ts";
import { definitionOf, definitionsPath, establish, withdraw } from "../support/custom-resources.ts";
import type { Answer } from "../support/http.ts";

// apiextensions-apiserver/test/integration of Kubernetes 1.36, in requests of our own: versioning_test.go, registration_test.go,
// change_test.go, listtype_test.go and limit_test.go.

const open = { "x-kubernetes-preserve-unknown-fields": true };
const path = "/apis/example.com/v1/namespaces/default/widgets";
const widget = (name: string, more: object = {}, version = "v1"): object => ({
  apiVersion: `example.com/${version}`,
  kind: "Widget",
  metadata: { name },
  ...more,
});
const merge = { "content-type": "application/merge-patch+json" };

onBothProtocols("definitions come, change and go", (subject) => {
  const call = (method: string, where: string, body: object, code: number): Promise<Answer> =>
    expect(subject().admin, { method, path: where, body, ...(method === "PATCH" ? { headers: merge } : {}) }, code);
  const change = (versions: object[]): Promise<Answer> =>
    call("PATCH", `${definitionsPath}/widgets.example.com`, { spec: { versions } }, 200);
  const versionsOf = (...versions: { readonly name: string; readonly [more: string]: unknown }[]): object[] =>
    (definitionOf("Widget", versions) as { spec: { versions: object[] } }).spec.versions;

  test("an object is validated in the version of the request (TestInternalVersionIsHandlerVersion)", async () => {
    const { admin } = subject();
    const schema = {
      ...open,
      properties: { apiVersion: { type: "string", pattern: "^example.com/v1$" } },
      required: ["apiVersion"],
    };
    await establish(
      admin,
      definitionOf("Widget", [
        { name: "v1", schema: open, storage: false },
        { name: "v2", schema: open, storage: true },
      ]),
    );
    await call("POST", path, widget("foo"), 201);
    await change(versionsOf({ name: "v1", schema, storage: false }, { name: "v2", schema, storage: true }));
    await call("PATCH", `${path}/foo`, { i: 1 }, 200);
    const refused = seen(await call("PATCH", `${path.replace("v1", "v2")}/foo`, { i: 2 }, 422));
    assert.equal(
      refused.message,
      'Widget.example.com "foo" is invalid: apiVersion: Invalid value: "example.com/v2": apiVersion in body should match \'^example.com/v1$\'',
    );
    await withdraw(admin, "widgets.example.com");
  });

  test("instances are watched, listed and deleted (TestMultipleResourceInstances)", async () => {
    const { admin } = subject();
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: open }]));
    const { resourceVersion } = seen(await expect(admin, { path }, 200)).metadata;
    const watch = await admin.watch(`${path}?watch=1&resourceVersion=${resourceVersion}`);
    const made = new Map<string, unknown>();
    for (const name of ["foo", "bar"]) made.set(name, (await call("POST", path, widget(name), 201)).json);
    for (const name of ["foo", "bar"]) {
      const { type, object } = await nextEvent(watch);
      assert.deepEqual([type, object], ["ADDED", made.get(name)]);
      assert.deepEqual((await expect(admin, { path: `${path}/${name}` }, 200)).json, made.get(name));
    }
    assert.deepEqual(seen(await expect(admin, { path }, 200)).items, [made.get("bar"), made.get("foo")]);
    for (const name of ["foo", "bar"]) await expect(admin, { method: "DELETE", path: `${path}/${name}` }, 200);
    assert.deepEqual(seen(await expect(admin, { path }, 200)).items, []);
    for (const name of ["foo", "bar"]) {
      const { type, object } = await nextEvent(watch);
      assert.deepEqual([type, object.metadata.name], ["DELETED", name]);
    }
    await withdraw(admin, "widgets.example.com");
  });

  test("what is registered again begins anew (TestDeRegistrationAndReRegistration, TestMultipleRegistration)", async () => {
    const { admin } = subject();
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: open }]));
    const other = await establish(admin, definitionOf("Gadget", [{ name: "v1", schema: open }]));
    const first = (await call("POST", path, widget("foo"), 201)).json;
    await call("POST", other, { ...widget("foo"), kind: "Gadget" }, 201);
    assert.deepEqual((await expect(admin, { path: `${path}/foo` }, 200)).json, first);
    await withdraw(admin, "widgets.example.com");
    await expect(admin, { path }, 404);
    await expect(admin, { path: `${path}/foo` }, 404);
    await expect(admin, { path: `${other}/foo` }, 200);
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: open }]));
    assert.deepEqual(seen(await expect(admin, { path }, 200)).items, []);
    await expect(admin, { path: `${path}/foo` }, 404);
    await call("POST", path, widget("foo"), 201);
    await withdraw(admin, "widgets.example.com");
    await withdraw(admin, "gadgets.example.com");
  });

  test("a definition that changes ends its watches, and no request fails meanwhile (TestChangeCRD)", async () => {
    const { admin } = subject();
    const one = [{ name: "v1", schema: open }] as const;
    const two = [...one, { name: "v2", schema: open }] as const;
    await establish(admin, definitionOf("Widget", one));
    const watches = await Promise.all(Array.from({ length: 10 }, () => admin.watch(`${path}?watch=1`)));
    await change(versionsOf(...two));
    for (const watch of watches) assert.equal(await watch.next(), undefined);
    let changing = true;
    const changes = (async () => {
      for (let i = 0; changing; i++) await change(versionsOf(...(i % 2 === 0 ? one : two)));
    })();
    const readers = Array.from({ length: 10 }, async (_, i) => {
      await call("POST", path, widget(`foo-${i}`), 201);
      for (let round = 0; round < 20; round++) await expect(admin, { path: `${path}/foo-${i}` }, 200);
    });
    await Promise.all(readers).finally(() => {
      changing = false;
    });
    await changes;
    await withdraw(admin, "widgets.example.com");
  });

  test("items of maps and sets are unique, but for what was there before (TestListTypes)", async () => {
    const { admin } = subject();
    const integer = { type: "integer" };
    const map = {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["a", "b"],
      items: { type: "object", required: ["a", "b"], properties: { a: integer, b: integer } },
    };
    const set = {
      type: "array",
      "x-kubernetes-list-type": "set",
      items: { type: "object", "x-kubernetes-map-type": "atomic", additionalProperties: integer },
    };
    const properties = { goodMap: map, goodSet: set, badMap: map, badSet: set };
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: { properties } }]));
    const goodMap = [1, 2, 3].map((b) => ({ a: 1, b }));
    const goodSet = [{ a: 1, b: 1 }, { a: 1, b: 2 }, { a: 1 }, { a: 1, b: 4 }];
    const twice = <T>(list: readonly T[]): readonly T[] => [...list, list[0]!];
    const bad = { badMap: twice(goodMap), badSet: twice(goodSet) };
    const refused = seen(await call("POST", path, widget("foo", { goodMap, goodSet, ...bad }), 422));
    const duplicates = ['badMap[3]: Duplicate value: {"a":1,"b":1}', 'badSet[4]: Duplicate value: {"a":1,"b":1}'];
    assert.equal(refused.message, `Widget.example.com "foo" is invalid: [${duplicates.join(", ")}]`);
    const made = seen(await call("POST", path, widget("foo", { goodMap, goodSet }), 201));
    const doubled = { ...made, goodMap: twice(goodMap), goodSet: twice(goodSet) };
    const changed = seen(await call("PUT", `${path}/foo`, doubled, 422));
    assert.equal(
      changed.message,
      `Widget.example.com "foo" is invalid: [${duplicates.join(", ").replaceAll("bad", "good")}]`,
    );
    const narrower = { ...properties, goodMap: { ...map, "x-kubernetes-list-map-keys": ["a"] } };
    await change(versionsOf({ name: "v1", schema: { properties: narrower } }));
    await call("PUT", `${path}/foo`, doubled, 200);
    await withdraw(admin, "widgets.example.com");
  });

  test("bodies and their depth have limits (TestLimits)", async () => {
    const { admin } = subject();
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: open }]));
    const mebi = 1024 * 1024;
    const send = (contentType: string, body: string, code: number, method = "POST", where = path): Promise<Answer> =>
      expect(admin, { method, path: where, headers: { "content-type": contentType }, body }, code);
    const nested = (count: number): string => "[".repeat(count) + "]".repeat(count);
    const head = '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"test"},"values":';
    const yaml = "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: test\nvalues: ";
    await send("application/yaml", yaml + "[".repeat(3 * mebi), 413);
    await send("application/yaml", yaml + nested(1.5 * mebi - 500), 400);
    await send("application/yaml", yaml + "[".repeat(3 * mebi - 1000), 400);
    await send("application/json", `${head}${nested(1.5 * mebi)}}`, 413);
    await send("application/json", `${head}${nested(1.5 * mebi - 500)}}`, 400);
    await send("application/json", `${head}${"[".repeat(3 * mebi - 1000)}}`, 400);
    await call("POST", path, widget("test"), 201);
    const deep = nested(1.5 * mebi - 100);
    const patch = (type: string, body: string, query = ""): Promise<Answer> =>
      send(`application/${type}`, body, 400, "PATCH", `${path}/test${query}`);
    await patch("json-patch+json", `[{"op":"add","path":"/foo","value":${deep}}]`);
    await patch("merge-patch+json", `{"value":${deep}}`);
    await patch("apply-patch+yaml", `{"value":${deep}}`, "?fieldManager=test");
    await withdraw(admin, "widgets.example.com");
  });
});
