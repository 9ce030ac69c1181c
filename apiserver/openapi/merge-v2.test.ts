import assert from "node:assert/strict";
import { test } from "node:test";
import { mergedSwagger, withPaths } from "./merge-v2.ts";

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const parameter = (name: string) => ({ $ref: `#/parameters/${name}` });
const kinds = (...names: string[]) => ({
  "x-kubernetes-group-version-kind": names.map((group) => ({ group, version: "v1", kind: "Thing" })),
});

test("what is the same is shared, what differs is renamed where it is referred to", () => {
  const local = {
    swagger: "2.0",
    paths: { "/api": {} },
    definitions: { Meta: { a: 1 }, Same: { b: 1, a: 2 }, Meta_v2: {} },
  };
  const part = {
    paths: { "/apis/g/v1/things": { get: ref("Thing") } },
    definitions: { Thing: { meta: ref("Meta"), same: ref("Same") }, Meta: { a: 2 }, Same: { a: 2, b: 1 } },
  };
  const merged = {
    swagger: "2.0",
    paths: { "/api": {}, "/apis/g/v1/things": { get: ref("Thing") } },
    definitions: {
      Meta: { a: 1 },
      Meta_v2: {},
      Meta_v3: { a: 2 },
      Same: { b: 1, a: 2 },
      Thing: { meta: ref("Meta_v3"), same: ref("Same") },
    },
  };
  assert.deepEqual(mergedSwagger(local, [part]), merged);
  // A name that was given before is taken again by the same.
  const again = { ...part, paths: { "/apis/g/v2/things": { get: ref("Meta") } }, definitions: { Meta: { a: 2 } } };
  assert.deepEqual(mergedSwagger(local, [part, again]).paths, {
    ...merged.paths,
    "/apis/g/v2/things": { get: ref("Meta_v3") },
  });
});

test("a new name is one that neither document has", () => {
  const local = { paths: {}, definitions: { A: { a: 1 } } };
  const part = { paths: { "/a": [ref("A"), ref("A_v2")] }, definitions: { A: { a: 2 }, A_v2: { a: 3 } } };
  assert.deepEqual(mergedSwagger(local, [part]), {
    paths: { "/a": [ref("A_v3"), ref("A_v2")] },
    definitions: { A: { a: 1 }, A_v2: { a: 3 }, A_v3: { a: 2 } },
  });
});

test("definitions that differ in their kinds alone are one, of all these kinds", () => {
  const local = { paths: {}, definitions: { Options: { a: 1, ...kinds("b", "d") }, None: { a: 1 } } };
  const part = {
    paths: { "/a": [ref("Options"), ref("None")] },
    definitions: { Options: { a: 1, ...kinds("d", "c") }, None: { a: 1, ...kinds("a") } },
  };
  assert.deepEqual(mergedSwagger(local, [part]).definitions, {
    Options: { a: 1, ...kinds("b", "c", "d") },
    None: { a: 1, ...kinds("a") },
  });
});

test("parameters come along, and are renamed like definitions", () => {
  const local = { paths: {}, parameters: { "limit-1": { name: "limit" }, "page-1": { name: "page" } } };
  const part = {
    paths: { "/a": [parameter("limit-1"), parameter("page-1"), parameter("more-1")] },
    parameters: { "limit-1": { name: "other" }, "page-1": { name: "page" }, "more-1": { schema: ref("A") } },
    definitions: { A: { a: 2 } },
  };
  assert.deepEqual(mergedSwagger({ ...local, definitions: { A: {} } }, [part]), {
    paths: { "/a": [parameter("limit-1_v2"), parameter("page-1"), parameter("more-1")] },
    parameters: {
      "limit-1": { name: "limit" },
      "limit-1_v2": { name: "other" },
      "more-1": { schema: ref("A_v2") },
      "page-1": { name: "page" },
    },
    definitions: { A: {}, A_v2: { a: 2 } },
  });
});

test("a path that is taken stays, and brings nothing", () => {
  const local = { paths: { "/a": { get: 1 } }, definitions: {} };
  const part = {
    paths: { "/a": ref("A"), "/b": ref("B") },
    definitions: { A: { to: ref("C") }, B: {}, C: {}, Lone: {} },
  };
  assert.deepEqual(mergedSwagger(local, [part]), {
    paths: { "/a": { get: 1 }, "/b": ref("B") },
    definitions: { B: {}, Lone: {} },
  });
  const taken = { paths: { "/a": ref("A") }, definitions: { A: {}, Lone: {} } };
  assert.deepEqual(mergedSwagger(local, [taken]), local);
  assert.deepEqual(mergedSwagger(local, [{}, { definitions: { A: {} } }]), local);
});

test("with some of its paths, a document keeps what they lead to, by whatever way, and what nothing led to before", () => {
  const document = {
    paths: { "/apis/g/v1/things": [ref("Thing"), parameter("a")], "/version": ref("Info") },
    definitions: { Thing: { items: [ref("Part")] }, Part: { self: ref("Part") }, Info: {}, Body: {}, Lone: {} },
    parameters: { a: { schema: ref("Body") }, b: {} },
  };
  assert.deepEqual(
    withPaths(document, (path) => path.startsWith("/apis/g/v1/")),
    {
      paths: { "/apis/g/v1/things": [ref("Thing"), parameter("a")] },
      definitions: { Thing: { items: [ref("Part")] }, Part: { self: ref("Part") }, Body: {}, Lone: {} },
      parameters: { a: { schema: ref("Body") }, b: {} },
    },
  );
});
