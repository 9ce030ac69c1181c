import fc from "fast-check";
import type { JsonValue } from "../apimachinery/json/json.ts";
import type { ObjectSchema, ScalarSchema, Schema } from "../apimachinery/schema/schema.ts";

// Random objects of a structure, for tests: what a client may send that a decoder accepts, sensible or not.

const words = fc.constantFrom(
  "",
  "a",
  "b",
  "A_",
  "a/b",
  "10.0.0.1",
  "fd00::1",
  "10.0.0.0/8",
  "80%",
  "1Gi",
  "None",
  "ClusterIP",
  "NodePort",
  "LoadBalancer",
  "ExternalName",
  "Local",
  "Cluster",
  "IPv4",
  "IPv6",
  "TCP",
  "UDP",
  "SingleStack",
  "PreferDualStack",
  "ClientIP",
  "In",
  "Exists",
  "User",
  "ServiceAccount",
  "ClusterRole",
  "Resource",
  "External",
  "Object",
  "Pods",
  "cpu",
  "Prefix",
  "Exact",
  "*.a.b",
  "Container",
  "kubernetes.io/tls",
  "kubernetes.io/dockerconfigjson",
  "ü\u0000",
  "..",
);
const amounts = fc.constantFrom("0", "1", "-1", "100m", "1Gi", "1e3");

function scalar({ type, format }: ScalarSchema): fc.Arbitrary<JsonValue> {
  if (format === "quantity") return amounts;
  if (format === "byte") return fc.constantFrom("", "YQ==", "e30=", "AAAA");
  if (format === "date-time") return fc.constantFrom("2026-01-02T11:00:00Z", "1999-12-31T23:59:59Z");
  if (format === "micro-time") return fc.constantFrom("2026-01-02T11:00:00.000000Z", "1999-12-31T23:59:59.999999Z");
  if (format === "duration") return fc.constantFrom("0s", "1h30m0s");
  switch (type) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.oneof(fc.integer({ min: -2, max: 5 }), fc.constantFrom(80, 30000, 70000, 2147483647));
    case "number":
      return fc.constantFrom(0, 1.5, -1);
    case "int-or-string":
      return fc.oneof(fc.integer({ min: -1, max: 90 }), words);
    default:
      return words;
  }
}

/** At most `depth` structs deep; fields are there or not, wanted or not. */
function anyOf(schema: Schema, depth: number): fc.Arbitrary<JsonValue> {
  switch (schema.type) {
    case "object":
      return objectOf(schema, depth);
    case "map":
      return fc.dictionary(words, anyOf(schema.values, depth), { maxKeys: 2 }) as fc.Arbitrary<JsonValue>;
    case "list":
      return fc.array(anyOf(schema.items, depth), { maxLength: 3 }) as fc.Arbitrary<JsonValue>;
    case "any":
      return fc.constant({});
    default:
      return scalar(schema);
  }
}

/** A random object of the structure, as JSON. */
export function objectOf(schema: ObjectSchema, depth = 7): fc.Arbitrary<JsonValue> {
  if (depth === 0) return fc.constant({});
  const entries = [...schema.fields.values()].map(({ name, schema: inner }) => {
    // Built when it is first drawn: definitions may contain themselves.
    let built: fc.Arbitrary<JsonValue> | undefined;
    const lazy = fc.constant(undefined).chain(() => {
      built ??= anyOf(inner, depth - 1);
      return built;
    });
    return [name, lazy] as const;
  });
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] }) as fc.Arbitrary<JsonValue>;
}
