import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf, establish, withdraw } from "../../support/custom-resources.ts";
import { describeUpstream } from "../../support/upstream.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly [more: string]: unknown;
}

const text = (description: string, more: object = {}): object => ({ description, type: "string", ...more });
const foo = {
  description: "Foo CRD for Testing",
  type: "object",
  properties: {
    spec: {
      type: "object",
      description: "Specification of Foo",
      properties: {
        bars: {
          description: "List of Bars and their specs.",
          type: "array",
          items: {
            type: "object",
            required: ["name"],
            properties: {
              name: text("Name of Bar."),
              age: text("Age of Bar."),
              feeling: text("Whether Bar is feeling great.", { enum: ["Great", "Down"] }),
              bazs: { description: "List of Bazs.", items: { type: "string" }, type: "array" },
            },
          },
        },
      },
    },
    status: {
      description: "Status of Foo",
      type: "object",
      properties: {
        bars: {
          description: "List of Bars and their statuses.",
          type: "array",
          items: {
            type: "object",
            properties: {
              name: text("Name of Bar."),
              available: { description: "Whether the Bar is installed.", type: "boolean" },
              quxType: text("Indicates to external qux type.", { pattern: "in-tree|out-of-tree" }),
            },
          },
        },
      },
    },
  },
};
const waldo = {
  description: "Waldo CRD for Testing",
  type: "object",
  properties: {
    spec: { description: "Specification of Waldo", type: "object", properties: { dummy: text("Dummy property.") } },
  },
};
const preserve = { "x-kubernetes-preserve-unknown-fields": true };

