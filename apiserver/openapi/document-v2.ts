import type { JsonObject, JsonValue } from "../../apimachinery/json/json.ts";
import { commonQuery, type DocumentOptions, patchTypesOf, statusTexts } from "./document-v3.ts";
import type { Content, DocumentPaths, Operation, OperationsOfPath } from "./operations.ts";
import { reachableDefinitions } from "./operations.ts";
import { pathParameters, queryType } from "./parameters.ts";
import { definitionSchemas, operationKind, reference } from "./schemas.ts";

const objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const produced: Readonly<Record<Operation["encodings"], readonly string[]>> = {
  object: objectTypes,
  stream: [...objectTypes, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"],
  log: ["text/plain", ...objectTypes],
  any: ["*/*"],
  json: ["application/json"],
  custom: ["application/json", "application/yaml"],
};

function contentSchema(content: Content): JsonObject {
  return "definition" in content ? reference("v2", content.definition) : { type: "string" };
}

/** Parameters stand once in the document, and paths refer to them. */
class SharedParameters {
  readonly all: JsonObject = {};

  query(name: string): JsonObject {
    return this.#refer(name, { in: "query", name, type: queryType(name), uniqueItems: true });
  }

  path(name: string): JsonObject {
    return this.#refer(`path-${name}`, { in: "path", name, required: true, type: "string", uniqueItems: true });
  }

  #refer(key: string, parameter: JsonObject): JsonObject {
    this.all[key] ??= parameter;
    return { $ref: `#/parameters/${key}` };
  }
}

function responses({ codes, answer }: Operation): JsonObject {
  const result: JsonObject = {};
  for (const code of codes) result[code] = { description: statusTexts[code]!, schema: contentSchema(answer) };
  result["401"] = { description: statusTexts[401]! };
  return result;
}

/** Paths that are no resources name the same types both ways. */
function consumed(operation: Operation): string[] {
  const { action, encodings } = operation;
  if (action === undefined) return [...produced[encodings]];
  return action === "patch" ? [...patchTypesOf(operation)] : ["*/*"];
}

function operationObject(operation: Operation, ownQuery: readonly string[], shared: SharedParameters): JsonObject {
  const { id, tag, action, kind, body, encodings } = operation;
  const parameters: JsonObject[] = ownQuery.map((name) => shared.query(name));
  if (body !== undefined) {
    parameters.unshift({
      in: "body",
      name: "body",
      ...(body.required && { required: true }),
      schema: reference("v2", body.definition),
    });
  }
  return {
    consumes: consumed(operation),
    produces: [...produced[encodings]],
    schemes: ["https"],
    tags: [tag],
    operationId: id,
    ...(parameters.length > 0 && { parameters }),
    responses: responses(operation),
    ...(action !== undefined && { "x-kubernetes-action": action }),
    ...(kind !== "" && { "x-kubernetes-group-version-kind": operationKind(kind) }),
  };
}

function pathItem(ofPath: OperationsOfPath, shared: SharedParameters): JsonObject {
  const common = commonQuery(ofPath);
  const parameters = [
    ...pathParameters(ofPath.path).map((name) => shared.path(name)),
    ...common.map((name) => shared.query(name)),
  ];
  const item: Record<string, JsonValue> = {};
  for (const [method, operation] of ofPath.operations) {
    const own = operation.query.filter((name) => !common.includes(name));
    item[method] = operationObject(operation, own, shared);
  }
  return { ...item, ...(parameters.length > 0 && { parameters }) };
}

/** The OpenAPI v2 document of all that is served. */
export function documentV2(
  documents: readonly DocumentPaths[],
  { version, descriptions, custom }: DocumentOptions,
): JsonObject {
  const paths = documents.flatMap((document) => document.paths);
  const shared = new SharedParameters();
  const groupVersions = new Set(documents.map(({ name }) => name.replace(/^apis\//, "").replace(/^api\//, "/")));
  const hasGroupVersion = (text: string): boolean => groupVersions.has(text);
  const items = Object.fromEntries(paths.map((ofPath) => [ofPath.path, pathItem(ofPath, shared)]));
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version },
    paths: items,
    definitions: {
      ...custom,
      ...definitionSchemas(reachableDefinitions(paths), { version: "v2", descriptions, hasGroupVersion }),
    },
    parameters: shared.all,
    securityDefinitions: {
      BearerToken: { description: "Bearer Token authentication", in: "header", name: "authorization", type: "apiKey" },
    },
    security: [{ BearerToken: [] }],
  };
}
