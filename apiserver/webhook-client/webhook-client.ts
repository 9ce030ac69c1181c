import type { WebhookCredentials } from "./credentials.ts";

/** A webhook as API objects name it (`clientConfig`): by service, or by URL. */
export interface WebhookClientConfig {
  readonly url?: string;
  readonly service?: WebhookService;
  /** Base64 of PEM: authorities of the webhook's certificate. Absent: this machine's. */
  readonly caBundle?: string;
}

export interface WebhookService {
  readonly namespace: string;
  readonly name: string;
  readonly path?: string;
  /** Default 443. */
  readonly port?: number;
}

/** A webhook as a server's own configuration names it (`--authentication-token-webhook-config-file`): a kubeconfig's cluster and user. */
export interface WebhookServer {
  /** Scheme, host, port and path. */
  readonly server: string;
  /** PEM. Absent: this machine's authorities. */
  readonly ca?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
  readonly credentials?: WebhookCredentials;
}

export interface WebhookCall {
  /** Sent as JSON. */
  readonly body: unknown;
  /** The call ends after this time, retries included. The webhook is told by `?timeout=10s`, rounded up to whole seconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** An answer of code 2xx. */
export interface WebhookAnswer {
  readonly code: number;
  /** Empty where it is not said. */
  readonly contentType: string;
  readonly body: Buffer;
}

/**
 * Calls webhooks: one POST each, connections kept for the next. A call rejects with
 * - WebhookConfigError where the configuration leads nowhere;
 * - ApiError where the answer is not of code 2xx: its own Status, or what its code says;
 * - WebhookCallError for everything else: `Post "https://a.b.svc:443/x?timeout=10s": context deadline exceeded`.
 *
 * Answers are read up to `maxAnswerBytes`. Redirects are not followed: who answers one is not who was configured. An answer
 * 429 or 5xx with `Retry-After` is asked for again, up to ten times within the call's time (client-go rest.Request).
 */
export interface WebhookClient {
  call(config: WebhookClientConfig | WebhookServer, call: WebhookCall): Promise<WebhookAnswer>;
  /** Closes what is idle; calls under way end by themselves. */
  close(): void;
}

/** No answer came. The message is what Go's HTTP client says. */
export class WebhookCallError extends Error {
  override readonly name = "WebhookCallError";
}

/** There is nobody to call. */
export class WebhookConfigError extends Error {
  override readonly name = "WebhookConfigError";
}
