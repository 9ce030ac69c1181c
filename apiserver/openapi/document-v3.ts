import type { Descriptions } from "../../api/descriptions.ts";
import type { JsonObject, JsonValue } from "../../apimachinery/json/json.ts";
import type { Content, DocumentPaths, Operation, OperationsOfPath } from "./operations.ts";
import { reachableDefinitions } from "./operations.ts";
import { parameterSentence, pathParameters, queryType } from "./parameters.ts";
import { definitionSchemas, operationKind, reference } from "./schemas.ts";

export interface DocumentOptions {
  /** The cluster's version, such as `v1.36.0`. */
  readonly version: string;
  readonly descriptions: Descriptions | undefined;
  /** Schemas of what users have defined, by their whole names. */
  readonly custom?: JsonObject;
}

/** Texts of the status codes that operations answer with. */
export const statusTexts: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  401: "Unauthorized",
};

const objectTypes = ["application/json", "application/vnd.kubernetes.protobuf", "application/yaml"];
const mediaTypes: Readonly<Record<Operation["encodings"], readonly string[]>> = {
  object: objectTypes,
  stream: [...objectTypes, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"].sort(),
  log: [...objectTypes, "text/plain"],
  any: ["*/*"],
  json: ["application/json"],
  custom: ["application/json", "application/yaml"],
  issuer: ["application/json"],
  keys: ["application/jwk-set+json"],
};

/** Media types of a patch's body. */
export const patchTypes: readonly string[] = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** There are no merge keys for what users have defined. */
export function patchTypesOf({ encodings }: Operation): readonly string[] {
  return encodings === "custom" ? patchTypes.filter((type) => !type.includes("strategic")) : patchTypes;
}

function contentSchema(content: Content): JsonObject {
  return "definition" in content ? reference("v3", content.definition) : { type: "string" };
}

function content(types: readonly string[], schema: JsonObject): JsonObject {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function responses({ codes, answer, encodings }: Operation): JsonObject {
  const result: JsonObject = {};
  for (const code of codes) {
    result[code] = { content: content(mediaTypes[encodings], contentSchema(answer)), description: statusTexts[code]! };
  }
  result["401"] = { description: statusTexts[401]! };
  return result;
}

/** Of an operation, in the query or in the path. */
type Parameter = (name: string, operation: Operation) => JsonObject;

function parametersOf(descriptions: Descriptions | undefined): { readonly query: Parameter; readonly path: Parameter } {
  const described = (name: string, operation: Operation, place: "path" | "query"): JsonObject => {
    const description = parameterSentence({ name, place, operation }, descriptions);
    return description === undefined ? {} : { description };
  };
  return {
    query: (name, operation) => ({
      ...described(name, operation, "query"),
      in: "query",
      name,
      schema: { type: queryType(name), uniqueItems: true },
    }),
    path: (name, operation) => ({
      ...described(name, operation, "path"),
      in: "path",
      name,
      required: true,
      schema: { type: "string", uniqueItems: true },
    }),
  };
}

function operationObject(operation: Operation, ownQuery: readonly string[], query: Parameter): JsonObject {
  const { id, tag, description, action, kind, body } = operation;
  const bodyTypes = action === "patch" ? patchTypesOf(operation) : ["*/*"];
  return {
    tags: [tag],
    description,
    operationId: id,
    ...(ownQuery.length > 0 && { parameters: ownQuery.map((name) => query(name, operation)) }),
    ...(body && {
      requestBody: {
        content: content(bodyTypes, reference("v3", body.definition)),
        ...(body.required && { required: true }),
      },
    }),
    responses: responses(operation),
    ...(action !== undefined && { "x-kubernetes-action": action }),
    ...(kind !== "" && { "x-kubernetes-group-version-kind": operationKind(kind) }),
  };
}

/** Query parameters that every operation of the path has: they stand at the path (kube-openapi pkg/builder3). */
export function commonQuery({ operations }: OperationsOfPath): readonly string[] {
  const [first, ...others] = [...operations.values()];
  return (first?.query ?? []).filter((name) => others.every(({ query }) => query.includes(name)));
}

/** Whose sentences those parameters bear that all operations of a path have: the last one's (kube-openapi pkg/builder3). */
export function lastOperation({ operations }: OperationsOfPath): Operation {
  return [...operations.values()].at(-1)!;
}

function pathItem(ofPath: OperationsOfPath, { query, path }: ReturnType<typeof parametersOf>): JsonObject {
  const common = commonQuery(ofPath);
  const last = lastOperation(ofPath);
  const shared = [
    ...common.map((name) => query(name, last)),
    ...pathParameters(ofPath.path).map((name) => path(name, last)),
  ];
  const item: Record<string, JsonValue> = {};
  for (const [method, operation] of ofPath.operations) {
    const own = operation.query.filter((name) => !common.includes(name));
    item[method] = operationObject(operation, own, query);
  }
  return { ...item, ...(shared.length > 0 && { parameters: shared.sort(byName) }) };
}

function byName(a: JsonObject, b: JsonObject): number {
  const [left, right] = [`${String(a["name"])} ${String(a["in"])}`, `${String(b["name"])} ${String(b["in"])}`];
  return left < right ? -1 : 1;
}

/** The OpenAPI v3 document of one group version. */
export function documentV3(
  { name, paths }: DocumentPaths,
  { version, descriptions, custom }: DocumentOptions,
): JsonObject {
  const groupVersion = name.startsWith("apis/") ? name.slice("apis/".length) : name.replace(/^api/, "");
  const hasGroupVersion = (text: string): boolean => text === "/v1" || text === groupVersion;
  const schemas = definitionSchemas(reachableDefinitions(paths), { version: "v3", descriptions, hasGroupVersion });
  const all = { ...custom, ...schemas };
  const parameters = parametersOf(descriptions);
  const bearer = { description: "Bearer Token authentication", in: "header", name: "authorization", type: "apiKey" };
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version },
    paths: Object.fromEntries(paths.map((ofPath) => [ofPath.path, pathItem(ofPath, parameters)])),
    components: { ...(Object.keys(all).length > 0 && { schemas: all }), securitySchemes: { BearerToken: bearer } },
  };
}
