import { createHash } from "node:crypto";
import type { Node, Pod, Secret, ServiceAccount } from "../../api/generated/types/core-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, UserInfo } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Clock } from "../../base/clock.ts";
import { LruMap } from "../../base/lru-map.ts";
import { quoteList } from "../authorization/messages.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { Authenticated, TokenAuthenticator } from "./authenticator.ts";
import { type DecodedJwt, decodeJwt, type VerificationKey, verifyJwt } from "./jwt.ts";
import { checkLegacyToken, InvalidatedTokenError, type LegacyTokenUse } from "./legacy-token.ts";
import {
  checkTimes,
  type LegacyClaims,
  leewaySeconds,
  legacyIssuer,
  type ObjectRef,
  readClaims,
  readLegacyClaims,
  type ServiceAccountClaims,
  userOfClaims,
} from "./service-account-claims.ts";
import type { ServiceAccountTokenMetrics } from "./service-account-token-metrics.ts";
import type { TokenKeys } from "./token-keys.ts";

/** The resources that tokens refer to. */
export interface TokenDefinitions {
  readonly serviceAccount: ResourceDefinition<ServiceAccount>;
  readonly pod: ResourceDefinition<Pod>;
  readonly secret: ResourceDefinition<Secret>;
  readonly node: ResourceDefinition<Node>;
}

export interface ServiceAccountTokenOptions {
  /** Accepted issuers; new tokens name the first. */
  readonly issuers: readonly string[];
  readonly keys: TokenKeys;
  /** The server's own audiences. */
  readonly audiences: readonly string[];
  readonly reader: ObjectReader;
  readonly definitions: TokenDefinitions;
  readonly clock: Clock;
  readonly metrics?: ServiceAccountTokenMetrics;
  /** Told of each use of a secret's token, with the day (`2006-01-02`) for the label `kubernetes.io/legacy-token-last-used`. */
  readonly onLegacyTokenUsed?: (secret: Secret, day: string) => void;
}

/** What the signature proves of a token, for good; the rest is asked at every use. */
interface Verified {
  readonly legacy: LegacyClaims | undefined;
  readonly claims: ServiceAccountClaims;
  readonly user: UserInfo | undefined;
}

/** Tokens whose signature is remembered. The oldest goes first. */
const maxRemembered = 8192;

/**
 * Service accounts by their tokens: bound ones and those of secrets (pkg/serviceaccount).
 *
 * Guarantee: a token of a deleted or replaced service account, pod, secret or node is refused as soon as the watch cache
 * shows the deletion (with upstream's leeway). Only the signature, which cannot change, is remembered, under the token's hash.
 */
