import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { findResource } from "../../api/mod.ts";
import { decodeProtobuf, encodeProtobuf } from "../../api/protobuf.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { JsonSyntaxError, parseJson, stringifyJson } from "../../apimachinery/json/strict-json.ts";
import { applyJsonPatch, decodeJsonPatch } from "../../apimachinery/patch/json-patch.ts";
import { applyMergePatch } from "../../apimachinery/patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../../apimachinery/patch/strategic-merge-patch.ts";
import { parseYaml, splitYamlDocuments, YamlError } from "../../apimachinery/yaml/yaml.ts";
import { answersOrSays, bent, cases, damaged, isLinear, soup, valueWith, within } from "../support/fuzz.ts";

const pod: JsonObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "p",
    labels: { a: "b" },
    finalizers: ["x/y"],
    creationTimestamp: "2024-01-02T03:04:05Z",
    managedFields: [
      { manager: "m", operation: "Apply", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: { "f:spec": {} } },
    ],
  },
  spec: {
    containers: [
      {
        name: "c",
        image: "i",
        ports: [{ containerPort: 80, protocol: "TCP" }],
        env: [{ name: "E", value: "v" }],
        resources: { limits: { cpu: "100m", memory: "1Gi" } },
        livenessProbe: { httpGet: { port: "http", path: "/" }, periodSeconds: 3 },
      },
    ],
    tolerations: [{ key: "k", operator: "Exists" }],
    volumes: [{ name: "v", configMap: { name: "m", items: [{ key: "a", path: "b" }] } }],
  },
};
const definition: JsonObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "as.example.com" },
  spec: {
    group: "example.com",
    scope: "Cluster",
    names: { plural: "as", kind: "A" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { a: { type: "array", items: { type: "string", enum: ["x"], default: "x" } } },
            additionalProperties: { type: "integer", maximum: 5 },
          },
        },
      },
    ],
  },
};
const secret: JsonObject = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { a: "aGk=", b: "" } };
const objects = [pod, definition, secret];
const copy = <T>(value: T): T => structuredClone(value);

