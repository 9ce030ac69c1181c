import { createHash } from "node:crypto";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Until } from "../request-end.ts";
import { jsonReview } from "../webhook-client/json-review.ts";
import { withRetries } from "../webhook-client/retry.ts";
import { TimedCache } from "../webhook-client/timed-cache.ts";
import type { WebhookClient, WebhookServer } from "../webhook-client/webhook-client.ts";
import type { Authenticated, TokenAuthenticator } from "./authenticator.ts";

/** Tokens whose answers are remembered (apiserver/pkg/authentication/token/cache). */
const maxRemembered = 4_096;
const timeoutMs = 30_000;

export interface TokenWebhookOptions {
  readonly client: WebhookClient;
  readonly server: WebhookServer;
  /** Of the TokenReview that is sent. */
  readonly version: "v1" | "v1beta1";
  readonly cacheTtlMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** The API server's own: what a token without audiences is good for. */
  readonly audiences: readonly string[];
}

/** Asks a webhook, by TokenReview, whom a bearer token stands for (plugin/pkg/authenticator/token/webhook). */
export class TokenWebhookAuthenticator implements TokenAuthenticator {
  readonly name = "token-webhook";
  readonly #options: TokenWebhookOptions;
  readonly #remembered: TimedCache<{ readonly known: Authenticated | undefined }>;
  readonly #asked = new Map<string, Question>();

  constructor(options: TokenWebhookOptions) {
    this.#options = options;
    this.#remembered = new TimedCache(options.clock, maxRemembered);
  }

  authenticateToken(token: string, audiences?: readonly string[], until?: Until): Promise<Authenticated | undefined> {
    const wanted = audiences ?? this.#options.audiences;
    const key = createHash("sha256")
      .update(JSON.stringify([token, wanted]))
      .digest("base64");
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined) return Promise.resolve(remembered.known);
    const question = this.#asked.get(key) ?? this.#begin(key, token, wanted);
    this.#waitFor(key, question, until);
    return question.answer;
  }

  #begin(key: string, token: string, audiences: readonly string[]): Question {
    const end = new AbortController();
    const question = { answer: this.#ask(key, token, audiences, end.signal), end, waiting: 0 };
    this.#asked.set(key, question);
    question.answer.finally(() => this.#forget(key, question)).catch(() => {}); // Whoever asked hears of it.
    return question;
  }

  /** A question for which nobody waits any more is given up. */
  #waitFor(key: string, question: Question, until: Until | undefined): void {
    question.waiting++;
    const leave = (): void => {
      if (--question.waiting > 0) return;
      this.#forget(key, question);
      question.end.abort();
    };
    const signal = until?.();
    if (signal?.aborted) leave();
    else signal?.addEventListener("abort", leave, { once: true });
  }

  #forget(key: string, question: Question): void {
    if (this.#asked.get(key) === question) this.#asked.delete(key);
  }

  async #ask(
    key: string,
    token: string,
    audiences: readonly string[],
    signal: AbortSignal,
  ): Promise<Authenticated | undefined> {
    const { client, server, version, clock, random, cacheTtlMs } = this.#options;
    const body = {
      kind: "TokenReview",
      apiVersion: `authentication.k8s.io/${version}`,
      metadata: {},
      spec: { token, ...(audiences.length === 0 ? {} : { audiences }) },
      status: { user: {} },
    };
    const answer = await withRetries(() => client.call(server, { body, timeoutMs, signal }), { clock, random, signal });
    const known = this.#read(jsonReview(answer, "TokenReview", ["authentication.k8s.io"]), audiences);
    this.#remembered.set(key, { known }, cacheTtlMs);
    return known;
  }

  #read({ status }: JsonObject, wanted: readonly string[]): Authenticated | undefined {
    const { authenticated, audiences = [], user = {}, error } = (status ?? {}) as TokenReviewAnswer;
    const good = (audiences.length === 0 ? this.#options.audiences : audiences).filter((one) => wanted.includes(one));
    if (wanted.length > 0 && good.length === 0) return undefined;
    if (authenticated !== true) {
      if (error) throw new Error(error);
      return undefined;
    }
    const { username = "", uid, groups = [], extra } = user;
    return {
      user: { username, groups, ...(uid ? { uid } : {}), ...(extra === undefined ? {} : { extra }) },
      ...(wanted.length === 0 ? {} : { audiences: good }),
    };
  }
}

/** The same token is asked about once, however many show it. */
interface Question {
  readonly answer: Promise<Authenticated | undefined>;
  readonly end: AbortController;
  waiting: number;
}

interface TokenReviewAnswer {
  readonly authenticated?: boolean;
  readonly audiences?: readonly string[];
  readonly error?: string;
  readonly user?: {
    readonly username?: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
}
