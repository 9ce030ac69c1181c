import { formatAggregate } from "../../../apimachinery/field/errors.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Until } from "../../request-end.ts";
import type { TokenAuthenticator } from "../authenticator.ts";
import { unionTokens } from "../chain.ts";
import type { OpenIdAuthenticator } from "./authenticator.ts";

/** How long other issuers may take to say where their keys are (pkg/kubeapiserver/options, UpdateAuthenticationConfigTimeout). */
const replaceTimeoutMs = 60_000;
/** Requests under way may still need the keys of the former ones. */
const graceMs = 60_000;

/** The issuers whose tokens are taken, which may become others while the server runs. */
export class OpenIdIssuers implements TokenAuthenticator {
  readonly name = "oidc";
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #tokens: TokenAuthenticator;
  #ended: AbortController;

  /** Asks the issuers where their keys are, and waits for nobody. `signal`: nobody is asked anything afterwards. */
  constructor(issuers: readonly OpenIdAuthenticator[], clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#ended = this.#start(issuers);
    this.#tokens = unionTokens(...issuers);
  }

  authenticateToken(token: string, audiences?: readonly string[], until?: Until) {
    return this.#tokens.authenticateToken(token, audiences, until);
  }

  /** Takes tokens of these from now on, once all of them have said where their keys are; rejects where one does not in a minute. */
  async replace(issuers: readonly OpenIdAuthenticator[]): Promise<void> {
    const ended = this.#start(issuers);
    const { promise, resolve } = Promise.withResolvers<"late">();
    const timer = this.#clock.setTimer(replaceTimeoutMs, () => resolve("late"));
    const outcome = await Promise.race([Promise.all(issuers.map(({ initialized }) => initialized)), promise]);
    timer.clear();
    if (outcome === "late" || ended.signal.aborted) {
      ended.abort();
      const unwell = issuers.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
      throw new Error(formatAggregate([...unwell, "context deadline exceeded"]));
    }
    const former = this.#ended;
    this.#tokens = unionTokens(...issuers);
    this.#ended = ended;
    this.#clock.setTimer(graceMs, () => former.abort()).unref();
  }

  #start(issuers: readonly OpenIdAuthenticator[]): AbortController {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#signal, ended.signal]);
    for (const issuer of issuers) void issuer.run(signal);
    return ended;
  }
}
