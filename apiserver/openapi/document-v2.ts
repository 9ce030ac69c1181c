import type { Descriptions } from "../../api/descriptions.ts";
import type { JsonObject, JsonValue } from "../../apimachinery/json/json.ts";
import { commonQuery, type DocumentOptions, lastOperation, patchTypesOf, statusTexts } from "./document-v3.ts";
import type { Content, DocumentPaths, Operation, OperationsOfPath } from "./operations.ts";
import { reachableDefinitions } from "./operations.ts";
import { type ParameterUse, parameterSentence, pathParameters, queryType } from "./parameters.ts";
import { definitionSchemas, operationKind, reference } from "./schemas.ts";

const objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const produced: Readonly<Record<Operation["encodings"], readonly string[]>> = {
  object: objectTypes,
  stream: [...objectTypes, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"],
  log: ["text/plain", ...objectTypes],
  any: ["*/*"],
  json: ["application/json"],
  custom: ["application/json", "application/yaml"],
  issuer: ["application/json"],
  keys: ["application/jwk-set+json"],
};

function contentSchema(content: Content): JsonObject {
  return "definition" in content ? reference("v2", content.definition) : { type: "string" };
}

/** What clients look for where it is used: whether there is a dry run, and whether fields are validated. */
const unshared: ReadonlySet<string> = new Set(["dryRun", "fieldValidation", "name"]);

/** The first six bytes of FNV-1 (64 bits), as upstream's names of parameters end with them. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, hash * 0x100000001b3n) ^ BigInt(byte);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(hash);
  return bytes.toString("base64url", 0, 6);
}

/** Parameters stand once in the document, and paths refer to them, by upstream's names (kube-openapi pkg/builder/parameters.go). */
class SharedParameters {
  readonly #descriptions: Descriptions | undefined;
  readonly #names = new Map<string, string>();
  readonly #all: JsonObject = {};

  constructor(descriptions: Descriptions | undefined) {
    this.#descriptions = descriptions;
  }

  get all(): JsonObject {
    return Object.fromEntries(Object.entries(this.#all).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  query(name: string, operation: Operation): JsonObject {
    return this.#refer(name, this.#parameter({ name, place: "query", operation }));
  }

  path(name: string, operation: Operation): JsonObject {
    return this.#refer(name, this.#parameter({ name, place: "path", operation }));
  }

  /** Bodies of types that all kinds have are shared. */
  body({ definition, required }: NonNullable<Operation["body"]>): JsonObject {
    const schema = reference("v2", definition);
    const parameter = { name: "body", in: "body", ...(required && { required }), schema };
    return definition.startsWith("apimachinery.") ? this.#refer("body", parameter) : parameter;
  }

  /** The order of properties is that of upstream's structs: the hash is of the text. */
  #parameter(use: ParameterUse): JsonObject {
    const { name, place } = use;
    const description = parameterSentence(use, this.#descriptions);
    return {
      uniqueItems: true,
      type: place === "path" ? "string" : queryType(name),
      ...(description !== undefined && { description }),
      name,
      in: place,
      ...(place === "path" && { required: true }),
    };
  }

  #refer(name: string, parameter: JsonObject): JsonObject {
    if (unshared.has(name)) return parameter;
    const text = JSON.stringify(parameter);
    let key = this.#names.get(text);
    if (key === undefined) {
      key = `${name}-${hashOf(text)}`;
      this.#names.set(text, key);
      this.#all[key] = parameter;
    }
    return { $ref: `#/parameters/${key}` };
  }
}

function responses({ codes, answer }: Operation): JsonObject {
  const result: JsonObject = {};
  for (const code of codes) result[code] = { description: statusTexts[code]!, schema: contentSchema(answer) };
  result["401"] = { description: statusTexts[401]! };
  return result;
}

/** Paths that are no resources name the same types both ways, those of the issuer only what they answer with. */
function consumed(operation: Operation): string[] {
  const { action, encodings } = operation;
  if (encodings === "issuer" || encodings === "keys") return [];
  if (action === undefined) return [...produced[encodings]];
  return action === "patch" ? [...patchTypesOf(operation)] : ["*/*"];
}

function operationObject(operation: Operation, ownQuery: readonly string[], shared: SharedParameters): JsonObject {
  const { id, tag, description, action, kind, body, encodings } = operation;
  const parameters = ownQuery.map((name) => shared.query(name, operation));
  if (body !== undefined) parameters.unshift(shared.body(body));
  const consumes = consumed(operation);
  return {
    ...(consumes.length > 0 && { consumes }),
    description,
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
  const last = lastOperation(ofPath);
  const parameters = [
    ...pathParameters(ofPath.path).map((name) => shared.path(name, last)),
    ...common.map((name) => shared.query(name, last)),
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
  const shared = new SharedParameters(descriptions);
  // A type of every group names all that there ever were, served or not.
  const hasGroupVersion = (): boolean => true;
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
