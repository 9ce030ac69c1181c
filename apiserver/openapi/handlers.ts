import { createHash } from "node:crypto";
import type { Descriptions } from "../../api/descriptions.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { clausesOf } from "../accept.ts";
import type { ServedDefinition } from "../custom-resources/custom-resources.ts";
import { customPaths, isOf } from "../custom-resources/openapi/paths.ts";
import { type CustomSchemaOptions, customSchemas } from "../custom-resources/openapi/schemas.ts";
import type { ServedResource } from "../discovery/served.ts";
import type { PathHandler } from "../handlers/paths.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { loadDescriptions } from "./descriptions.ts";
import { documentV2 } from "./document-v2.ts";
import { documentV3 } from "./document-v3.ts";
import { encodeGnostic, type Shape } from "./gnostic.ts";
import { documentV2Shape } from "./gnostic-v2.ts";
import { documentV3Shape } from "./gnostic-v3.ts";
import { mergedSwagger } from "./merge-v2.ts";
import { servedPaths } from "./operations.ts";

export interface OpenApiOptions {
  /** What discovery shows: paths of other resources do not appear. */
  readonly served: readonly ServedResource[];
  /** What users have defined; the same list until something changes. */
  readonly custom?: () => readonly ServedDefinition[];
  /** The cluster's version, such as `v1.36.0`. */
  readonly version: string;
  /** Sentences, asked for once, with the first document. */
  readonly descriptions?: () => Descriptions | undefined;
  /** The same from a file that the build has written; without the file there are none. */
  readonly descriptionsFile?: string;
}

export interface OpenApiHandlers {
  readonly exact: ReadonlyMap<string, PathHandler>;
  readonly prefix: ReadonlyMap<string, PathHandler>;
}

/** One document in its two encodings, each made when first asked for; its hash alone keeps no bytes in memory. */
export class Document {
  readonly #make: () => JsonObject;
  readonly #shape: Shape;
  #json: Buffer | undefined;
  #protobuf: Uint8Array | undefined;
  #hash: string | undefined;

  constructor(make: () => JsonObject, shape: Shape) {
    this.#make = make;
    this.#shape = shape;
  }

  get json(): Buffer {
    this.#json ??= this.#encode();
    return this.#json;
  }

  get protobuf(): Uint8Array {
    this.#protobuf ??= encodeGnostic(this.#make(), this.#shape);
    return this.#protobuf;
  }

  /** SHA-512 of the JSON, in capital hexadecimal digits. */
  get hash(): string {
    this.#hash ??= hashOf(this.#json ?? this.#encode());
    return this.#hash;
  }

