// One OpenAPI v2 document of this server and of all services (kube-aggregator/pkg/controllers/openapi/aggregator). Pure.

type Json = Readonly<Record<string, unknown>>;

/** A v2 document, or what is kept of one. */
export interface Swagger {
  readonly paths?: Json;
  readonly definitions?: Json;
}

const reference = "#/definitions/";

/** Of a service's document: the paths of one group version, and the definitions that these lead to. */
export function ownPart({ paths = {}, definitions = {} }: Swagger, group: string, version: string): Swagger {
  const prefix = `/apis/${group}/${version}/`;
  const own = Object.entries(paths).filter(([path]) => path.startsWith(prefix));
  const found = new Map<string, unknown>();
  const follow = (value: unknown): void => {
    for (const name of referencesOf(value)) {
      if (found.has(name) || !Object.hasOwn(definitions, name)) continue;
      found.set(name, definitions[name]);
      follow(definitions[name]);
    }
  };
  follow(own);
  return { paths: Object.fromEntries(own), definitions: Object.fromEntries(found) };
}

/** All together. Where two mean different things by one name, the later one's is renamed: `…Widget_v2`. */
export function mergedSwagger<T extends Swagger>(local: T, parts: readonly Swagger[]): T {
  const paths: Record<string, unknown> = { ...local.paths };
  const definitions: Record<string, unknown> = { ...local.definitions };
  for (const part of parts) {
    const renamed = renamings(definitions, part.definitions ?? {});
    for (const [name, definition] of Object.entries(part.definitions ?? {})) {
      definitions[renamed.get(name) ?? name] ??= withReferences(definition, renamed);
    }
    for (const [path, item] of Object.entries(part.paths ?? {})) paths[path] ??= withReferences(item, renamed);
  }
  return { ...local, paths: sortedByKey(paths), definitions: sortedByKey(definitions) };
}

/** Names that stand for something else already. What a definition leads to is looked at before it: a change of name changes its users. */
function renamings(taken: Json, own: Json): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || !Object.hasOwn(own, name)) return;
    seen.add(name);
    for (const next of referencesOf(own[name])) visit(next);
    const shown = JSON.stringify(withReferences(own[name], renamed));
    const isFree = (candidate: string): boolean =>
      !Object.hasOwn(taken, candidate) || JSON.stringify(taken[candidate]) === shown;
    if (isFree(name)) return;
    let number = 2;
    while (!isFree(`${name}_v${number}`)) number++;
    renamed.set(name, `${name}_v${number}`);
  };
  for (const name of Object.keys(own)) visit(name);
  return renamed;
}

function* referencesOf(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "$ref" && typeof inner === "string" && inner.startsWith(reference)) yield inner.slice(reference.length);
    else yield* referencesOf(inner);
  }
}

function withReferences(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (renamed.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withReferences(item, renamed));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== "$ref" || typeof inner !== "string") return [key, withReferences(inner, renamed)];
      const name = renamed.get(inner.slice(reference.length));
      return [key, name === undefined ? inner : `${reference}${name}`];
    }),
  );
}

function sortedByKey(object: Json): Json {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