export class ServiceAccountTokenAuthenticator implements TokenAuthenticator {
  readonly name = "service-account";
  readonly #options: ServiceAccountTokenOptions;
  #verified = new LruMap<string, Verified>(maxRemembered);

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
    // What one key has proved is proved no more once that is not believed.
    options.keys.onChange(() => {
      this.#verified = new LruMap(maxRemembered);
    });
  }

  authenticateToken(
    token: string,
    audiences: readonly string[] = this.#options.audiences,
  ): Authenticated | undefined | Promise<Authenticated | undefined> {
    const hash = createHash("sha256").update(token).digest("base64");
    const known = this.#verified.get(hash);
    if (known !== undefined) return this.#judge(known, token, audiences);
    const goOn = (verified: Verified | undefined): Authenticated | undefined => {
      if (verified === undefined) return undefined;
      this.#verified.set(hash, verified);
      return this.#judge(verified, token, audiences);
    };
    const verified = this.#verify(token);
    return verified instanceof Promise ? verified.then(goOn) : goOn(verified);
  }

  /** What of a token whose signature is good may have changed since. */
  #judge(verified: Verified, token: string, audiences: readonly string[]): Authenticated {
    const common = this.#commonAudiences(verified.claims, audiences);
    if (verified.legacy !== undefined) {
      const { secret: _, day: __, generated: ___, ...rest } = this.#checkLegacy(verified.legacy, token);
      return { ...rest, audiences: common };
    }
    const auditAnnotations = this.#checkLive(verified.claims);
    if (auditAnnotations === undefined) this.#options.metrics?.valid.inc();
    else this.#options.metrics?.stale.inc();
    return { user: verified.user!, audiences: common, ...(auditAnnotations === undefined ? {} : { auditAnnotations }) };
  }

  #checkLegacy(claims: LegacyClaims, token: string): LegacyTokenUse {
    const { reader, definitions, clock, metrics, onLegacyTokenUsed } = this.#options;
    metrics?.legacy.inc();
    const note = ({ secret, day }: Pick<LegacyTokenUse, "secret" | "day">): void => {
      if (day !== undefined) onLegacyTokenUsed?.(secret, day);
    };
    try {
      const use = checkLegacyToken(claims, token, { reader, definitions, now: clock.now() });
      if (use.generated) metrics?.generated.inc();
      else metrics?.manual.inc();
      note(use);
      return use;
    } catch (error) {
      if (error instanceof InvalidatedTokenError) {
        metrics?.invalid.inc();
        note(error);
      }
      throw error;
    }
  }

  #verify(token: string): Verified | undefined | Promise<Verified> {
    const jwt = decodeJwt(token);
    const issuer = jwt?.claims["iss"];
    if (jwt === undefined || typeof issuer !== "string") return undefined;
    const legacy = issuer === legacyIssuer;
    if (!legacy && !this.#options.issuers.includes(issuer)) return undefined;
    const check = (keys: readonly VerificationKey[]): Verified => {
      checkSignature(jwt, keys);
      const claims = readClaims(jwt.claims);
      return legacy
        ? { legacy: readLegacyClaims(jwt.claims), claims, user: undefined }
        : { legacy: undefined, claims, user: userOfClaims(claims) };
    };
    const id = jwt.header["kid"];
    const { keys } = this.#options;
    const fitting = typeof id === "string" && id !== "" ? keys.find(id) : keys.keys;
    return fitting instanceof Promise ? fitting.then(check) : check(fitting);
  }

  #commonAudiences(claims: ServiceAccountClaims, wanted: readonly string[]): readonly string[] {
    const own = claims.audiences.length === 0 ? this.#options.audiences : claims.audiences;
    const common = own.filter((audience) => wanted.includes(audience));
    if (common.length > 0 || this.#options.audiences.length === 0) return common;
    throw new Error(`token audiences ${quoteList(own)} is invalid for the target audiences ${quoteList(wanted)}`);
  }

  #checkLive(claims: ServiceAccountClaims): Readonly<Record<string, string>> | undefined {
    const { reader, definitions, clock } = this.#options;
    const now = clock.now();
    checkTimes(claims, now);
    const { namespace, serviceAccount: ref, secret, pod, node } = claims;
    const account = reader.get(definitions.serviceAccount, namespace, ref.name);
    if (account === undefined) throw ApiError.notFound({ group: "", resource: "serviceaccounts" }, ref.name);
    if (account.metadata.uid !== ref.uid)
      throw new Error(`service account UID (${account.metadata.uid}) does not match claim (${ref.uid})`);
    if (isGone(account, now)) throw new Error(`service account ${namespace}/${ref.name} has been deleted`);
    if (secret !== undefined) checkBound("secret", secret, reader.get(definitions.secret, namespace, secret.name), now);
    if (pod !== undefined) checkBound("pod", pod, reader.get(definitions.pod, namespace, pod.name), now);
    else if (node !== undefined) checkBound("node", node, reader.get(definitions.node, "", node.name), now);
    const seconds = Math.floor(now / 1000);
    if (claims.warnAfter === undefined || seconds <= claims.warnAfter) return undefined;
    const text = `subject: ${claims.subject}, seconds after warning threshold: ${seconds - claims.warnAfter}`;
    return { "authentication.k8s.io/stale-token": text };
  }
}

function checkSignature(jwt: DecodedJwt, keys: readonly VerificationKey[]): void {
  if (keys.length === 0) throw new Error("invalid signature, no keys found");
  if (!keys.some((key) => verifyJwt(jwt, key))) throw new Error("go-jose/go-jose: error in cryptographic primitive");
}

/** Deleted long enough ago that even a late clock must see it. */
function isGone(object: ApiObject, now: number): boolean {
  const { deletionTimestamp } = object.metadata;
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < now - leewaySeconds * 1000;
}

function checkBound(kind: "secret" | "pod" | "node", ref: ObjectRef, object: ApiObject | undefined, now: number): void {
  if (object === undefined) throw new Error("service account token has been invalidated");
  const uid = object.metadata.uid ?? "";
  if (uid !== ref.uid)
    throw new Error(`${kind} UID (${uid}) does not match service account ${kind} ref claim (${ref.uid})`);
  if (isGone(object, now)) throw new Error("service account token has been invalidated");
}