  #encode(): Buffer {
    return Buffer.from(JSON.stringify(this.#make()));
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha512").update(bytes).digest("hex").toUpperCase();
}

const jsonType = "application/json";

/** A protobuf type is asked for by `…@v1.0+protobuf`, formerly by `….v1.0+protobuf`. */
export const protobufTypes = {
  v2: [
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
  ],
  v3: [
    "application/com.github.proto-openapi.spec.v3@v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v3.v1.0+protobuf",
  ],
} as const;

/** The encoding of the Accept header's best clause that there is; undefined where there is none (NotAcceptable). */
export function encodingFor(accept: string, protobuf: readonly string[]): "json" | "protobuf" | undefined {
  for (const { mediaType } of clausesOf(accept === "" ? "*/*" : accept)) {
    if (["*/*", "application/*", jsonType].includes(mediaType)) return "json";
    if (protobuf.includes(mediaType)) return "protobuf";
  }
  return undefined;
}

/** RFC 9110 13.1.2: any of the listed tags, weak or not. */
function isUnchanged(request: ApiRequest, etag: string): boolean {
  const condition = request.header("if-none-match");
  if (condition === undefined) return false;
  return condition.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag || tag.trim() === "*");
}

function answer(
  request: ApiRequest,
  document: Document,
  version: "v2" | "v3",
  extra: Readonly<Record<string, string>> = {},
): ApiResponse {
  const encoding = encodingFor(request.header("accept") ?? "", protobufTypes[version]);
  if (encoding === undefined)
    return { type: "raw", status: 406, contentType: "", body: "", headers: { vary: "Accept" } };
  const etag = `"${document.hash}"`;
  const contentType = encoding === "json" ? jsonType : protobufTypes[version][1];
  const headers = { etag, vary: "Accept", ...extra };
  if (isUnchanged(request, etag)) return { type: "raw", status: 304, contentType, body: "", headers };
  return { type: "raw", status: 200, contentType, body: document[encoding], headers };
}

/**
 * `/openapi/v2`, `/openapi/v3` and the documents below it (kube-openapi pkg/handler and pkg/handler3). Nothing is made before
 * it is asked for; what is made is kept.
 */
export function openApiHandlers(options: OpenApiOptions): OpenApiHandlers {
  const paths = once(() => servedPaths(options.served));
  const descriptions = once(() => descriptionsOf(options));
  const settings = () => ({ version: options.version, descriptions: descriptions() });
  const builtIn = once(
    () => new Map(paths().map((one) => [one.name, new Document(() => documentV3(one, settings()), documentV3Shape)])),
  );
  const { custom = nothingCustom } = options;
  const withSchemas = (list: readonly ServedDefinition[], of: Pick<CustomSchemaOptions, "version" | "document">) => ({
    ...settings(),
    custom: customSchemas(list, { ...of, descriptions: descriptions() }),
  });
  const v2 = perList(custom, (list) => {
    const added = customPaths(list);
    const make = () => {
      const builtIn = documentV2(paths(), settings());
      if (added.length === 0) return builtIn;
      return mergedSwagger(builtIn, [documentV2(added, withSchemas(list, { version: "v2" }))]);
    };
    return new Document(make, documentV2Shape);
  });
  const ofGroupVersion = perList(custom, (list) => {
    const documents = new Map<string, Document>();
    for (const one of customPaths(list)) {
      const mine = list.filter((served) => isOf(served, one.name));
      const make = () => documentV3(one, withSchemas(mine, { version: "v3", document: one.name }));
      documents.set(one.name, new Document(make, documentV3Shape));
    }
    return documents;
  });
  const v3 = perList(custom, () => new Map([...ofGroupVersion(), ...builtIn()]));
  const index = perList(custom, () => {
    const paths = Object.assign({}, ...[...v3()].map(([name, document]) => indexEntry(name, document))) as object;
    const body = Buffer.from(JSON.stringify({ paths }));
    return { body, etag: `"${hashOf(body)}"` };
  });
  const exact = new Map<string, PathHandler>([
    ["/openapi/v2", (request) => answerV2(request, v2())],
    ["/openapi/v3", (request) => answerIndex(request, index)],
  ]);
  return { exact, prefix: new Map([["/openapi/v3/", (request: ApiRequest) => answerV3(request, v3())]]) };
}

function descriptionsOf({ descriptions, descriptionsFile }: OpenApiOptions): Descriptions | undefined {
  if (descriptions !== undefined) return descriptions();
  return descriptionsFile === undefined ? undefined : loadDescriptions(descriptionsFile);
}

function answerV2(request: ApiRequest, document: Document): ApiResponse {
  return answer(request, document, "v2");
}

/** What `/openapi/v3` says of a document. */
export function indexEntry(name: string, { hash }: Document): object {
  return { [name]: { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` } };
}

function answerIndex(request: ApiRequest, index: () => { readonly body: Buffer; readonly etag: string }): ApiResponse {
  const { body, etag } = index();
  const headers = { etag };
  return isUnchanged(request, etag)
    ? { type: "raw", status: 304, contentType: jsonType, body: "", headers }
    : { type: "raw", status: 200, contentType: jsonType, body, headers };
}

/** With the right `hash` the answer never changes; with another the client is sent to the right one. */
export function answerV3(request: ApiRequest, documents: ReadonlyMap<string, Document>): ApiResponse {
  const name = request.path.slice("/openapi/v3/".length).replace(/\/+$/, "");
  const document = documents.get(name);
  if (document === undefined) return { type: "raw", status: 404, contentType: "", body: "" };
  const asked = request.query.get("hash");
  if (asked === null || asked === "") return answer(request, document, "v3");
  if (asked !== document.hash) {
    const location = `/openapi/v3/${name}?hash=${document.hash}`;
    return {
      type: "raw",
      status: 301,
      contentType: "text/html; charset=utf-8",
      body: "",
      headers: { location, vary: "Accept" },
    };
  }
  return answer(request, document, "v3", { "cache-control": "public, max-age=31536000, immutable" });
}

const none: readonly ServedDefinition[] = [];
const nothingCustom = (): readonly ServedDefinition[] => none;

/** Made anew when what users have defined has changed. */
function perList<T>(
  custom: () => readonly ServedDefinition[],
  make: (list: readonly ServedDefinition[]) => T,
): () => T {
  let made: { readonly list: readonly ServedDefinition[]; readonly value: T } | undefined;
  return () => {
    const list = custom();
    if (made?.list !== list) made = { list, value: make(list) };
    return made.value;
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
