import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";
import { isIP } from "node:net";
import { createSecureContext, getCACertificates } from "node:tls";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { readAuthorities } from "../../apimachinery/x509/bundle.ts";
import { networkErrorText } from "../network-error.ts";
import type { WebhookCredentials } from "./credentials.ts";
import type { WebhookEndpoint } from "./endpoint.ts";
import type { Location } from "./service-resolver.ts";
import { type WebhookAnswer, WebhookCallError, WebhookConfigError } from "./webhook-client.ts";

export interface ExchangeOptions {
  readonly userAgent: string;
  readonly maxAnswerBytes: number;
}

export interface Exchanged {
  readonly answer: WebhookAnswer;
  /** 0 where it is not said. */
  readonly retryAfterSeconds: number;
}

/** Connections kept to one webhook, and how long (Go's DefaultMaxIdleConnsPerHost as client-go raises it; IdleConnTimeout). */
const maxFreeSockets = 25;
const idleTimeoutMs = 90_000;

/** POSTs to one endpoint. */
export class Exchanger {
  /** The URL without query. */
  readonly text: string;
  readonly #endpoint: WebhookEndpoint;
  readonly #options: ExchangeOptions;
  readonly #agent: HttpAgent;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(endpoint: WebhookEndpoint, options: ExchangeOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.text = `${endpoint.scheme}://${endpoint.authority}${endpoint.path}`;
    const kept = { keepAlive: true, maxFreeSockets, timeout: idleTimeoutMs };
    this.#agent =
      endpoint.scheme === "http" ? new HttpAgent(kept) : new HttpsAgent({ ...kept, ...tlsOptions(endpoint) });
    this.#headers = {
      host: endpoint.authority,
      "user-agent": options.userAgent,
      accept: "application/json, */*",
      "content-type": "application/json",
      ...authorization(endpoint.credentials),
    };
  }

  /** Rejects with WebhookCallError where no answer comes whole. */
  async post(query: string, body: Buffer, signal: AbortSignal): Promise<Exchanged> {
    try {
      return await this.#once(query, body, signal);
    } catch (error) {
      // The webhook closed a kept connection just as it was used again: nobody has seen the request.
      if (error !== staleConnection || signal.aborted) throw this.#failure(query, error as Error, undefined);
    }
    try {
      return await this.#once(query, body, signal);
    } catch (error) {
      throw this.#failure(query, error as Error, undefined);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #failure(query: string, error: Error, location: Location | undefined): WebhookCallError {
    if (error instanceof WebhookCallError) return error;
    const text = location === undefined ? error.message : networkErrorText(error, location);
    return new WebhookCallError(`Post ${goQuote(this.text + query)}: ${text}`, { cause: error });
  }

  #once(query: string, body: Buffer, signal: AbortSignal): Promise<Exchanged> {
    const { scheme, path } = this.#endpoint;
    return new Promise((resolve, reject) => {
      if (signal.aborted) throw signal.reason as Error;
      const location = this.#endpoint.dial();
      const options: RequestOptions = {
        method: "POST",
        ...location,
        path: path + query,
        headers: { ...this.#headers, "content-length": body.length },
        agent: this.#agent,
      };
      const outgoing: ClientRequest = scheme === "http" ? httpRequest(options) : httpsRequest(options);
      const abort = (): void => void outgoing.destroy(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      let answered = false;
      outgoing.once("response", (incoming) => {
        answered = true;
        readAnswer(incoming, this.#options.maxAnswerBytes)
          .then(resolve, (error: Error) => {
            outgoing.destroy();
            reject(brokenAnswer(signal.aborted ? (signal.reason as Error) : error));
          })
          .finally(() => signal.removeEventListener("abort", abort));
      });
      outgoing.on("error", (error) => {
        if (answered) return; // Whoever reads the answer hears of it.
        signal.removeEventListener("abort", abort);
        if (signal.aborted) reject(this.#failure(query, signal.reason as Error, undefined));
        else if (outgoing.reusedSocket && isReset(error)) reject(staleConnection);
        else reject(this.#failure(query, error, location));
      });
      outgoing.end(body);
    });
  }
}

const staleConnection = new Error("EOF");

function isReset(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNRESET" || code === "EPIPE";
}

function brokenAnswer(cause: Error): WebhookCallError {
  const text = `unexpected error when reading response body. Please retry. Original error: ${cause.message}`;
  return new WebhookCallError(text, { cause });
}

async function readAnswer(incoming: IncomingMessage, limitBytes: number): Promise<Exchanged> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += (chunk as Buffer).length;
    if (length > limitBytes) throw new Error(`the answer is longer than ${limitBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  const { headers } = incoming;
  const retryAfter = headers["retry-after"] ?? "";
  return {
    answer: {
      code: incoming.statusCode ?? 0,
      contentType: headers["content-type"] ?? "",
      body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks),
    },
    retryAfterSeconds: /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : 0,
  };
}

function tlsOptions({ ca, serverName, insecureSkipVerify = false, credentials }: WebhookEndpoint): object {
  const { clientCertificate: cert, clientKey: key } = credentials ?? {};
  const own = ca === undefined ? undefined : readAuthorities(ca);
  if (own?.problem !== undefined) throw new WebhookConfigError(`unable to load root certificates: ${own.problem}`);
  let secureContext: object;
  try {
    secureContext = createSecureContext({
      ca: own?.certificates.map(String) ?? machineAuthorities(),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (cause) {
    throw new WebhookConfigError(`unable to load root certificates: ${(cause as Error).message}`, { cause });
  }
  return {
    secureContext,
    rejectUnauthorized: !insecureSkipVerify,
    // A server is asked for by name alone (RFC 6066).
    servername: isIP(serverName) === 0 ? serverName : "",
    ALPNProtocols: ["http/1.1"],
  };
}

let authorities: string[] | undefined;

/** What this machine trusts, and what the runtime brings. */
function machineAuthorities(): string[] {
  authorities ??= [...new Set([...getCACertificates("system"), ...getCACertificates("default")])];
  return authorities;
}

function authorization(credentials: WebhookCredentials | undefined): { authorization?: string } {
  if (credentials?.token !== undefined) return { authorization: `Bearer ${credentials.token}` };
  if (credentials?.username === undefined) return {};
  const pair = `${credentials.username}:${credentials.password ?? ""}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}
