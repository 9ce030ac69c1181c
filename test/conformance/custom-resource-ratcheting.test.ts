import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "../../apimachinery/json/json.ts";
import { applyMergePatch } from "../../apimachinery/patch/merge-patch.ts";
import { expect, onBothProtocols, seen } from "../support/conformance.ts";
import { definitionOf, definitionsPath, establish } from "../support/custom-resources.ts";

// The cases of apiextensions-apiserver/test/integration/ratcheting_test.go of Kubernetes 1.36: what was stored before its schema
// became stricter may stay as long as nobody changes it (KEP-4008).

type Step =
  | { readonly schema: object }
  /** A merge patch of the schema. */
  | { readonly stricter: object }
  | { readonly apply: object }
  | { readonly refused: object };

interface Case {
  readonly says: string;
  /** Asks for what a status never is: created. */
  readonly noStatus?: boolean;
  readonly steps: readonly Step[];
}

const string = { type: "string" };
const integer = { type: "integer" };
const object = (properties: object): object => ({ type: "object", properties });
const mapOf = (values: object): object => ({ type: "object", additionalProperties: values });
const listOf = (items: object, more: object = {}): object => ({ type: "array", items, ...more });
const change = (properties: object): Step => ({ stricter: { properties } });
const server = (name: string, port: number, field = "value"): object => ({ name, port, field });
const [nginx, etcd, apiserver] = [server("nginx", 443), server("etcd", 2379), server("kube-apiserver", 6443)];
const three = ["value1", "value2", "value3"];
const rule = (text: string): object => ({ "x-kubernetes-validations": [{ rule: text }] });
const text = (stringField: string, intField: number, more: object = {}): object => ({ stringField, intField, ...more });

