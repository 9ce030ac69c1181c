import { createHash } from "node:crypto";
import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import type { Logger } from "../../base/logger.ts";
import type { Handler } from "../chain.ts";
import { encodeGnostic } from "../openapi/gnostic.ts";
import { documentV2Shape } from "../openapi/gnostic-v2.ts";
import { documentV3Shape } from "../openapi/gnostic-v3.ts";
import { answerV3, Document, encodingFor, indexEntry, protobufTypes } from "../openapi/handlers.ts";
import { mergedSwagger } from "../openapi/merge-v2.ts";
import { type ApiRequest, changedRequest } from "../request.ts";
import type { ApiResponse, RawResponse, ValueResponse } from "../response.ts";
import { groupVersionOf, sortedByGroupAndVersion } from "./api-services.ts";
import {
  type GroupDiscovery,
  type GroupEntry,
  groupEntry,
  mergedDiscovery,
  mergedGroups,
} from "./discovery-documents.ts";
import type { ExtensionParts } from "./extension-server.ts";
import { inDocumentOrder } from "./openapi-v2.ts";
import { proxyToService } from "./proxy.ts";
import { type RemoteDocuments, remoteVersion } from "./remote-documents.ts";

/** The group versions that services answer for, as they are now. */
export interface RemoteServices {
  readonly isEmpty: boolean;
  /** Rises whenever anything that discovery shows may have changed. */
  readonly generation: number;
  readonly remote: Iterable<APIService>;
  find(group: string, version: string): APIService | undefined;
  /** Local ones too. */
  all(): Iterable<APIService>;
  documentsOf(apiService: APIService): RemoteDocuments | undefined;
}

type Parts = ExtensionParts & { readonly logger: Logger };

/** As long as no service answers for anything, every request goes to `local` as it is. */
export function aggregatedHandler(services: RemoteServices, parts: Parts, local: Handler): Handler {
  const documents = new MergedDocuments(services, local);
  return (request) => {
    if (services.isEmpty) return local(request);
    const { info } = request;
    if (info.isResourceRequest) {
      const found = services.find(info.group, info.version);
      return found === undefined ? local(request) : proxyToService(parts, found, request);
    }
    const segments = request.path.split("/").filter((segment) => segment !== "");
    const [first, group = "", version = ""] = segments;
    if (first === "apis") {
      if (segments.length === 1) return documents.groups(request);
      if (segments.length === 2) return documents.group(request, group);
      const found = services.find(group, version);
      return found === undefined ? local(request) : proxyToService(parts, found, request);
    }
    if (first === "openapi" && group === "v3") {
      if (segments.length === 2) return documents.openApi(request);
      const found = version === "apis" ? services.find(segments[3] ?? "", segments[4] ?? "") : undefined;
      if (found === undefined) return local(request);
      return documents.isConverted(found) ? documents.converted(request, found) : proxyToService(parts, found, request);
    }
    if (first === "openapi" && group === "v2" && segments.length === 2) return documents.swagger(request);
    return local(request);
  };
}

/** Documents of this server and of all services together, each made anew when either has changed. */
class MergedDocuments {
  readonly #services: RemoteServices;
  readonly #local: Handler;
  readonly #converted = new WeakMap<JsonObject, Document>();
  readonly #made = new Map<string, { readonly key: string; readonly body: Buffer; readonly etag: string }>();

  constructor(services: RemoteServices, local: Handler) {
    this.#services = services;
    this.#local = local;
  }

