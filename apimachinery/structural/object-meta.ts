import type { FieldError } from "../field/error.ts";
import { invalid, required } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import type { ObjectMeta } from "../resource/object.ts";
import { decodeObject } from "../schema/decode.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import { goQuote } from "../text/go-quote.ts";
import { isDNS1035Label } from "../validation/dns.ts";
import { pathSegmentName } from "../validation/names.ts";
import { validateObjectMeta } from "../validation/object-meta.ts";
import { itemsOf, type Props, propertyOf, valuesOf } from "./props.ts";

// Rules: apiextensions-apiserver/pkg/apiserver/schema/objectmeta.

const relevant = new WeakMap<Props, boolean>();

/** Whether whole objects stand anywhere within a value of the schema. */
function embeds(props: Props): boolean {
  let answer = relevant.get(props);
  if (answer === undefined) {
    const inner = [itemsOf(props), valuesOf(props), ...Object.values(props.properties ?? {})];
    answer = props["x-kubernetes-embedded-resource"] === true || inner.some((one) => one !== undefined && embeds(one));
    relevant.set(props, answer);
  }
  return answer;
}

/** The schemas of a value's parts that may hold objects, with their places. */
function* parts(value: JsonValue, props: Props, place: Path): Generator<readonly [JsonValue, Props, Path]> {
  if (Array.isArray(value)) {
    const items = itemsOf(props);
    if (items !== undefined) for (let i = 0; i < value.length; i++) yield [value[i]!, items, place.index(i)];
  } else if (isJsonObject(value)) {
    const values = valuesOf(props);
    for (const key in value) {
      const property = propertyOf(props, key);
      if (property !== undefined) yield [value[key]!, property, place.child(key)];
      else if (values !== undefined) yield [value[key]!, values, place.key(key)];
    }
  }
}

/**
 * Makes the metadata of objects within the value canonical, in place. Returns the first that is none, and adds unknown
 * fields of metadata to `unknown`.
 */
export function coerceEmbedded(
  value: JsonValue,
  props: Props,
  metadata: ObjectSchema,
  place: Path,
  unknown: string[],
): FieldError | undefined {
  if (!embeds(props)) return undefined;
  if (props["x-kubernetes-embedded-resource"] === true && isJsonObject(value)) {
    const problem = coerceObject(value, metadata, place, unknown);
    if (problem !== undefined) return problem;
  }
  for (const [inner, schema, at] of parts(value, props, place)) {
    const problem = coerceEmbedded(inner, schema, metadata, at, unknown);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function coerceObject(
  object: JsonObject,
  metadata: ObjectSchema,
  place: Path,
  unknown: string[],
): FieldError | undefined {
  for (const name of ["apiVersion", "kind"]) {
    const said = object[name];
    if (said !== undefined && typeof said !== "string") return invalid(place.child(name), said, "must be a string");
  }
  if (object["metadata"] === undefined) return undefined;
  const at = place.child("metadata");
  try {
    const decoded = decodeObject(metadata, object["metadata"]);
    for (const text of decoded.unknownFields) unknown.push(`${at}.${/"(.*)"/.exec(text)?.[1] ?? ""}`);
    object["metadata"] = decoded.object;
    return undefined;
  } catch (error) {
    return invalid(at, object["metadata"], (error as Error).message);
  }
}

/** What is wrong with the kinds, versions and metadata of objects within the value. */
export function embeddedErrors(value: JsonValue, props: Props, metadata: ObjectSchema, place: Path): FieldError[] {
  if (!embeds(props)) return [];
  const errors: FieldError[] = [];
  if (props["x-kubernetes-embedded-resource"] === true && isJsonObject(value)) {
    errors.push(...resourceErrors(value, metadata, place));
  }
  for (const [inner, schema, at] of parts(value, props, place)) {
    errors.push(...embeddedErrors(inner, schema, metadata, at));
  }
  return errors;
}

function* resourceErrors(object: JsonObject, metadata: ObjectSchema, place: Path): Generator<FieldError> {
  for (const name of ["apiVersion", "kind"]) {
    const said = object[name];
    const at = place.child(name);
    if (said === undefined) yield required(at);
    else if (typeof said !== "string") yield invalid(at, said, "must be a string");
    else if (said === "") yield invalid(at, said, "must not be empty");
    else if (name === "kind") yield* kindErrors(said, at);
    else if (said.split("/").length > 2) yield invalid(at, said, `unexpected GroupVersion string: ${said}`);
  }
  if (object["metadata"] !== undefined) yield* metadataErrors(object["metadata"], metadata, place.child("metadata"));
}

function* kindErrors(kind: string, place: Path): Generator<FieldError> {
  const problems = isDNS1035Label(kind.toLowerCase());
  if (problems.length === 0) return;
  yield invalid(place, kind, `may have mixed case, but should otherwise match: ${problems.join(",")}`);
}

function* metadataErrors(value: JsonValue, metadata: ObjectSchema, place: Path): Generator<FieldError> {
  let decoded: ObjectMeta;
  try {
    decoded = decodeObject(metadata, structuredClone(value)).object as ObjectMeta;
  } catch (error) {
    yield invalid(place, value, (error as Error).message);
    return;
  }
  const named = decoded.name ? decoded : { ...decoded, name: "fakename" };
  const namespaced = (decoded.namespace ?? "") !== "";
  yield* validateObjectMeta(named, { namespaced, nameFn: pathSegmentName }, place);
}

/** Text of unknown fields as strict decoding words them. */
export function unknownFieldText(path: string): string {
  return `unknown field ${goQuote(path)}`;
}
