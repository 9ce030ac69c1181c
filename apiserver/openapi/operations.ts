import { compactDefinitions } from "../../api/generated/definitions.ts";
import { type PathOperations, publishedPaths } from "../../api/generated/paths.ts";
import type { ServedResource } from "../discovery/served.ts";
import { groupTag, groupVersionWord, operationId, operationSentence } from "./names.ts";

/** What an operation takes or answers: a definition by its short name, plain text, or nothing that has a schema. */
export type Content = { readonly definition: string } | { readonly text: true };

export interface Operation {
  readonly id: string;
  readonly tag: string;
  /** What it does. */
  readonly description: string;
  /** Absent where the path is no resource. */
  readonly action?: string;
  /** `group/version/Kind`; empty where none is published. */
  readonly kind: string;
  /** Names of query parameters. */
  readonly query: readonly string[];
  readonly body?: { readonly definition: string; readonly required: boolean };
  readonly answer: Content;
  /** Status codes of success. */
  readonly codes: readonly number[];
  /** How an answer is encoded: as any object, as a stream of watch events too, as text. */
  readonly encodings: "object" | "stream" | "log" | "any" | "json" | "custom" | "issuer" | "keys";
}

export interface OperationsOfPath {
  readonly path: string;
  readonly operations: ReadonlyMap<string, Operation>;
}

/** The operations of one document: a group version, a group, `api`, `apis` or `version`. */
export interface DocumentPaths {
  /** As /openapi/v3 names it: `apis/apps/v1`. */
  readonly name: string;
  readonly paths: readonly OperationsOfPath[];
}

export const meta = "apimachinery.pkg.apis.meta.v1";

export const codesOfAction: Readonly<Record<string, readonly number[]>> = {
  post: [200, 201, 202],
  put: [200, 201],
  patch: [200, 201],
  delete: [200, 202],
};

/** Actions of paths → the verb a resource is served with. `connect` has none: the subresource is there or not. */
const verbOfAction: Readonly<Record<string, string>> = {
  post: "create",
  put: "update",
  watchlist: "watch",
};

/** Core and storage resources that a deletion answers with the object; the others answer a Status. */
const answersDeleted: ReadonlySet<string> = new Set([
  ...["persistentvolumeclaims", "persistentvolumes", "pods", "podtemplates", "resourcequotas"].map(
    (name) => `/${name}`,
  ),
  ...["serviceaccounts", "services"].map((name) => `/${name}`),
  ...["csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"].map(
    (name) => `storage.k8s.io/${name}`,
  ),
  ...[
    "deviceclasses",
    "devicetaintrules",
    "resourceclaims",
    "resourceclaimtemplates",
    "resourcepoolstatusrequests",
  ].map((name) => `resource.k8s.io/${name}`),
  "resource.k8s.io/resourceslices",
]);

let definitionOfKind: ReadonlyMap<string, string> | undefined;

/** Short definition name of `group/version/Kind`. */
function definitionFor(kind: string): string | undefined {
  definitionOfKind ??= new Map(
    Object.entries(compactDefinitions()).flatMap(([name, { kinds = [] }]) =>
      kinds.map((text) => [text, name] as const),
    ),
  );
  return definitionOfKind.get(kind);
}

interface PathParts {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
}

