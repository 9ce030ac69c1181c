import type { ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Volume, VolumeProjection } from "../../api/generated/types/core-v1.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import { downwardPayload } from "./downward-api.ts";
import { fsUserOf } from "./ownership.ts";
import { configMapPayload, type FileContent, type Payload, secretPayload } from "./payload.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";
import { aggregateError } from "./volume-errors.ts";

export interface PayloadSources {
  readonly objects: Pick<ReferencedObjects, "configMap" | "secret">;
  readonly tokens: Pick<ServiceAccountTokens, "get">;
  /** What the node's pods may have; a container without a limit has this one. */
  readonly allocatable: () => ResourceList;
}

export interface Collected {
  readonly payload: Payload;
  /** When it is to be collected again though no object has changed, milliseconds since 1970. */
  readonly refreshAtMs: number;
}

/** The volumes whose files come from the API. */
export function isCollected({ configMap, secret, downwardAPI, projected }: Volume): boolean {
  return (configMap ?? secret ?? downwardAPI ?? projected) !== undefined;
}

/** The files that such a volume is to hold now. Rejects in upstream's words. */
export async function collectPayload(
  pod: Pod,
  volume: Volume,
  sources: PayloadSources,
  signal?: AbortSignal,
): Promise<Collected> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (projected !== undefined) return collectProjected(pod, projected, sources, signal);
  const { defaultMode } = (configMap ?? secret ?? downwardAPI)!;
  const one = async (): Promise<Payload> => {
    if (configMap !== undefined) return ofConfigMap(pod, configMap, defaultMode, sources);
    if (secret !== undefined) return ofSecret(pod, { ...secret, name: secret.secretName }, defaultMode, sources);
    return downwardPayload(pod, downwardAPI?.items ?? [], { defaultMode, allocatable: sources.allocatable() });
  };
  return { payload: await one(), refreshAtMs: Number.POSITIVE_INFINITY };
}

/** All sources as one set of files, later ones over earlier. Rejects with all that is wrong at once (pkg/volume/projected). */
async function collectProjected(
  pod: Pod,
  { sources: projections = [], defaultMode }: NonNullable<Volume["projected"]>,
  sources: PayloadSources,
  signal: AbortSignal | undefined,
): Promise<Collected> {
  const results = await Promise.allSettled(
    projections.map((projection) => collectOne(pod, projection, defaultMode, sources, signal)),
  );
  const failures = results.filter((result) => result.status === "rejected");
  if (failures.length > 0) throw aggregateError(failures.map(({ reason }) => reason));
  const payload = new Map<string, FileContent>();
  let refreshAtMs = Number.POSITIVE_INFINITY;
  for (const result of results) {
    if (result.status !== "fulfilled") continue;
    for (const [path, content] of result.value.payload) payload.set(path, content);
    refreshAtMs = Math.min(refreshAtMs, result.value.refreshAtMs);
  }
  return { payload, refreshAtMs };
}

async function collectOne(
  pod: Pod,
  { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate }: VolumeProjection,
  defaultMode: number,
  sources: PayloadSources,
  signal: AbortSignal | undefined,
): Promise<Collected> {
  const lasting = (payload: Payload): Collected => ({ payload, refreshAtMs: Number.POSITIVE_INFINITY });
  if (configMap !== undefined) return lasting(await ofConfigMap(pod, configMap, defaultMode, sources));
  if (secret !== undefined) return lasting(await ofSecret(pod, secret, defaultMode, sources));
  if (downwardAPI !== undefined)
    return lasting(downwardPayload(pod, downwardAPI.items ?? [], { defaultMode, allocatable: sources.allocatable() }));
  if (serviceAccountToken !== undefined) {
    const uid = fsUserOf(pod);
    const { token, refreshAtMs } = await sources.tokens.get(pod, serviceAccountToken, signal);
    // Who has a user or group of its own alone may read it; the group gets its permission with its ownership.
    const isPrivate = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
    const content: FileContent = { data: token, mode: isPrivate ? 0o600 : defaultMode, uid };
    return { payload: new Map([[serviceAccountToken.path, content]]), refreshAtMs };
  }
  if (clusterTrustBundle !== undefined) throw new Error("ClusterTrustBundle projection is not supported by this node");
  if (podCertificate !== undefined) throw new Error("PodCertificate projection is not supported by this node");
  return lasting(new Map());
}

interface ObjectSource {
  readonly name?: string | undefined;
  readonly optional?: boolean;
  readonly items?: NonNullable<Volume["configMap"]>["items"];
}

async function ofConfigMap(
  { metadata: { namespace = "" } }: Pod,
  { name = "", optional = false, items }: ObjectSource,
  defaultMode: number,
  { objects }: PayloadSources,
): Promise<Payload> {
  const object = await objects.configMap(namespace, name);
  if (object === undefined && !optional) throw new Error(`configmap ${goQuote(name)} not found`);
  return configMapPayload(object, { items, defaultMode, optional });
}

async function ofSecret(
  { metadata: { namespace = "" } }: Pod,
  { name = "", optional = false, items }: ObjectSource,
  defaultMode: number,
  { objects }: PayloadSources,
): Promise<Payload> {
  const object = await objects.secret(namespace, name);
  if (object === undefined && !optional) throw new Error(`secret ${goQuote(name)} not found`);
  return secretPayload(object, { items, defaultMode, optional });
}
