import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Authenticated, TokenAuthenticator } from "../authenticator.ts";
import { decodeJwt, type JwtClaims } from "../jwt.ts";
import { userOfClaims } from "./claims.ts";
import type { JwtAuthenticatorConfiguration } from "./configuration.ts";
import { discoverKeys } from "./discovery.ts";
import { DistributedClaim } from "./distributed-claims.ts";
import type { HttpGet } from "./http-get.ts";
import { issuerOf, verifyIdToken } from "./id-token.ts";
import type { RemoteKeySet } from "./key-set.ts";
import type { IssuerExpressions } from "./validation.ts";

/** How often an issuer that does not answer is asked where its keys are. */
const askAgainMs = 10_000;

export interface OpenIdOptions {
  readonly config: JwtAuthenticatorConfiguration;
  readonly expressions: IssuerExpressions;
  readonly algorithms: readonly string[];
  readonly get: HttpGet;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Users by the tokens of one OpenID Connect issuer (plugin/pkg/authenticator/token/oidc). Tokens are taken once the issuer has
 * said where its keys are, which it may do later than the server starts: it may run in this very cluster.
 */
export class OpenIdAuthenticator implements TokenAuthenticator {
  readonly name: string;
  readonly #options: OpenIdOptions;
  /** Where they may lie in another place. */
  readonly #groups: DistributedClaim | undefined;
  #keys: RemoteKeySet | undefined;
  readonly #initialized = Promise.withResolvers<void>();
  #error = "";

  constructor(options: OpenIdOptions) {
    this.#options = options;
    const { config, algorithms, get, clock, logger } = options;
    const { claim } = config.claimMappings.groups;
    const { audiences } = config.issuer;
    this.#groups =
      claim === "" ? undefined : new DistributedClaim({ claim, audiences, algorithms, get, clock, logger });
    this.name = `oidc ${options.config.issuer.url}`;
  }

  /** Asks the issuer until it has answered, or `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, config, get } = this.#options;
    while (!signal.aborted) {
      try {
        const { url, discoveryUrl } = config.issuer;
        this.#keys = await discoverKeys(url, get, discoveryUrl);
        this.#initialized.resolve();
        return;
      } catch (error) {
        this.#error = (error as Error).message;
        logger.error("an issuer of tokens does not answer", {
          issuer: config.issuer.url,
          error: this.#error,
        });
      }
      await clock.sleep(askAgainMs, signal).catch(() => {}); // The condition above is what ends this.
    }
  }

  /** Resolves once tokens can be looked at. */
  get initialized(): Promise<void> {
    return this.#initialized.promise;
  }

  /** Why they cannot be now. */
  get failure(): string | undefined {
    if (this.#keys !== undefined) return undefined;
    const { url } = this.#options.config.issuer;
    const why = this.#error || `oidc: authenticator for issuer ${goQuote(url)} is not initialized`;
    return `oidc: authenticator for issuer ${goQuote(url)} is not healthy: ${why}`;
  }

  authenticateToken(token: string): Promise<Authenticated> | undefined {
    const jwt = decodeJwt(token);
    if (jwt === undefined || issuerOf(jwt.claims) !== this.#options.config.issuer.url) return undefined;
    return this.#authenticate(token);
  }

  async #authenticate(token: string): Promise<Authenticated> {
    const { config, expressions, algorithms, clock } = this.#options;
    const keys = this.#keys;
    if (keys === undefined) throw new Error("oidc: authenticator not initialized");
    const claims = await verifyIdToken(token, {
      issuer: config.issuer.url,
      audiences: config.issuer.audiences,
      algorithms,
      keys: (keyId) => keys.keysOf(keyId),
      now: clock.now(),
    }).catch((cause: Error) => {
      throw new Error(`oidc: verify token: ${cause.message}`, { cause });
    });
    const expanded = await this.#expanded(claims);
    return { user: userOfClaims(expanded, { config, expressions }) };
  }

  /** With the groups that lie elsewhere, where they are taken from a claim. */
  async #expanded(claims: JwtClaims): Promise<JwtClaims> {
    try {
      return (await this.#groups?.expand(claims)) ?? claims;
    } catch (cause) {
      throw new Error(`oidc: could not expand distributed claims: ${(cause as Error).message}`, { cause });
    }
  }
}