  /** `/apis`, plain or aggregated. */
  async groups(request: ApiRequest): Promise<ApiResponse> {
    const response = await this.#local(unconditional(request));
    if (response.type === "value") return this.#plainGroups(response);
    if (response.type !== "raw" || response.status !== 200) return response;
    return this.#answer(request, response, (text) => {
      const document = JSON.parse(text) as { readonly items: readonly GroupDiscovery[] };
      const remote = [...this.#services.remote].map((service) => {
        const known = this.#services.documentsOf(service);
        const { version } = groupVersionOf(service);
        return remoteVersion(
          service,
          known ?? { discovery: { version, freshness: "Stale" as const }, openApiV3: {}, openApiV2: {} },
        );
      });
      return { ...document, items: mergedDiscovery(document.items, remote, this.#services.all()) };
    });
  }

  /** `/apis/GROUP`, where a service answers for any of its versions. */
  async group(request: ApiRequest, name: string): Promise<ApiResponse> {
    const isRemote = [...this.#services.remote].some((service) => groupVersionOf(service).group === name);
    if (!isRemote) return this.#local(request);
    const own = [...this.#services.all()].filter((service) => groupVersionOf(service).group === name);
    const entry = groupEntry(sortedByGroupAndVersion(own)[0]!);
    return { type: "value", status: 200, value: { kind: "APIGroup", apiVersion: "v1", ...entry } };
  }

  /** `/openapi/v3`: where to find the document of each group version. */
  async openApi(request: ApiRequest): Promise<ApiResponse> {
    const response = await this.#local(unconditional(request));
    if (response.type !== "raw" || response.status !== 200) return response;
    return this.#answer(request, response, (text) => {
      const { paths } = JSON.parse(text) as { readonly paths: Readonly<Record<string, unknown>> };
      const remote = [...this.#services.remote].map((service) => this.#openApiOf(service));
      const all = Object.entries(Object.assign({}, paths, ...remote) as object);
      return { paths: Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1))) };
    });
  }

  #openApiOf(service: APIService): object {
    const known = this.#services.documentsOf(service);
    const converted = this.#convertedOf(service);
    return converted === undefined ? (known?.openApiV3 ?? {}) : indexEntry(...converted);
  }

  /** The v3 document of a service that knows v2 alone. */
  async converted(request: ApiRequest, service: APIService): Promise<ApiResponse> {
    const converted = this.#convertedOf(service);
    return answerV3(request, new Map(converted && [converted]));
  }

  isConverted(service: APIService): boolean {
    return this.#services.documentsOf(service)?.convertedV3 !== undefined;
  }

  #convertedOf(service: APIService): readonly [name: string, document: Document] | undefined {
    const value = this.#services.documentsOf(service)?.convertedV3;
    if (value === undefined) return undefined;
    const { group, version } = groupVersionOf(service);
    const document = this.#converted.get(value) ?? new Document(() => value, documentV3Shape);
    this.#converted.set(value, document);
    return [`apis/${group}/${version}`, document];
  }

  /** `/openapi/v2`, in JSON or protobuf. */
  async swagger(request: ApiRequest): Promise<ApiResponse> {
    const encoding = encodingFor(request.header("accept") ?? "", protobufTypes.v2);
    const response = await this.#local(unconditional(request, "application/json"));
    if (encoding === undefined || response.type !== "raw" || response.status !== 200) return this.#local(request);
    const merge = (text: string): JsonObject => {
      const services = inDocumentOrder(this.#services.remote);
      const parts = services.map((service) => this.#services.documentsOf(service)?.openApiV2 ?? {});
      return mergedSwagger(JSON.parse(text) as JsonObject, parts);
    };
    if (encoding === "json") return this.#answer(request, response, merge);
    const contentType = protobufTypes.v2[1];
    return this.#answer(request, { ...response, contentType }, merge, (value) => {
      return Buffer.from(encodeGnostic(value as JsonObject, documentV2Shape));
    });
  }

  #plainGroups(response: ValueResponse): ApiResponse {
    const value = response.value as { readonly groups: readonly GroupEntry[] };
    return { ...response, value: { ...value, groups: mergedGroups(value.groups, this.#services.all()) } };
  }

  #answer(
    request: ApiRequest,
    local: RawResponse,
    make: (text: string) => object,
    encode: (value: object) => Buffer = (value) => Buffer.from(JSON.stringify(value)),
  ): ApiResponse {
    const key = `${local.headers?.["etag"]}/${this.#services.generation}`;
    const at = `${request.path} ${local.contentType}`;
    let made = this.#made.get(at);
    if (made?.key !== key) {
      const text = typeof local.body === "string" ? local.body : Buffer.from(local.body).toString("utf8");
      const body = encode(make(text));
      made = { key, body, etag: `"${createHash("sha512").update(body).digest("hex").toUpperCase()}"` };
      this.#made.set(at, made);
    }
    const headers = { ...local.headers, etag: made.etag };
    return request.header("if-none-match") === made.etag
      ? { ...local, status: 304, body: "", headers }
      : { ...local, body: made.body, headers };
  }
}

/** The local document is needed whole, whatever the client has of the merged one. */
function unconditional(request: ApiRequest, accept?: string): ApiRequest {
  const header = (name: string): string | undefined => {
    if (name === "if-none-match") return undefined;
    return name === "accept" && accept !== undefined ? accept : request.header(name);
  };
  return changedRequest(request, { header });
}
