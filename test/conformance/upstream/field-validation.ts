import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf, establish } from "../../support/custom-resources.ts";
import { describeUpstream } from "../../support/upstream.ts";

const text = { type: "string" };
const ports = {
  type: "array",
  "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
  "x-kubernetes-list-type": "map",
  items: {
    type: "object",
    required: ["containerPort", "protocol"],
    properties: {
      containerPort: { type: "integer", format: "int32" },
      hostIP: text,
      hostPort: { type: "integer", format: "int32" },
      name: text,
      protocol: text,
    },
  },
};
const cronSpec = { type: "string", pattern: "^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$" };
const schemaOf = (more: object = {}, properties: object = {}): object => ({
  properties: { spec: { type: "object", ...more, properties: { foo: text, cronSpec, ports, ...properties } } },
});
const preserve = { "x-kubernetes-preserve-unknown-fields": true };
const rest = `
  cronSpec: "* * * * */5"
  ports:
  - name: x
    containerPort: 80
    protocol: TCP`;

describeUpstream(
  "FieldValidation",
  (use) => {
    const deployment = (metadata: string, spec: string): string => `{
      "apiVersion": "apps/v1", "kind": "Deployment",
      "metadata": {"name": "my-dep", ${metadata} "labels": {"app": "nginx"}},
      "spec": {${spec} "selector": {"matchLabels": {"app": "nginx"}}, "template": {
        "metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [{"name": "nginx", "image": "nginx:latest"}]}}}}`;
    /** As client-go sends bytes of the caller's: without saying what they are. */
    const post = async (body: string, validation: string) => {
      const path = `/apis/apps/v1/namespaces/default/deployments?fieldManager=mgr&fieldValidation=${validation}`;
      return use.admin.call({ method: "POST", path, body: Buffer.from(body) });
    };

    test("should detect unknown and duplicate fields of a typed object", async () => {
      const body = deployment("", '"unknownField": "foo", "replicas": 2, "replicas": 3,');
      const answer = await post(body, "Strict");
      assert.equal(answer.status, 400);
      assert.match(
        (answer.json as { message: string }).message,
        /strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"/,
      );
    });

    test("should detect unknown metadata fields of a typed object", async () => {
      const answer = await post(deployment('"unknownMeta": "foo",', ""), "Strict");
      assert.equal(answer.status, 400);
      assert.match(
        (answer.json as { message: string }).message,
        /strict decoding error: unknown field "metadata.unknownMeta"/,
      );
      const warned = await post(deployment('"unknownMeta": "foo",', ""), "Warn");
      assert.deepEqual(
        [warned.status, warned.headers["warning"]],
        [201, '299 - "unknown field \\"metadata.unknownMeta\\""'],
      );
    });

    let count = 0;
    const apply = async (schema: object, body: string) => {
      const kind = `Noxu${++count}`;
      const versions = [
        { name: "v1beta1", schema },
        { name: "v1beta2", schema },
      ];
      const path = await establish(use.admin, definitionOf(kind, versions, { scope: "Cluster" }));
      return use.admin.call({
        method: "PATCH",
        path: `${path}/mytest?fieldManager=field_validation_mgr&fieldValidation=Strict`,
        headers: { "content-type": "application/apply-patch+yaml", accept: "application/json" },
        body: `\napiVersion: example.com/v1beta1\nkind: ${kind}\nmetadata:\n  name: mytest${body}${rest}`,
      });
    };
    const messageOf = (answer: { readonly json: unknown }): string => (answer.json as { message: string }).message;

    test("should create/apply a valid CR for CRD with validation schema", async () => {
      const answer = await apply(schemaOf(), "\nspec:\n  foo: foo1");
      assert.equal(answer.status, 201, answer.text);
    });

    test("should create/apply a CR with unknown fields for CRD with no validation schema", async () => {
      const answer = await apply(preserve, "\nspec:\n  unknown: uk1");
      assert.equal(answer.status, 201, answer.text);
    });

    test("should create/apply an invalid CR with extra properties for CRD with validation schema", async () => {
      const answer = await apply(schemaOf(), "\nunknownField: unknown\nspec:\n  foo: foo1");
      assert.match(messageOf(answer), /\.unknownField: field not declared in schema/);
    });

    test("should detect unknown metadata fields in both the root and embedded object of a CR", async () => {
      const template = {
        type: "object",
        "x-kubernetes-embedded-resource": true,
        properties: { metadata: { type: "object", properties: { name: text } }, spec: { type: "object" } },
      };
      const body = `
  unknownMeta: unknown
spec:
  template:
    apiversion: foo/v1
    kind: Sub
    metadata:
        unknownSubMeta: unknown
        name: subobject
        namespace: default
  foo: foo1`;
      const answer = await apply(schemaOf(preserve, { template }), body);
      assert.match(
        messageOf(answer),
        /\.spec\.template\.metadata\.unknownSubMeta: field not declared in schema|\.metadata\.unknownMeta: field not declared in schema/,
      );
    });

    test("should detect duplicates in a CR when preserving unknown fields", async () => {
      const answer = await apply(schemaOf(preserve), "\nspec:\n  unknown: uk1\n  foo: foo1\n  foo: foo2");
      assert.match(messageOf(answer), /line 9: key "foo" already set in map/);
    });
  },
  { controllers: false },
);