const resourcePath =
  /^\/(?:api|apis\/([^/]+))\/([^/]+)\/(?:watch\/)?(?:namespaces\/\{namespace\}\/)?([^/{]+)(?:\/\{name\}(?:\/([^/]+)(?:\/\{path\})?)?)?$/;

function partsOf(path: string): PathParts | undefined {
  const match = resourcePath.exec(path);
  if (match === null) return undefined;
  const [, group = "", version, resource, subresource = ""] = match;
  return { group, version: version!, resource: resource!, subresource };
}

function isServed(action: string, { subresource }: PathParts, resource: ServedResource): boolean {
  if (subresource === "") return resource.verbs.includes(verbOfAction[action] ?? action);
  const found = resource.subresources?.find(({ name }) => name === subresource || name.startsWith(`${subresource}/`));
  return found !== undefined && (action === "connect" || found.verbs.includes(verbOfAction[action] ?? action));
}

function answerOf(action: string, kind: string, parts: PathParts): Content {
  const own = definitionFor(kind);
  switch (action) {
    case "list":
      return { definition: definitionFor(`${kind}List`) ?? `${meta}.Status` };
    case "watch":
    case "watchlist":
      return { definition: `${meta}.WatchEvent` };
    case "deletecollection":
      return { definition: `${meta}.Status` };
    case "delete":
      return { definition: answersDeleted.has(`${parts.group}/${parts.resource}`) ? own! : `${meta}.Status` };
    default:
      return action === "connect" || parts.subresource === "log" || own === undefined
        ? { text: true }
        : { definition: own };
  }
}

function bodyOf(action: string, kind: string): Operation["body"] {
  switch (action) {
    case "post":
    case "put":
      return { definition: definitionFor(kind)!, required: true };
    case "patch":
      return { definition: `${meta}.Patch`, required: true };
    case "delete":
    case "deletecollection":
      return { definition: `${meta}.DeleteOptions`, required: false };
    default:
      return undefined;
  }
}

function encodingsOf(action: string, parts: PathParts): Operation["encodings"] {
  if (action === "connect") return "any";
  if (action === "list" || action.startsWith("watch")) return "stream";
  return parts.subresource === "log" ? "log" : "object";
}

function resourceOperations(path: string, published: PathOperations, parts: PathParts, resource: ServedResource) {
  const operations = new Map<string, Operation>();
  for (const [method, [action, kind = "", query = []]] of Object.entries(published)) {
    if (action === undefined || !isServed(action, parts, resource)) continue;
    const body = bodyOf(action, kind);
    const { namespaced, verbs } = resource;
    const subject = { ...parts, kind: resource.kind, namespaced, path, watchable: verbs.includes("watch") };
    operations.set(method, {
      id: operationId(action, method, subject),
      tag: groupTag(parts.group, parts.version),
      description: operationSentence(action, method, subject),
      action,
      kind,
      query,
      ...(body && { body }),
      answer: answerOf(action, kind, parts),
      codes: codesOfAction[action] ?? [200],
      encodings: encodingsOf(action, parts),
    });
  }
  return operations;
}

/** What paths that are no resources answer with, and are said to do. */
const fixedAnswers = {
  APIVersions: "get available API versions",
  APIGroupList: "get available API versions",
  APIGroup: "get information of a group",
  APIResourceList: "get available resources",
} as const;

/** A path of discovery. */
export function fixedPath(path: string, id: string, tag: string, answer: keyof typeof fixedAnswers): OperationsOfPath {
  const description = fixedAnswers[answer];
  const operation = { id, tag, description, kind: "", query: [], answer: { definition: `${meta}.${answer}` } };
  return { path, operations: new Map([["get", { ...operation, codes: [200], encodings: "object" }]]) };
}

type Lone = Pick<Operation, "id" | "tag" | "description" | "answer" | "encodings">;

function lonePath(path: string, lone: Lone): OperationsOfPath[] {
  return [{ path, operations: new Map([["get", { ...lone, kind: "", query: [], codes: [200] }]]) }];
}

const serverVersion: Lone = {
  id: "getCodeVersion",
  tag: "version",
  description: "get the version information for this server",
  answer: { definition: "apimachinery.pkg.version.Info" },
  encodings: "json",
};

/** Of the issuer of service accounts' tokens (RFC 8414; pkg/routes/openidmetadata.go). */
const issuer: Lone = {
  id: "getServiceAccountIssuerOpenIDConfiguration",
  tag: "WellKnown",
  description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
  answer: { text: true },
  encodings: "issuer",
};

const issuerKeys: Lone = {
  id: "getServiceAccountIssuerOpenIDKeyset",
  tag: "openid",
  description: "get service account issuer OpenID JSON Web Key Set (contains public token verification keys)",
  answer: { text: true },
  encodings: "keys",
};

/** All that this server answers, document by document: only paths of what is served. */
export function servedPaths(served: readonly ServedResource[]): readonly DocumentPaths[] {
  const resources = new Map(
    served.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]),
  );
  const documents = new Map<string, OperationsOfPath[]>([
    [".well-known/openid-configuration", lonePath("/.well-known/openid-configuration/", issuer)],
    ["api", [fixedPath("/api/", "getCoreAPIVersions", "core", "APIVersions")]],
    ["apis", [fixedPath("/apis/", "getAPIVersions", "apis", "APIGroupList")]],
    ["openid/v1/jwks", lonePath("/openid/v1/jwks/", issuerKeys)],
    ["version", lonePath("/version/", serverVersion)],
  ]);
  for (const { group, version } of served) {
    const root = group === "" ? "api" : `apis/${group}`;
    const word = groupVersionWord(group, "");
    if (!documents.has(root)) {
      documents.set(root, [fixedPath(`/${root}/`, `get${word}APIGroup`, groupTag(group, ""), "APIGroup")]);
    }
    if (documents.has(`${root}/${version}`)) continue;
    const id = `get${groupVersionWord(group, version)}APIResources`;
    const list = fixedPath(`/${root}/${version}/`, id, groupTag(group, version), "APIResourceList");
    documents.set(`${root}/${version}`, [list]);
  }
  for (const [path, published] of Object.entries(publishedPaths())) {
    const parts = partsOf(path);
    const resource = parts && resources.get(`${parts.group}/${parts.version}/${parts.resource}`);
    if (parts === undefined || resource === undefined) continue;
    const operations = resourceOperations(path, published, parts, resource);
    const name = parts.group === "" ? `api/${parts.version}` : `apis/${parts.group}/${parts.version}`;
    if (operations.size > 0) documents.get(name)!.push({ path, operations });
  }
  return [...documents].map(([name, paths]) => ({ name, paths }));
}

/** Short names of all definitions that the operations take or answer, and of those they hold. */
export function reachableDefinitions(paths: readonly OperationsOfPath[]): readonly string[] {
  const table = compactDefinitions();
  const found = new Set<string>();
  const pending: string[] = [];
  for (const { operations } of paths) {
    for (const { body, answer } of operations.values()) {
      if (body !== undefined) pending.push(body.definition);
      if ("definition" in answer) pending.push(answer.definition);
    }
  }
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name)) continue;
    if (name.startsWith("=")) {
      pending.push(`${meta}.ObjectMeta`, `${meta}.ListMeta`);
      continue;
    }
    found.add(name);
    for (const field of Object.values(table[name]?.fields ?? {})) {
      const type = (typeof field === "string" ? field : field.type).replace(/^(\[\]|map\[string\])+/, "");
      if (type.includes(".")) pending.push(type);
    }
  }
  return [...found].sort();
}
