import type { Pod } from "../../api/core/v1/pod.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import type { TokenRequest, TokenRequestInput } from "../../api/generated/types/authentication-v1.ts";
import type { ServiceAccountTokenProjection } from "../../api/generated/types/core-v1.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { Client } from "../../client/client.ts";
import { messageOf } from "./volume-errors.ts";

export interface TokensOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface IssuedToken {
  readonly token: string;
  /** When it is time for the next one, milliseconds since 1970. */
  readonly refreshAtMs: number;
}

interface Kept extends IssuedToken {
  readonly expiresAtMs: number;
}

const maxAgeMs = 24 * 3_600_000;
const maxJitterMs = 10_000;
/** After a refusal, while the token at hand still serves. */
const retryMs = 30_000;

/** When a token is renewed: at 80 % of its life, after a day at the latest, and a little sooner (pkg/kubelet/token). */
export function refreshTime(expiresAtMs: number, lifetimeMs: number, jitterMs: number): number {
  const issuedAtMs = expiresAtMs - lifetimeMs;
  return Math.floor(Math.min(issuedAtMs + maxAgeMs, expiresAtMs - lifetimeMs * 0.2) - jitterMs);
}

/** The tokens of this node's pods, bound to them, each asked for when it is first needed and when its time has come. */
export class ServiceAccountTokens {
  readonly #options: TokensOptions;
  /** By pod's uid, then by what was asked for. */
  readonly #kept = new Map<string, Map<string, Kept>>();

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  /** Rejects where there is no valid token to be had. A renewal that fails leaves the old token for as long as it lasts. */
  async get(pod: Pod, projection: ServiceAccountTokenProjection, signal?: AbortSignal): Promise<IssuedToken> {
    const { clock, logger } = this.#options;
    const { uid = "", namespace = "", name: podName } = pod.metadata;
    const account = pod.spec.serviceAccountName ?? "";
    const { audience = "", expirationSeconds } = projection;
    const key = JSON.stringify([account, audience, expirationSeconds]);
    const kept = this.#kept.get(uid)?.get(key);
    if (kept !== undefined && clock.now() < kept.refreshAtMs) return kept;
    try {
      const issued = await this.#request(pod, projection, signal);
      const ofPod = this.#kept.get(uid) ?? new Map<string, Kept>();
      this.#kept.set(uid, ofPod.set(key, issued));
      return issued;
    } catch (error) {
      if (kept === undefined) throw new Error(`failed to fetch token: ${messageOf(error)}`, { cause: error });
      const named = `${namespace}/${account}`;
      if (clock.now() > kept.expiresAtMs)
        throw new Error(`token ${named} expired and refresh failed: ${messageOf(error)}`, { cause: error });
      logger.warn("Renewing a token failed, the old one stays", { serviceAccount: named, pod: podName, error });
      return { token: kept.token, refreshAtMs: clock.now() + retryMs };
    }
  }

  forget(uid: string): void {
    this.#kept.delete(uid);
  }

  async #request(
    { metadata, spec }: Pod,
    { audience, expirationSeconds }: ServiceAccountTokenProjection,
    signal: AbortSignal | undefined,
  ): Promise<Kept> {
    const { client, random } = this.#options;
    const accounts = client.resource(ServiceAccount, metadata.namespace);
    const tokens = accounts.subresource<TokenRequest, TokenRequestInput>(spec.serviceAccountName ?? "", "token");
    const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: metadata.name!, uid: metadata.uid! };
    const answer = await tokens.create(
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {
          audiences: audience ? [audience] : [],
          ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
          boundObjectRef,
        },
      },
      { signal },
    );
    const { token, expirationTimestamp } = answer.status;
    const expiresAtMs = Date.parse(expirationTimestamp ?? "");
    const lifetimeMs = (answer.spec.expirationSeconds ?? 3600) * 1000;
    return { token, expiresAtMs, refreshAtMs: refreshTime(expiresAtMs, lifetimeMs, random.next() * maxJitterMs) };
  }
}
