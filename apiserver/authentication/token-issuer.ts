import type { TokenRequest } from "../../api/generated/types/authentication-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { JwtClaims } from "./jwt.ts";
import { writeClaims } from "./service-account-claims.ts";
import type { TokenDefinitions } from "./service-account-tokens.ts";
import type { TokenKeys } from "./token-keys.ts";
import { grantToken, type TokenGrant, type TokenRequestOptions } from "./token-request.ts";

export type IssuedToken = Pick<TokenGrant, "response" | "warnings" | "auditAnnotations">;

/** Signs what `grantToken` decides: the actor behind `serviceaccounts/token`. */
export class TokenIssuer {
  readonly options: TokenRequestOptions;
  readonly #signer: Pick<TokenKeys, "sign">;
  readonly #reader: ObjectReader;
  readonly #definitions: TokenDefinitions;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(deps: {
    readonly options: TokenRequestOptions;
    readonly signer: Pick<TokenKeys, "sign">;
    readonly reader: ObjectReader;
    readonly definitions: TokenDefinitions;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.options = deps.options;
    this.#signer = deps.signer;
    this.#reader = deps.reader;
    this.#definitions = deps.definitions;
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** `request` comes from `completeTokenRequest`. The answer carries the token; refusals are ApiErrors. */
  issue(request: TokenRequest): IssuedToken | Promise<IssuedToken> {
    const namespace = request.metadata.namespace ?? "";
    const { pod, secret, node } = this.#definitions;
    const objects = {
      pod: (name: string) => this.#reader.get(pod, namespace, name),
      secret: (name: string) => this.#reader.get(secret, namespace, name),
      node: (name: string) => this.#reader.get(node, "", name),
    };
    const { claims, response, ...rest } = grantToken(request, objects, this.options, {
      now: this.#clock.now(),
      tokenId: this.#random.uuid(),
    });
    const answer = (token: string): IssuedToken => ({
      ...rest,
      response: { ...response, status: { ...response.status, token } },
    });
    const token = this.#sign(writeClaims(claims));
    return token instanceof Promise ? token.then(answer) : answer(token);
  }

  #sign(claims: JwtClaims): string | Promise<string> {
    const failed = (error: unknown): never => {
      throw ApiError.internal(new Error(`failed to generate token: ${(error as Error).message}`, { cause: error }));
    };
    try {
      const token = this.#signer.sign(claims);
      return token instanceof Promise ? token.catch(failed) : token;
    } catch (error) {
      return failed(error);
    }
  }
}
