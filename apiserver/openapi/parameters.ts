import type { Descriptions } from "../../api/descriptions.ts";
import type { Operation } from "./operations.ts";

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

export interface ParameterUse {
  readonly name: string;
  readonly place: "path" | "query";
  readonly operation: Operation;
}

/**
 * What OpenAPI says of an operation's parameter. Names of objects are said to be of their kind (apiserver/pkg/endpoints/
 * installer.go); the other sentences are those that the build has found.
 */
export function parameterSentence(use: ParameterUse, descriptions: Descriptions | undefined): string | undefined {
  if (descriptions === undefined) return undefined;
  const { name, place, operation } = use;
  const { id, kind } = operation;
  if (name === "name" && kind !== "") return `name of the ${kind.slice(kind.lastIndexOf("/") + 1)}`;
  // A proxy's path is in the path or in the query: `…ProxyWithPath` says of its query what `…Proxy` says.
  const own = place === "query" ? id.replace(/WithPath$/, "") : id;
  const verb = /^[a-z]+/.exec(id)?.[0];
  const { parameters } = descriptions;
  return parameters[`${own} ${name}`] ?? parameters[`${verb} ${name}`] ?? parameters[name];
}