describe("decoders take whatever comes", () => {
  const json = [
    ...objects.map((object) => JSON.stringify(object)),
    "[1,2e5,-0.1e-7,9007199254740993]",
    '"\\ud83d\\ude00"',
  ];
  const jsonPieces = [
    '"',
    "\\",
    "\\u",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "1e999",
    "-",
    "\u0000",
    "\ufeff",
    "null",
  ];

  test("JSON is read or refused, and what is read is written and read again the same", within(20_000), () => {
    fc.assert(
      fc.property(fc.oneof(damaged(json, jsonPieces), soup(jsonPieces).map(Buffer.from)), (bytes) => {
        const parsed = answersOrSays(() => parseJson(bytes), { errors: [JsonSyntaxError] });
        if (parsed === undefined) return;
        const text = stringifyJson(parsed.value);
        assert.equal(stringifyJson(parseJson(text).value), text);
      }),
      cases(3_000),
    );
    isLinear(parseJson, ["[", '{"a":', '{"a":1,', '"', "\\u0000", "1", "[1,", " ", '"\\', "-", "[[],"], {
      errors: [JsonSyntaxError],
    });
    isLinear((text) => parseJson(`{${text}"z":0}`), ['"a":1,', '"a":{"a":1,"a":2},'], { errors: [JsonSyntaxError] });
  });

  const yaml = [
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels: {a: b, 'c': \"d\\n\"}\nspec:\n- &x [1, 2.5, .inf, ~, yes]\n- *x\n- |\n  text\n  more\n- >-\n  folded\n",
    "a: &a\n  b: 1\nc:\n  <<: *a\n  d: !!str 5\n? [x]\n: y\n",
    "%YAML 1.1\n--- !t\n- 0x1f\n- 1:20\n- 2001-01-01\n...\n",
  ];
  const yamlPieces = [
    "&a ",
    "*a",
    "- ",
    ": ",
    "? ",
    "|",
    ">",
    "\t",
    "\n",
    "  ",
    "<<: ",
    "!!binary ",
    "!<x> ",
    "---\n",
    "...\n",
    "#",
    "'",
    '"',
    "%TAG ! x\n",
    "{",
    "[",
    ",",
    "]",
    "}",
    "\\x",
    "=",
    "0o",
    "\u0085",
    "\u2028",
  ];

  test("YAML is read or refused in its own words", within(20_000), () => {
    fc.assert(
      fc.property(fc.oneof(damaged(yaml, yamlPieces), soup(yamlPieces).map(Buffer.from)), (bytes) => {
        const text = bytes.toString("utf8");
        const parsed = answersOrSays(() => parseYaml(text), { errors: [YamlError] });
        if (parsed !== undefined) stringifyJson(parsed.value);
        answersOrSays(() => splitYamlDocuments(text));
      }),
      cases(2_000),
    );
    const pieces = [
      "- ",
      "a: ",
      "[",
      "{",
      "[a,",
      "{a: ",
      "? ",
      "&a ",
      "*a ",
      "'",
      '"',
      "\t",
      "a\n",
      "- a\n",
      "!!str ",
      "#",
      "---\n",
      " ",
      "|\n",
      "<<: ",
      "a: 1\n",
    ];
    isLinear(parseYaml, pieces, { errors: [YamlError] });
    isLinear(splitYamlDocuments, pieces);
  });

  test("aliases that would grow without end are refused before they do", () => {
    const laughs = Array.from({ length: 30 }, (_, i) =>
      i === 0 ? "a0: &a0 [x,x,x,x,x,x,x,x,x,x]" : `a${i}: &a${i} [${`*a${i - 1},`.repeat(10)}]`,
    ).join("\n");
    const merges = Array.from({ length: 40 }, (_, i) =>
      i === 0 ? "a0: &a0 {x: 1}" : `a${i}: &a${i} {l: *a${i - 1}, r: *a${i - 1}, <<: [*a${i - 1}, *a${i - 1}]}`,
    ).join("\n");
    const square = `a: &a [${"x,".repeat(20_000)}]\nb: [${"*a,".repeat(20_000)}]`;
    const keys = `a: &a {${Array.from({ length: 5_000 }, (_, i) => `k${i}: 1`).join(", ")}}\nb:\n${"- {<<: *a}\n".repeat(5_000)}`;
    const itself = "&a [*a, *a]";
    for (const text of [laughs, merges, square, keys, itself]) {
      const before = process.memoryUsage().heapUsed;
      const parsed = answersOrSays(() => parseYaml(text), { errors: [YamlError], limitMs: 3_000 });
      assert.equal(parsed, undefined, text.slice(0, 30));
      assert.ok(process.memoryUsage().heapUsed - before < 256 * 1024 * 1024, text.slice(0, 30));
    }
  });

  const encoded = objects.map((object) => Buffer.from(encodeProtobuf(object)));
  /** A varint of too many bytes, lengths beyond the end, groups, and fields that nobody knows. */
  const wire = [
    "ffffffffffffffffff01",
    "ffffffffffffffffffff",
    "0aff7f",
    "12ffffffff07",
    "0b",
    "0c",
    "fb",
    "0f",
    "00",
    "ba3f00",
    "0a00",
  ];

  test("protobuf is read or refused, and what is read can be written", within(20_000), () => {
    const pieces = wire.map((hex) => Buffer.from(hex, "hex"));
    fc.assert(
      fc.property(damaged(encoded, pieces), (bytes) => {
        const object = answersOrSays(() => decodeProtobuf(bytes), { errors: [SyntaxError] });
        if (object !== undefined) answersOrSays(() => encodeProtobuf(object as JsonObject), { errors: [ApiError] });
      }),
      cases(4_000),
    );
    for (const whole of encoded) {
      for (let end = 0; end < whole.length; end++) {
        answersOrSays(() => decodeProtobuf(whole.subarray(0, end)), { errors: [SyntaxError] });
      }
    }
  });

  test("protobuf of a depth that no stack holds is refused", () => {
    const unknown = (raw: Buffer): Buffer => {
      const meta = Buffer.concat([
        field(1, Buffer.from("apiextensions.k8s.io/v1")),
        field(2, Buffer.from("CustomResourceDefinition")),
      ]);
      return Buffer.concat([Buffer.from("6b387300", "hex"), field(1, meta), field(2, raw)]);
    };
    // JSONSchemaProps.not = 24 of itself, without end; the sizes of the layers are written from within.
    let inner = Buffer.alloc(0);
    for (let i = 0; i < 20_000; i++) inner = Buffer.concat([header(24, inner.length), inner]);
    const raw = field(2, field(7, Buffer.concat([field(1, Buffer.from("v1")), field(4, field(1, inner))])));
    answersOrSays(() => decodeProtobuf(unknown(raw)), { errors: [SyntaxError] });
    const groups = unknown(Buffer.alloc(200_000, 0x0b));
    answersOrSays(() => decodeProtobuf(groups), { errors: [SyntaxError] });
  });
});

function header(number: number, length: number): Buffer {
  const bytes: number[] = [];
  for (const start of [number * 8 + 2, length]) {
    let rest = start;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  }
  return Buffer.from(bytes);
}
const field = (number: number, content: Buffer): Buffer => Buffer.concat([header(number, content.length), content]);

describe("patches take whatever comes", () => {
  const names = [
    "metadata",
    "spec",
    "labels",
    "containers",
    "name",
    "ports",
    "containerPort",
    "protocol",
    "$patch",
    "$retainKeys",
    "$setElementOrder/containers",
    "$deleteFromPrimitiveList/finalizers",
    "finalizers",
    "volumes",
    "env",
    "$setElementOrder/env",
  ];
  const any = valueWith(names, ["replace", "delete", "merge", "c", "TCP"]);
  const schema = findResource("", "v1", "pods")!.schema;

  test("JSON patches leave the document alone and answer with an object or an ApiError", within(20_000), () => {
    const path = fc.oneof(
      fc.constantFrom(
        "",
        "/",
        "/metadata",
        "/spec/containers/0",
        "/spec/containers/-",
        "/spec/containers/00",
        "/spec/containers/-1",
        "/spec/containers/99999999999",
        "/metadata/labels/__proto__",
        "/__proto__/x",
        "/metadata/labels/a~1b",
        "/~2",
        "x",
        "/spec/containers/0/ports/0/containerPort",
      ),
      fc.string({ maxLength: 6 }),
    );
    const operation = fc.record(
      {
        op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "x", 5, null),
        path,
        from: path,
        value: any,
      },
      { requiredKeys: ["op"] },
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.array(operation, { maxLength: 5 }), bent([[{ op: "add", path: "/a", value: 1 }]], any)),
        (body) => {
          const before = JSON.stringify(pod);
          answersOrSays(() => applyJsonPatch(pod, decodeJsonPatch(copy(body)).operations), { errors: [ApiError] });
          assert.equal(JSON.stringify(pod), before);
        },
      ),
      cases(2_000),
    );
    const doubling = Array.from({ length: 200 }, () => ({ op: "copy", from: "", path: "/x" }));
    answersOrSays(() => applyJsonPatch({ a: 1 }, doubling as never), { errors: [ApiError] });
  });

  for (const [name, apply] of [
    ["merge patches", (body: unknown) => applyMergePatch(pod, body)],
    ["strategic merge patches", (body: unknown) => applyStrategicMergePatch(schema, pod, body)],
  ] as const) {
    test(`${name} leave the document alone and answer with an object or an ApiError`, within(20_000), () => {
      const patch = {
        spec: {
          ...(pod["spec"] as object),
          "$setElementOrder/containers": [{ name: "c" }],
          $retainKeys: ["containers"],
        },
        metadata: { "$deleteFromPrimitiveList/finalizers": ["x/y"] },
      };
      fc.assert(
        fc.property(fc.oneof(any, bent([pod, patch], any)), (body) => {
          const before = JSON.stringify(pod);
          const after = answersOrSays(() => apply(copy(body)), { errors: [ApiError] });
          if (after !== undefined) JSON.stringify(after);
          assert.equal(JSON.stringify(pod), before);
          assert.equal(({} as Record<string, unknown>)["x"], undefined);
        }),
        cases(2_000),
      );
    });
  }
});