const cases: readonly Case[] = [
  {
    says: "minimum and maximum",
    steps: [
      { schema: object({ low: integer, high: integer, both: integer }) },
      { apply: { low: 0, high: 1000, both: 50 } },
      change({ low: { minimum: 10 }, high: { maximum: 20 }, both: { minimum: 10, maximum: 20 }, free: integer }),
      { apply: { low: 0, high: 1000, both: 50, free: 50 } },
      { apply: { free: 50 } },
      { refused: { low: 5 } },
      { refused: { low: 5, high: 21 } },
      { apply: { low: 11 } },
      { apply: { high: 19, both: 15 } },
    ],
  },
  {
    says: "enumerations",
    steps: [
      { schema: object({ chosen: string }) },
      { apply: { chosen: "good once" } },
      change({ chosen: { enum: ["A", "B", "C"] }, other: string }),
      { apply: { chosen: "good once" } },
      { apply: { chosen: "good once", other: "anything" } },
      { refused: { chosen: "D" } },
      { apply: { chosen: "A" } },
      { refused: { chosen: "good once" } },
    ],
  },
  {
    says: "values of maps",
    steps: [
      { schema: object({ nums: mapOf(integer), content: mapOf(string) }) },
      { apply: { nums: { one: 1, two: 1_000_000 }, content: { k1: "some", k2: "other" } } },
      change({ nums: { additionalProperties: { minimum: 1000 } } }),
      { apply: { nums: { one: 1, two: 2000 } } },
      { refused: { nums: { one: 2, two: 2000 } } },
    ],
  },
  {
    says: "how many properties",
    steps: [
      { schema: object({ restricted: mapOf(string), free: mapOf(string) }) },
      { apply: { restricted: { key1: "hi", key2: "there" } } },
      change({ restricted: { minProperties: 1, maxProperties: 1 } }),
      { apply: { restricted: { key1: "hi", key2: "there" }, free: { key1: "yo" } } },
      { refused: { restricted: { key1: "changed", key2: "there" }, free: { key1: "yo" } } },
      change({ restricted: { minProperties: 2, maxProperties: null } }),
      { apply: { restricted: { key1: "hi", key2: "there", key3: "buddy" } } },
      { refused: { restricted: { key1: "hi" } } },
      change({ restricted: { minProperties: null, maxProperties: 1 } }),
      { apply: { restricted: { key1: "hi", key2: "there", key3: "buddy" }, free: { key1: "v", key2: "v" } } },
      { refused: { restricted: { key1: "hi", key2: "theres", key3: "buddy" } } },
    ],
  },
  {
    says: "the fewest items",
    steps: [
      { schema: object({ field: string, list: listOf(string) }) },
      { apply: { list: three } },
      change({ list: { minItems: 10 } }),
      { apply: { list: three, field: "value" } },
      { refused: { list: ["value2", "value2", "value3"] } },
      { refused: { list: [...three, "value4"] } },
      { apply: { list: [...three, "4", "5", "6", "7", "8", "9", "10"] } },
      { refused: { list: three } },
    ],
  },
  {
    says: "the most items",
    steps: [
      { schema: object({ field: string, list: listOf(string) }) },
      { apply: { list: three } },
      change({ list: { maxItems: 1 } }),
      { apply: { list: three, field: "value" } },
      { refused: { list: ["value2", "value2", "value3"] } },
      { refused: { list: ["value1", "value2"] } },
      { apply: { list: ["value1"] } },
      { refused: { list: three } },
    ],
  },
  {
    says: "lengths",
    steps: [
      { schema: object({ long: string, short: string, other: string }) },
      { apply: { long: "value", short: "valueThatsVeryLongSee" } },
      change({ long: { minLength: 10 }, short: { maxLength: 15 } }),
      { apply: { long: "value", short: "valueThatsVeryLongSee", other: "o" } },
      { apply: { long: "valuelength13", short: "valueThatsVeryLongSee", other: "o" } },
      { apply: { short: "l2" } },
      { refused: { short: "valuewithlength17" } },
      { refused: { long: "value" } },
      { refused: { short: "valueThatsVeryLongSee" } },
    ],
  },
  {
    says: "patterns",
    steps: [
      { schema: object({ field: string }) },
      { apply: { field: "does not abide" } },
      change({ field: { pattern: "^[1-9]+$" }, other: string }),
      { apply: { field: "does not abide", other: "added" } },
      { refused: { field: "w123", other: "added" } },
      { apply: { field: "123", other: "added" } },
    ],
  },
  {
    says: "formats",
    steps: [
      { schema: object({ field: string }) },
      { apply: { field: "does not abide any format" } },
      change({ field: { format: "byte" }, other: string }),
      { apply: { field: "does not abide any format", other: "value" } },
      { refused: { field: "asd" } },
      { apply: { field: "dGhpcyBpcyBwYXNzd29yZA==" } },
      change({ field: { format: "date-time" } }),
      { apply: { field: "dGhpcyBpcyBwYXNzd29yZA==", other: "value2" } },
      { apply: { field: "2018-11-13T20:20:39+00:00", other: "value2" } },
      { refused: { field: "dGhpcyBpcyBwYXNzd29yZA==", other: "value2" } },
      { refused: { field: "does not abide any format" } },
    ],
  },
  {
    says: "items that have keys, wherever they stand",
    steps: [
      {
        schema: object({
          list: listOf(
            { ...object({ name: string, port: integer, field: string }), required: ["name", "port"] },
            { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "port"] },
          ),
        }),
      },
      { apply: { list: [nginx, etcd, apiserver] } },
      change({ list: { maxItems: 2 } }),
      { apply: { list: [apiserver, nginx, etcd] } },
      { refused: { list: [apiserver, nginx, etcd, server("dev", 8080)] } },
      change({ list: { maxItems: null, items: { properties: { port: { multipleOf: 2 } } } } }),
      { apply: { list: [nginx, etcd, apiserver] } },
      { apply: { list: [nginx, etcd, server("kube-apiserver", 6443, "changed"), server("dev", 8080)] } },
      { refused: { list: [nginx, etcd, apiserver, server("odd", 8081)] } },
    ],
  },
  {
    says: "but no items that have none",
    steps: [
      { schema: object({ values: listOf(mapOf(string)), other: string }) },
      {
        apply: {
          values: [
            { name: "1", key: "value" },
            { name: "2", key: "value" },
          ],
        },
      },
      change({ values: { items: { additionalProperties: { minLength: 6 } } } }),
      {
        refused: {
          values: [
            { name: "1", key: "value" },
            { name: "2", key: "bad" },
          ],
        },
      },
      {
        apply: {
          values: [
            { name: "1", key: "value" },
            { name: "2", key: "value" },
          ],
          other: "hello",
        },
      },
      {
        refused: {
          values: [
            { name: "1", key: "value" },
            { name: "2", key: "value", key2: "valid value" },
          ],
        },
      },
      {
        refused: {
          values: [
            { name: "2", key: "value", key2: "valid value" },
            { name: "1", key: "value" },
          ],
        },
      },
    ],
  },
  {
    says: "nor rules of changes, which may know what was there or not",
    noStatus: true,
    steps: [
      {
        schema: object({
          field: {
            ...string,
            "x-kubernetes-validations": [{ rule: "!oldSelf.hasValue()", optionalOldSelf: true }],
          },
        }),
      },
      { apply: { field: "value" } },
      { refused: { field: "value2" } },
      { refused: { field: "value" } },
    ],
  },
  {
    says: "nor rules of changes",
    steps: [
      { schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      { apply: { own: "mine", other: "other" } },
      {
        schema: {
          ...object({ own: { ...string, ...rule("oldSelf != 'mine' || self == 'valid'") } }),
          "x-kubernetes-preserve-unknown-fields": true,
        },
      },
      { refused: { other: "new", own: "mine" } },
      { apply: { other: "new", own: "valid" } },
    ],
  },
  {
    says: "rules of what is there",
    steps: [
      { schema: object({ field: mapOf(object({ stringField: string, intField: integer, more: integer })) }) },
      {
        apply: {
          field: { one: text("a string", 5), two: text("another string", 15), three: text("a third string", 7) },
        },
      },
      change({
        field: {
          additionalProperties: { properties: { stringField: rule("self.startsWith('k8s')") } },
        },
      }),
      {
        apply: {
          field: {
            one: text("a string", 5),
            two: text("another string", 15),
            three: text("a third string", 7),
            four: text("k8s third string", 7),
          },
        },
      },
      { apply: { field: { one: text("a string", 15), two: text("another string", 10, { more: 20 }) } } },
      { refused: { field: { two: { stringField: "a changed string" }, three: { stringField: "a changed third" } } } },
      { apply: { field: { one: text("a string", 1000), four: text("k8s third string", 7000) } } },
      { refused: { field: { one: text("k8s third string", 1000), four: text("a string", 7000) } } },
      { apply: { field: { one: text("k8s a stringy", 1000), four: text("k8s third stringy", 7000) } } },
    ],
  },
];

