const booleans: ReadonlySet<string> = new Set([
  "allowWatchBookmarks",
  "follow",
  "force",
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  "insecureSkipTLSVerifyBackend",
  "orphanDependents",
  "previous",
  "sendInitialEvents",
  "stderr",
  "stdin",
  "stdout",
  "timestamps",
  "tty",
  "watch",
]);

const integers: ReadonlySet<string> = new Set([
  "gracePeriodSeconds",
  "limit",
  "limitBytes",
  "ports",
  "sinceSeconds",
  "tailLines",
  "timeoutSeconds",
]);

/** Type of a query parameter, as OpenAPI names it. */
export function queryType(name: string): "boolean" | "integer" | "string" {
  if (booleans.has(name)) return "boolean";
  return integers.has(name) ? "integer" : "string";
}

/** Names of the parameters in a path, in its order: `/x/{namespace}/y/{name}` → namespace, name. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
}
