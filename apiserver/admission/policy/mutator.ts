import { type CompiledExpression, PolicyExpressions } from "../../../api/admissionregistration/v1/expressions.ts";
import type { MutatingAdmissionPolicy } from "../../../api/generated/types/admissionregistration-v1.ts";
import { mergeApplied } from "../../../apimachinery/apply/merge.ts";
import { formatTypeErrors, typeErrors } from "../../../apimachinery/apply/validate.ts";
import { checkTypeNames, ListValue, MapValue, toJson, type Value } from "../../../apimachinery/cel/mod.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../apimachinery/json/json.ts";
import { applyJsonPatch, isFailedTest, type JsonPatchOperation } from "../../../apimachinery/patch/json-patch.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import type { ObjectSchema, Schema } from "../../../apimachinery/schema/schema.ts";
import { compileAll } from "../dynamic/compile-conditions.ts";
import { Evaluator, type Input, runtimeBudget, type Variables } from "../dynamic/evaluate.ts";

export interface CompiledMutation {
  readonly type: "JSONPatch" | "ApplyConfiguration";
  readonly expression: CompiledExpression;
}

/** A mutating policy's expressions, compiled; what does not compile fails when it is evaluated. */
export interface CompiledMutations {
  readonly failurePolicy: string;
  readonly reinvokes: boolean;
  readonly variables: Variables;
  readonly conditions: readonly CompiledExpression[];
  readonly mutations: readonly CompiledMutation[];
}

export function compileMutatingPolicy({ spec }: MutatingAdmissionPolicy): CompiledMutations {
  const hasParams = spec.paramKind !== undefined;
  const expressions = new PolicyExpressions({ composes: true });
  const all = { hasParams, hasAuthorizer: true };
  const variables = new Map(
    (spec.variables ?? []).map(({ name, expression }) => [name, expressions.define(name, expression, all)] as const),
  );
  const compile = (text: string | undefined, result: "JSON patch" | "Object"): CompiledExpression =>
    expressions.compile(text ?? "", { ...all, hasPatchTypes: true }, result);
  return {
    failurePolicy: spec.failurePolicy,
    reinvokes: spec.reinvocationPolicy === "IfNeeded",
    variables,
    conditions: compileAll(expressions, spec.matchConditions ?? [], hasParams),
    mutations: (spec.mutations ?? []).map(({ patchType, jsonPatch, applyConfiguration }) =>
      patchType === "JSONPatch"
        ? { type: "JSONPatch", expression: compile(jsonPatch?.expression, "JSON patch") }
        : { type: "ApplyConfiguration", expression: compile(applyConfiguration?.expression, "Object") },
    ),
  };
}

/**
 * What a mutation makes of the object that `input` shows (admission/plugin/policy/mutating/patch). Changes nothing. Throws
 * Error in upstream's words where it cannot be.
 */
export function mutated(
  { type, expression }: CompiledMutation,
  input: Input,
  variables: Variables,
  schema: ObjectSchema,
): JsonObject {
  if ("problem" in expression) throw new Error(expression.problem);
  const result = new Evaluator(input, variables, runtimeBudget).evaluate(expression);
  if ("error" in result) throw new Error(result.error);
  const object = thaw(input.objects.object) as unknown as JsonObject;
  return type === "JSONPatch" ? patched(object, result.value) : applied(object, result.value, schema);
}

function patched(object: JsonObject, value: Value): JsonObject {
  if (!(value instanceof ListValue)) {
    throw new Error("type mismatch: JSONPatchType.expression should evaluate to array");
  }
  const operations: JsonPatchOperation[] = [];
  for (let i = 0; i < value.size(); i++) operations.push(operationOf(value.at(i) as Value));
  try {
    const after = applyJsonPatch(object, operations);
    if (!isJsonObject(after)) throw new Error("json: cannot unmarshal into Go value of type map[string]interface {}");
    return after;
  } catch (error) {
    // A patch whose test fails is not applied, and that is no failure.
    if (isFailedTest(error)) return object;
    const cause = error instanceof ApiError && error.cause instanceof Error ? error.cause : (error as Error);
    throw new Error(`JSON Patch: ${cause.message}`, { cause });
  }
}

function operationOf(value: Value): JsonPatchOperation {
  if (!(value instanceof MapValue) || value.objectType?.name !== "JSONPatch") {
    throw new Error("type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch");
  }
  const text = (name: string): string => (value.get(name) as string | undefined) ?? "";
  const from = text("from");
  const set = value.get("value") as Value | undefined;
  if (set !== undefined) checkNames(set);
  return {
    op: text("op"),
    path: text("path"),
    ...(from === "" ? {} : { from }),
    ...(set === undefined ? {} : { value: toJson(set) as JsonValue }),
  };
}

function applied(object: JsonObject, value: Value, schema: ObjectSchema): JsonObject {
  if (!(value instanceof MapValue)) throw new Error("unsupported return type from ApplyConfiguration expression");
  checkNames(value);
  const configuration = toJson(value) as JsonObject;
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  const whole = { ...configuration, apiVersion, kind };
  const wrong = typeErrors(schema, whole);
  const prefix = "error applying patch: ";
  if (wrong.length > 0) {
    throw new Error(`${prefix}failed to convert patch object to typed object: ${formatTypeErrors(wrong)}`);
  }
  const atomics = [...atomicPaths(schema, whole, "")];
  if (atomics.length > 0) {
    const text = `may not mutate atomic arrays, maps or structs: ${atomics.join(", ")}`;
    throw new Error(`${prefix}invalid ApplyConfiguration: ${text}`);
  }
  return mergeApplied(schema, object, whole);
}

/** Names of types say where a value belongs: `Object.spec` within `Object` is its `spec`. */
function checkNames(value: Value): void {
  const wrong = checkTypeNames(value);
  if (wrong.length > 0) throw new Error(`type mismatch: ${wrong.join("\n")}`);
}

/** What would be replaced as a whole, and so lose what is not said again. */
function* atomicPaths(schema: Schema, value: JsonValue, place: string): Generator<string> {
  if (schema.type === "list" && Array.isArray(value)) {
    if (schema.listType === "atomic") yield place;
    for (const [i, item] of value.entries()) yield* atomicPaths(schema.items, item, `${place}[${i}]`);
  }
  if ((schema.type !== "object" && schema.type !== "map") || !isJsonObject(value)) return;
  if (schema.mapType === "atomic") yield place;
  for (const [key, one] of Object.entries(value)) {
    const child = schema.type === "map" ? schema.values : schema.fields.get(key)?.schema;
    if (child !== undefined) yield* atomicPaths(child, one, `${place}.${key}`);
  }
}
