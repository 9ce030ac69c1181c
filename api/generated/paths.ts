import { pathsText } from "./paths-data.ts";

/**
 * What the API server publishes at one path: lower-case HTTP method → action (`get`, `list`, `post`, `connect`, …; absent
 * where the path serves no resource), `group/version/Kind` ("" where none is published), names of query parameters.
 */
export type PathOperations = Readonly<Record<string, readonly [action?: string, kind?: string, query?: readonly string[]]>>;
export type PathsTable = Readonly<Record<string, PathOperations>>;

let paths: PathsTable | undefined;

/** Every path the API server publishes, as OpenAPI lists it. Parsed when first asked for. */
export function publishedPaths(): PathsTable {
  paths ??= JSON.parse(pathsText) as PathsTable;
  return paths;
}
