import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { readJson } from "../json/read-json.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import { goJson } from "../text/go-json.ts";
import { byteLength, compareText } from "../text/go-quote.ts";
import { compare } from "./compare.ts";
import type { Conflict } from "./conflict.ts";
import { differenceOf, type FieldSet, hasPath } from "./field-set.ts";
import { typeErrors } from "./validate.ts";
import { fieldSetOf } from "./whole-set.ts";

/** Where client-side apply keeps the configuration it applied last. */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** The one manager whose applies take over from client-side apply. */
export const kubectlManager = "kubectl";

/** Bytes of all annotations' keys and values together (validation.TotalAnnotationSizeLimitB). */
const maxAnnotationBytes = 256 * 1024;

/**
 * Conflicts that remain when the fields that client-side apply wrote, and nobody changed since, may be taken over: those that
 * the annotation lists with the values they still have (managedfields/internal/lastappliedmanager.go).
 */
export function conflictsBeyondLastApplied(
  conflicts: readonly Conflict[],
  live: JsonObject,
  schema: ObjectSchema,
): readonly Conflict[] {
  const allowed = lastAppliedFields(live, schema);
  return allowed === undefined ? conflicts : conflicts.filter(({ path }) => !hasPath(allowed, path));
}

function lastAppliedFields(live: JsonObject, schema: ObjectSchema): FieldSet | undefined {
  const text = annotationsOf(live)?.[lastAppliedAnnotation];
  if (typeof text !== "string" || text === "") return undefined;
  const applied = parseObject(text);
  if (applied === undefined || applied["apiVersion"] !== live["apiVersion"]) return undefined;
  if (typeErrors(schema, applied).length > 0) return undefined;
  const { modified, added, removed } = compare(schema, applied, live);
  return differenceOf(differenceOf(differenceOf(fieldSetOf(schema, applied), modified), added), removed);
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = readJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const metadata = object["metadata"];
  const annotations = isJsonObject(metadata) ? metadata["annotations"] : undefined;
  return isJsonObject(annotations) ? annotations : undefined;
}

/**
 * The object with its annotation, if it has one, brought up to what was applied now, so that client-side apply still finds its
 * way (managedfields/internal/lastappliedupdater.go). The annotation goes where it would be too large.
 */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  const before = annotations?.[lastAppliedAnnotation];
  if (annotations === undefined || typeof before !== "string" || before === "") return object;
  const updated: JsonObject = { ...annotations, [lastAppliedAnnotation]: configurationText(applied) };
  if (sizeBytes(updated) > maxAnnotationBytes) delete updated[lastAppliedAnnotation];
  return { ...object, metadata: { ...(object["metadata"] as JsonObject), annotations: updated } };
}

function sizeBytes(annotations: JsonObject): number {
  let size = 0;
  for (const key in annotations) size += byteLength(key) + byteLength(String(annotations[key]));
  return size;
}

/** The configuration as Go writes it: keys sorted, a line feed at the end, without the annotation itself. */
function configurationText(applied: JsonObject): string {
  const annotations = annotationsOf(applied);
  if (annotations === undefined || !Object.hasOwn(annotations, lastAppliedAnnotation))
    return `${goJson(sorted(applied))}\n`;
  const { [lastAppliedAnnotation]: _, ...rest } = annotations;
  const metadata = { ...(applied["metadata"] as JsonObject), annotations: rest };
  return `${goJson(sorted({ ...applied, metadata }))}\n`;
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).sort(compareText);
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key]!)]));
}
