import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Authenticated, TokenAuthenticator } from "../authenticator.ts";
import { decodeJwt } from "../jwt.ts";
import { userOfClaims } from "./claims.ts";
import type { JwtAuthenticatorConfiguration } from "./configuration.ts";
import type { HttpGet } from "./http-get.ts";
import { issuerOf, verifyIdToken } from "./id-token.ts";
import { RemoteKeySet } from "./key-set.ts";
import type { IssuerExpressions } from "./validation.ts";

const discoveryPath = "/.well-known/openid-configuration";
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
  #keys: RemoteKeySet | undefined;
  readonly #initialized = Promise.withResolvers<void>();
  #error = "";

  constructor(options: OpenIdOptions) {
    this.#options = options;
    this.name = `oidc ${options.config.issuer.url}`;
  }

  /** Asks the issuer until it has answered, or `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, config } = this.#options;
    while (!signal.aborted) {
      try {
        this.#keys = await this.#discover();
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
    return { user: userOfClaims(claims, { config, expressions }) };
  }

  async #discover(): Promise<RemoteKeySet> {
    const { config, get } = this.#options;
    const { url, discoveryUrl } = config.issuer;
    const document = await get(discoveryUrl === "" ? url.replace(/\/$/, "") + discoveryPath : discoveryUrl);
    const { issuer, jwks_uri: keysUrl } = JSON.parse(document) as {
      readonly issuer?: string;
      readonly jwks_uri?: string;
    };
    if (issuer !== url) {
      const got = goQuote(issuer ?? "");
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ${goQuote(url)} got ${got}`,
      );
    }
    if (!keysUrl) throw new Error("provider did not return JWKS URL");
    return new RemoteKeySet(keysUrl, get);
  }
}
