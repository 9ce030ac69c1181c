import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { stringifyJson } from "../../apimachinery/json/strict-json.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Clock } from "../../base/clock.ts";
import { failedAnswer } from "./answer.ts";
import { type EndpointDeps, endpointOf } from "./endpoint.ts";
import { Exchanger } from "./exchange.ts";
import {
  type WebhookAnswer,
  type WebhookCall,
  WebhookCallError,
  type WebhookClient,
  type WebhookClientConfig,
  WebhookConfigError,
  type WebhookServer,
} from "./webhook-client.ts";

export interface NetworkWebhookOptions extends EndpointDeps {
  readonly clock: Clock;
  /** Default `kube-apiserver-admission`, as upstream's. */
  readonly userAgent?: string;
  /** Default 16 MiB. */
  readonly maxAnswerBytes?: number;
}

/** Configurations whose connections are kept (apiserver/pkg/util/webhook, defaultCacheSize). */
const maxKept = 200;
/** client-go rest.Request's. */
const maxRetries = 10;
const putOffCode = (code: number): boolean => code === 429 || code >= 500;

/** Calls webhooks over the network of this machine, by HTTP/1.1 on connections that are kept. */
export function networkWebhookClient(options: NetworkWebhookOptions): WebhookClient {
  return new NetworkWebhookClient(options);
}

class NetworkWebhookClient implements WebhookClient {
  readonly #options: NetworkWebhookOptions;
  /** By configuration; the one used longest ago first. */
  readonly #exchangers = new Map<string, Exchanger>();

  constructor(options: NetworkWebhookOptions) {
    this.#options = options;
  }

  async call(config: WebhookClientConfig | WebhookServer, call: WebhookCall): Promise<WebhookAnswer> {
    const exchanger = this.#exchangerOf(config);
    const seconds = Math.max(1, Math.ceil(call.timeoutMs / 1000));
    const query = `?timeout=${seconds >= 60 ? `${Math.floor(seconds / 60)}m` : ""}${seconds % 60}s`;
    const deadline = new AbortController();
    const abort = (): void => deadline.abort(new Error("context canceled"));
    const timer = this.#options.clock.setTimer(call.timeoutMs, () => {
      deadline.abort(new Error("context deadline exceeded"));
    });
    call.signal.addEventListener("abort", abort, { once: true });
    if (call.signal.aborted) abort();
    try {
      return await this.#exchange(exchanger, query, Buffer.from(stringifyJson(call.body)), deadline.signal);
    } finally {
      timer.clear();
      call.signal.removeEventListener("abort", abort);
    }
  }

  close(): void {
    for (const exchanger of this.#exchangers.values()) exchanger.close();
    this.#exchangers.clear();
  }

  async #exchange(exchanger: Exchanger, query: string, body: Buffer, signal: AbortSignal): Promise<WebhookAnswer> {
    for (let retries = 0; ; retries++) {
      const { answer, retryAfterSeconds } = await exchanger.post(query, body, signal);
      if (answer.code >= 200 && answer.code <= 206) return answer;
      if (retryAfterSeconds === 0 || !putOffCode(answer.code) || retries === maxRetries) {
        throw failedAnswer(answer, retryAfterSeconds);
      }
      try {
        await this.#options.clock.sleep(retryAfterSeconds * 1000, signal);
      } catch (cause) {
        throw new WebhookCallError(`Post ${goQuote(exchanger.text + query)}: ${(cause as Error).message}`, { cause });
      }
    }
  }

  #exchangerOf(config: WebhookClientConfig | WebhookServer): Exchanger {
    const key = JSON.stringify(config);
    let found = this.#exchangers.get(key);
    if (found === undefined) {
      found = this.#make(config);
    } else {
      this.#exchangers.delete(key);
    }
    this.#exchangers.set(key, found);
    if (this.#exchangers.size > maxKept) {
      const [oldest, exchanger] = this.#exchangers.entries().next().value!;
      this.#exchangers.delete(oldest);
      exchanger.close();
    }
    return found;
  }

  #make(config: WebhookClientConfig | WebhookServer): Exchanger {
    const { userAgent = "kube-apiserver-admission", maxAnswerBytes = 16 << 20 } = this.#options;
    try {
      return new Exchanger(endpointOf(config, this.#options), { userAgent, maxAnswerBytes });
    } catch (error) {
      if (error instanceof WebhookConfigError || error instanceof ApiError) throw error;
      throw new WebhookConfigError((error as Error).message, { cause: error });
    }
  }
}