describeUpstream(
  "CustomResourcePublishOpenAPI",
  (use) => {
    let etag = "";
    let last: Readonly<Record<string, Schema>> = {};
    /** As upstream asks: in JSON, on the condition that it changed. */
    const definitions = async (): Promise<Readonly<Record<string, Schema>>> => {
      const headers = etag === "" ? {} : { "if-none-match": etag };
      const answer = await use.admin.call({ path: "/openapi/v2", headers });
      if (answer.status === 304) return last;
      assert.equal(answer.status, 200);
      etag = String(answer.headers["etag"]);
      last = (answer.json as { definitions: typeof last }).definitions;
      return last;
    };
    const nameOf = (group: string, version: string, kind: string): string =>
      `${group.split(".").reverse().join(".")}.${version}.${kind}`;
    /** Without what the server adds to each. */
    function bare({ "x-kubernetes-group-version-kind": _, properties = {}, ...rest }: Schema): object {
      const { apiVersion: __, kind: ___, metadata: ____, ...own } = properties;
      return Object.keys(own).length === 0 ? rest : { ...rest, properties: own };
    }
    const isPublished = async (name: string, schema: object): Promise<void> => {
      const published = (await definitions())[name];
      assert.ok(published, `${name} is not published`);
      assert.deepEqual(bare(published), schema);
    };
    const define = async (
      kind: string,
      schema: object,
      group: string,
      versions: readonly string[],
    ): Promise<string> => {
      const definition = definitionOf(
        kind,
        versions.map((name) => ({ name, schema })),
        { group },
      );
      const name = `${kind.toLowerCase()}s.${group}`;
      await establish(use.admin, { ...definition, metadata: { name } });
      return name;
    };
    const goes = async (name: string, ...published: string[]): Promise<void> => {
      await withdraw(use.admin, name);
      for (const one of published) assert.equal((await definitions())[one], undefined);
    };

    for (const [title, group, schema, expected] of [
      ["works for CRD with validation schema", "foo.example.com", foo, foo],
      [
        "works for CRD without validation schema",
        "empty.example.com",
        { ...preserve, type: "object" },
        { type: "object" },
      ],
      [
        "works for CRD preserving unknown fields at the schema root",
        "unknown-at-root.example.com",
        {
          description: "preserve-unknown-properties at root for Testing",
          ...preserve,
          type: "object",
          properties: foo.properties,
        },
        { type: "object" },
      ],
      [
        "works for CRD preserving unknown fields in an embedded object",
        "unknown-in-nested.example.com",
        {
          description: "preserve-unknown-properties in nested field for Testing",
          type: "object",
          properties: {
            spec: {
              description: "Specification of Waldo",
              type: "object",
              ...preserve,
              properties: { dummy: text("Dummy property.") },
            },
          },
        },
        {
          description: "preserve-unknown-properties in nested field for Testing",
          type: "object",
          properties: { spec: { description: "Specification of Waldo", type: "object", ...preserve } },
        },
      ],
    ] as const) {
      test(title, async () => {
        const name = await define("Published", schema, group, ["v1"]);
        await isPublished(nameOf(group, "v1", "Published"), expected);
        await goes(name);
      });
    }

    test("kinds and their lists tell by which fields they are found", async () => {
      const versions = [{ name: "v1", schema: waldo, selectableFields: [{ jsonPath: ".spec.dummy" }] }];
      await establish(use.admin, definitionOf("Selected", versions));
      for (const kind of ["Selected", "SelectedList"]) {
        const published = (await definitions())[nameOf("example.com", "v1", kind)];
        assert.deepEqual(published?.["x-kubernetes-selectable-fields"], [{ fieldPath: "spec.dummy" }]);
      }
      await goes("selecteds.example.com");
    });

    test("works for multiple CRDs of different groups", async () => {
      const first = await define("Foo", foo, "foo.example.com", ["v1"]);
      const second = await define("Waldo", waldo, "waldo.example.com", ["v1beta1"]);
      await isPublished("com.example.waldo.v1beta1.Waldo", waldo);
      await isPublished("com.example.foo.v1.Foo", foo);
      await goes(first);
      await goes(second, "com.example.foo.v1.Foo", "com.example.waldo.v1beta1.Waldo");
    });

    test("works for multiple CRDs of same group but different versions", async () => {
      const many = await define("Foo", foo, "multi-ver.example.com", ["v2", "v3"]);
      for (const version of ["v3", "v2"]) await isPublished(`com.example.multi-ver.${version}.Foo`, foo);
      await goes(many);
      const first = await define("Foo", foo, "common-group.example.com", ["v4"]);
      const second = await define("Waldo", waldo, "common-group.example.com", ["v5"]);
      await isPublished("com.example.common-group.v5.Waldo", waldo);
      await isPublished("com.example.common-group.v4.Foo", foo);
      await goes(first);
      await goes(second);
    });

    test("works for multiple CRDs of same group and version but different kinds", async () => {
      const first = await define("Foo", foo, "common-group.example.com", ["v6"]);
      const second = await define("Waldo", waldo, "common-group.example.com", ["v6"]);
      await isPublished("com.example.common-group.v6.Waldo", waldo);
      await isPublished("com.example.common-group.v6.Foo", foo);
      await goes(first);
      await goes(second);
    });

    test("updates the published spec when one version gets renamed", async () => {
      const name = await define("Foo", foo, "multi-ver.example.com", ["v2", "v3"]);
      await use.typed("customresourcedefinitions").patch(name, "json", [
        { op: "test", path: "/spec/versions/1/name", value: "v3" },
        { op: "replace", path: "/spec/versions/1/name", value: "v4" },
      ]);
      await isPublished("com.example.multi-ver.v4.Foo", foo);
      assert.equal((await definitions())["com.example.multi-ver.v3.Foo"], undefined);
      await isPublished("com.example.multi-ver.v2.Foo", foo);
      await goes(name);
    });

    test("removes definition from spec when one version gets changed to not be served", async () => {
      const name = await define("Foo", foo, "multi-to-single-ver.example.com", ["v5", "v6alpha1"]);
      await isPublished("com.example.multi-to-single-ver.v6alpha1.Foo", foo);
      await use
        .typed("customresourcedefinitions")
        .change(name, ({ spec }) => Object.assign(spec.versions[1], { served: false }));
      assert.equal((await definitions())["com.example.multi-to-single-ver.v6alpha1.Foo"], undefined);
      await isPublished("com.example.multi-to-single-ver.v5.Foo", foo);
      await goes(name);
    });
  },
  { controllers: false },
);
