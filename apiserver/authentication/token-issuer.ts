import type { TokenRequest } from "../../api/generated/types/authentication-v1.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { JwtSigner } from "./jwt.ts";
import { writeClaims } from "./service-account-claims.ts";
import type { TokenDefinitions } from "./service-account-tokens.ts";
import { grantToken, type TokenGrant, type TokenRequestOptions } from "./token-request.ts";

/** Signs what `grantToken` decides: the actor behind `serviceaccounts/token`. */
export class TokenIssuer {
  readonly options: TokenRequestOptions;
  readonly #signer: JwtSigner;
  readonly #reader: ObjectReader;
  readonly #definitions: TokenDefinitions;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(deps: {
    readonly options: TokenRequestOptions;
    readonly signer: JwtSigner;
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
  issue(request: TokenRequest): Pick<TokenGrant, "response" | "warnings" | "auditAnnotations"> {
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
    const token = this.#signer.sign(writeClaims(claims));
    return { ...rest, response: { ...response, status: { ...response.status, token } } };
  }
}
