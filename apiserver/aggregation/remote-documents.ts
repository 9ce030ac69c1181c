import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import { convertedToV3 } from "../openapi/convert-v2.ts";
import type { Swagger } from "../openapi/merge-v2.ts";
import { groupVersionOf, isAvailable } from "./api-services.ts";
import {
  type GroupDiscovery,
  type RemoteVersion,
  resourcesOfList,
  type VersionDiscovery,
} from "./discovery-documents.ts";
import { type ExtensionParts, type Fetched, fetchFrom, targetOf } from "./extension-server.ts";
import { ownPart } from "./openapi-v2.ts";

const timeoutMs = 5_000;
const acceptAggregated =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/** What one group version shows of itself, as its server said the last time. */
export interface RemoteDocuments {
  readonly discovery: VersionDiscovery;
  /** Its part of `/openapi/v3`, by path; empty where it has none. */
  readonly openApiV3: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  /** The document made of that for v2, where the service knows v2 alone. */
  readonly convertedV3?: JsonObject;
  /** Its part of `/openapi/v2`; empty where it has none. */
  readonly openApiV2: Swagger;
}

/** Asks a service for the documents of a group version. Never rejects: what cannot be had is stale or empty. */
export async function readDocuments(parts: ExtensionParts, apiService: APIService): Promise<RemoteDocuments> {
  const { version } = groupVersionOf(apiService);
  const stale: RemoteDocuments = { discovery: { version, freshness: "Stale" }, openApiV3: {}, openApiV2: {} };
  if (!isAvailable(apiService)) return stale;
  try {
    const discovery = await readDiscovery(parts, apiService);
    const [openApi, swagger] = await Promise.all([
      readOpenApi(parts, apiService).catch(() => ({})),
      readSwagger(parts, apiService).catch(() => undefined),
    ]);
    const { group } = groupVersionOf(apiService);
    return {
      discovery,
      openApiV3: openApi ?? {},
      openApiV2: swagger === undefined ? {} : ownPart(swagger, group, version),
      ...(openApi === undefined && swagger !== undefined && { convertedV3: convertedToV3(swagger) }),
    };
  } catch {
    return stale;
  }
}

export function remoteVersion(apiService: APIService, { discovery }: RemoteDocuments): RemoteVersion {
  return { group: groupVersionOf(apiService).group, entry: discovery };
}

/** The aggregated document where the server has one, else the plain one of the group version. */
async function readDiscovery(parts: ExtensionParts, apiService: APIService): Promise<VersionDiscovery> {
  const { group, version } = groupVersionOf(apiService);
  const target = targetOf(parts, apiService);
  const whole = await fetchFrom(parts, target, "/apis", { timeoutMs, headers: [["Accept", acceptAggregated]] });
  if (whole.status === 200 && isAggregated(whole)) {
    const { items } = JSON.parse(whole.body.toString("utf8")) as { readonly items?: readonly GroupDiscovery[] };
    const versions = (items ?? []).find(({ metadata }) => metadata.name === group)?.versions ?? [];
    const entry = versions.find((one) => one.version === version);
    return { ...(entry ?? { version }), freshness: "Current" };
  }
  if (whole.status === 503) throw new Error("the service is unavailable");
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const plain = await fetchFrom(parts, target, path, { timeoutMs, headers: [["Accept", "application/json"]] });
  if (plain.status !== 200) throw new Error(`failed to download legacy discovery for ${path}: ${plain.status}`);
  const { resources } = JSON.parse(plain.body.toString("utf8")) as { readonly resources?: [] };
  return { version, resources: resourcesOfList(resources ?? []), freshness: "Current" };
}

function isAggregated({ headers }: Fetched): boolean {
  const type = headers.get("content-type") ?? "";
  return type.includes("g=apidiscovery.k8s.io") && type.includes("as=APIGroupDiscoveryList");
}

/** Other paths of the same server belong to other APIServices, or to nobody here. Undefined: the server knows no v3. */
async function readOpenApi(
  parts: ExtensionParts,
  apiService: APIService,
): Promise<RemoteDocuments["openApiV3"] | undefined> {
  const { group, version } = groupVersionOf(apiService);
  const target = targetOf(parts, apiService);
  const index = await fetchFrom(parts, target, "/openapi/v3", { timeoutMs, headers: [["Accept", "application/json"]] });
  if (index.status === 404) return undefined;
  if (index.status !== 200) return {};
  const { paths } = JSON.parse(index.body.toString("utf8")) as { readonly paths?: RemoteDocuments["openApiV3"] };
  const own = `apis/${group}/${version}`;
  const entry = paths?.[own];
  return entry === undefined ? {} : { [own]: entry };
}

async function readSwagger(parts: ExtensionParts, apiService: APIService): Promise<JsonObject | undefined> {
  const target = targetOf(parts, apiService);
  const headers = [["Accept", "application/json"]] as const;
  const { status, body } = await fetchFrom(parts, target, "/openapi/v2", { timeoutMs, headers });
  const value = status === 200 ? (JSON.parse(body.toString("utf8")) as JsonValue) : undefined;
  return isJsonObject(value) ? value : undefined;
}
