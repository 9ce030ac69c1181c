import { equalJson } from "../../apimachinery/json/equal.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";

// Several OpenAPI v2 documents as one: kube-openapi pkg/aggregator MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters.

/** A v2 document, or what is kept of one. */
export interface Swagger {
  readonly paths?: JsonObject;
  readonly definitions?: JsonObject;
  readonly parameters?: JsonObject;
}

export const definitionPrefix = "#/definitions/";
export const parameterPrefix = "#/parameters/";
const kindsKey = "x-kubernetes-group-version-kind";

/**
 * `first` with what the others have beside it. A path that is taken stays as it is. Where a name of a definition or parameter
 * is taken by another one, the later one's is renamed: `…Widget_v2`. Definitions that differ in their kinds alone are the same,
 * and have the kinds of all.
 */
export function mergedSwagger<T extends Swagger>(first: T, others: readonly Swagger[]): T {
  const paths: JsonObject = { ...first.paths };
  const definitions: JsonObject = { ...first.definitions };
  const parameters: JsonObject = { ...first.parameters };
  for (const other of others) {
    const source = withPaths(other, (path) => !Object.hasOwn(paths, path));
    if (source.paths === undefined || Object.keys(source.paths).length === 0) continue;
    const renamed = new Map([
      ...renamings(definitions, source.definitions ?? {}, { prefix: definitionPrefix, isSame: sameButKinds }),
      ...renamings(parameters, source.parameters ?? {}, { prefix: parameterPrefix, isSame: equalJson }),
    ]);
    for (const [name, definition] of Object.entries(source.definitions ?? {})) {
      const key = newName(definitionPrefix, name, renamed);
      const taken = definitions[key];
      definitions[key] = taken === undefined ? withReferences(definition, renamed) : withKindsOf(taken, definition);
    }
    for (const [name, parameter] of Object.entries(source.parameters ?? {})) {
      parameters[newName(parameterPrefix, name, renamed)] ??= withReferences(parameter, renamed);
    }
    for (const [path, item] of Object.entries(source.paths)) paths[path] = withReferences(item, renamed);
  }
  const hasParameters = first.parameters !== undefined || Object.keys(parameters).length > 0;
  return {
    ...first,
    paths: sortedByKey(paths),
    definitions: sortedByKey(definitions),
    ...(hasParameters && { parameters: sortedByKey(parameters) }),
  };
}

/** The document with some of its paths, without those definitions that its other paths alone led to. */
export function withPaths(document: Swagger, keeps: (path: string) => boolean): Swagger {
  const { paths = {}, definitions = {} } = document;
  const kept = Object.fromEntries(Object.entries(paths).filter(([path]) => keeps(path)));
  if (Object.keys(kept).length === Object.keys(paths).length) return document;
  const before = ledTo(document, paths);
  const now = ledTo(document, kept);
  const left = Object.entries(definitions).filter(([name]) => now.has(name) || !before.has(name));
  return { ...document, paths: kept, definitions: Object.fromEntries(left) };
}

/** Names of definitions that the paths need. */
function ledTo({ definitions = {}, parameters = {} }: Swagger, paths: JsonObject): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const follow = (value: JsonValue): void => {
    for (const reference of referencesOf(value)) {
      if (seen.has(reference)) continue;
      seen.add(reference);
      const isParameter = reference.startsWith(parameterPrefix);
      const name = reference.slice((isParameter ? parameterPrefix : definitionPrefix).length);
      if (!isParameter) found.add(name);
      const target = (isParameter ? parameters : definitions)[name];
      if (target !== undefined) follow(target);
    }
  };
  follow(paths);
  return found;
}

interface Names {
  readonly prefix: string;
  isSame(a: JsonValue, b: JsonValue): boolean;
}

/** Of references: `#/definitions/A` → `#/definitions/A_v2`. */
type Renamed = ReadonlyMap<string, string>;

function* renamings(taken: JsonObject, own: JsonObject, { prefix, isSame }: Names): Generator<[string, string]> {
  const used = new Set(Object.keys(taken));
  for (const [name, value] of Object.entries(own)) {
    if (taken[name] === undefined || isSame(taken[name], value)) continue;
    let number = 2;
    let existing = taken[`${name}_v${number}`];
    while (existing !== undefined && !isSame(existing, value)) existing = taken[`${name}_v${++number}`];
    const isKnown = existing !== undefined;
    while (!isKnown && (used.has(`${name}_v${number}`) || Object.hasOwn(own, `${name}_v${number}`))) number++;
    used.add(`${name}_v${number}`);
    yield [prefix + name, `${prefix}${name}_v${number}`];
  }
}

function newName(prefix: string, name: string, renamed: Renamed): string {
  return renamed.get(prefix + name)?.slice(prefix.length) ?? name;
}

function sameButKinds(a: JsonValue, b: JsonValue): boolean {
  return equalJson(withoutKinds(a), withoutKinds(b));
}

function withoutKinds(definition: JsonValue): JsonValue {
  if (!isJsonObject(definition)) return definition;
  const { [kindsKey]: _, ...rest } = definition;
  return rest;
}

const kindName = (kind: JsonValue): string =>
  isJsonObject(kind) ? `${String(kind["group"])}/${String(kind["version"])}.${String(kind["kind"])}` : "";

/** In the order of their names where the other one brings new ones. */
function withKindsOf(definition: JsonValue, other: JsonValue): JsonValue {
  if (!isJsonObject(definition) || !isJsonObject(other)) return definition;
  const [own, more] = [definition[kindsKey], other[kindsKey]];
  if (!Array.isArray(more)) return definition;
  if (!Array.isArray(own)) return { ...definition, [kindsKey]: more };
  const known = new Set(own.map(kindName));
  const added = more.filter((kind) => !known.has(kindName(kind)));
  if (added.length === 0) return definition;
  const all = [...own, ...added].sort((a, b) => (kindName(a) < kindName(b) ? -1 : 1));
  return { ...definition, [kindsKey]: all };
}

function* referencesOf(value: JsonValue): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key !== "$ref" || typeof inner !== "string") yield* referencesOf(inner);
    else if (inner.startsWith(definitionPrefix) || inner.startsWith(parameterPrefix)) yield inner;
  }
}

function withReferences(value: JsonValue, renamed: Renamed): JsonValue {
  if (renamed.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withReferences(item, renamed));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" && typeof inner === "string" ? (renamed.get(inner) ?? inner) : withReferences(inner, renamed),
    ]),
  );
}

function sortedByKey(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
