import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/logger.ts";
import { LruMap } from "../../../base/lru-map.ts";
import { decodeJwt, type JwtClaims } from "../jwt.ts";
import { discoverKeys } from "./discovery.ts";
import { type HttpGet, UnexpectedStatusError } from "./http-get.ts";
import { issuerOf, verifyIdToken } from "./id-token.ts";
import type { RemoteKeySet } from "./key-set.ts";

/** Issuers that vouch for claims of others: few, and known to the issuer that names them. */
const maxIssuers = 64;
/** How often one that does not say where its keys are is asked. */
const askAgainMs = 10_000;

export interface DistributedClaimOptions {
  /** The one that may lie elsewhere: that of the groups. */
  readonly claim: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly get: HttpGet;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Issuer {
  readonly keys: Promise<RemoteKeySet | undefined>;
  readonly askedAtMs: number;
}

/**
 * Fetches a claim from where a token says that it lies (OpenID Connect Core 1.0, 5.6.2: `_claim_names`, `_claim_sources`).
 * What is found there is a token, too, which its own issuer has to have signed, for us
 * (plugin/pkg/authenticator/token/oidc, claimResolver).
 */
export class DistributedClaim {
  readonly #options: DistributedClaimOptions;
  readonly #issuers = new LruMap<string, Issuer>(maxIssuers);

  constructor(options: DistributedClaimOptions) {
    this.#options = options;
  }

  /** The claims with that one among them, if it lies anywhere. Rejects in upstream's words. */
  async expand(claims: JwtClaims): Promise<JwtClaims> {
    const { claim } = this.#options;
    const source = claims[claim] === undefined ? sourceOf(claims, claim) : undefined;
    if (source === undefined) return claims;
    return { ...claims, [claim]: await this.#fetch(source) };
  }

  async #fetch({ endpoint, accessToken }: Source): Promise<unknown> {
    const { claim, get } = this.#options;
    const token = await get(endpoint, accessToken === "" ? undefined : accessToken).catch((cause: Error) => {
      const status = cause instanceof UnexpectedStatusError ? cause.status : undefined;
      const why = status === undefined ? cause.message : `error while getting distributed claim JWT: ${status}`;
      throw new Error(`while getting distributed claim ${goQuote(claim)}: ${why}`, { cause });
    });
    const issuer = this.#untrustedIssuer(token, endpoint);
    const keys = await this.#keysOf(issuer);
    if (keys === undefined) {
      const why = `verifier not initialized for issuer: ${goQuote(issuer)}`;
      throw new Error(`verifying untrusted issuer ${issuer} failed: ${why}`);
    }
    const { audiences, algorithms, clock } = this.#options;
    const rules = {
      issuer,
      audiences,
      algorithms,
      keys: (id: string | undefined) => keys.keysOf(id),
      now: clock.now(),
    };
    const found = await verifyIdToken(token, rules).catch((cause: Error) => {
      throw new Error(`verify distributed claim token: ${cause.message}`, { cause });
    });
    if (found[claim] === undefined) {
      throw new Error(
        `jwt returned by distributed claim endpoint ${goQuote(endpoint)} did not contain claim: ${claim}`,
      );
    }
    return found[claim];
  }

  #untrustedIssuer(token: string, endpoint: string): string {
    const jwt = decodeJwt(token);
    if (jwt !== undefined) return issuerOf(jwt.claims);
    const why = token.trim().startsWith("{") ? "token is not compact JWT" : "malformed token";
    throw new Error(
      `getting untrusted issuer from endpoint ${endpoint} failed for claim ${goQuote(this.#options.claim)}: ${why}`,
    );
  }

  /** Undefined where the issuer does not say. */
  #keysOf(issuer: string): Promise<RemoteKeySet | undefined> {
    const { get, clock, logger } = this.#options;
    const known = this.#issuers.get(issuer);
    const now = clock.monotonicMs();
    if (known !== undefined && now - known.askedAtMs < askAgainMs) return known.keys;
    const ask = (): Promise<RemoteKeySet | undefined> => {
      const keys = discoverKeys(issuer, get).catch((error: Error) => {
        logger.error("an issuer of distributed claims does not answer", { issuer, error: error.message });
        return undefined;
      });
      this.#issuers.set(issuer, { keys, askedAtMs: now });
      return keys;
    };
    // Once it has said where they are, it is not asked again.
    return known === undefined ? ask() : known.keys.then((keys) => keys ?? ask());
  }
}

interface Source {
  readonly endpoint: string;
  readonly accessToken: string;
}

/** Where a claim lies; undefined where the token says nothing of it, or holds it itself (an aggregated claim, which is none of ours). */
function sourceOf(claims: JwtClaims, claim: string): Source | undefined {
  const { _claim_names: names, _claim_sources: sources } = claims;
  if (names === undefined) return undefined;
  if (!isObject(names)) throw new Error(`oidc: error parsing distributed claim names: ${notObject(names)}`);
  if (sources === undefined) throw new Error("oidc: no claim sources");
  if (!isObject(sources)) throw new Error(`oidc: could not parse claim sources: ${notObject(sources)}`);
  const name = names[claim];
  if (name === undefined) return undefined;
  const source = Object.hasOwn(sources, String(name)) ? sources[String(name)] : undefined;
  if (source === undefined) {
    throw new Error(`id token _claim_names contained a source ${name} missing in _claims_sources`);
  }
  const { endpoint = "", access_token: accessToken = "" } = isObject(source) ? source : {};
  if (typeof endpoint !== "string" || typeof accessToken !== "string") {
    throw new Error(`oidc: could not parse claim sources: ${notObject(source)}`);
  }
  return endpoint === "" ? undefined : { endpoint, accessToken };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function notObject(value: unknown): string {
  const kind = Array.isArray(value) ? "array" : typeof value;
  return `json: cannot unmarshal ${kind} into Go value`;
}