onBothProtocols("what was stored may stay although its schema is stricter now:", (subject) => {
  const path = "/apis/example.com/v1/namespaces/default/widgets";

  test("(the definition)", async () => {
    await establish(subject().admin, definitionOf("Widget", [{ name: "v1", subresources: { status: {} } }]));
  });

  const setSchema = async (schema: object): Promise<void> => {
    const version = { name: "v1", served: true, storage: true, subresources: { status: {} } };
    const body = { spec: { versions: [{ ...version, schema: { openAPIV3Schema: schema } }] } };
    const headers = { "content-type": "application/merge-patch+json" };
    await expect(
      subject().admin,
      { method: "PATCH", path: `${definitionsPath}/widgets.example.com`, headers, body },
      200,
    );
  };

  const apply = async (where: string, more: object, code: number): Promise<void> => {
    const body = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "one" }, ...more };
    const headers = { "content-type": "application/apply-patch+yaml" };
    const call = { method: "PATCH", path: `${where}?fieldManager=manager`, headers, body: JSON.stringify(body) };
    const answer = await subject().admin.call(call);
    const status = answer.status === 201 ? 200 : answer.status;
    assert.equal(status, code, `${JSON.stringify(more)} was answered ${answer.status} ${seen(answer).message}`);
  };

  for (const { says, steps, noStatus = false } of cases) {
    for (const part of noStatus ? [""] : ["", "status"]) {
      test(`${says}${part === "" ? "" : ", of a status"}`, async () => {
        const { admin } = subject();
        const where = part === "" ? `${path}/one` : `${path}/one/status`;
        const body = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "one" } };
        if (part !== "") await expect(admin, { method: "POST", path, body }, 201);
        let schema: object = {};
        for (const step of steps) {
          if ("schema" in step || "stricter" in step) {
            const next = "schema" in step ? step.schema : applyMergePatch(schema as never, step.stricter as JsonValue);
            schema = next as object;
            await setSchema(part === "" ? schema : object({ status: schema }));
            continue;
          }
          const fields = "apply" in step ? step.apply : step.refused;
          await apply(where, part === "" ? fields : { status: fields }, "apply" in step ? 200 : 422);
        }
        await expect(admin, { method: "DELETE", path: `${path}/one` }, 200);
      });
    }
  }
});
