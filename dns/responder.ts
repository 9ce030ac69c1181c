import type { Clock } from "../base/clock.ts";
import { LruMap } from "../base/lru-map.ts";
import type { DnsMetrics } from "./metrics.ts";
import type { Handler, Outcome } from "./plugin.ts";
import { classIN, flags, minUdpBytes, rcodeName, rcodes, typeName } from "./wire/constants.ts";
import { truncate } from "./wire/message.ts";
import { WireError } from "./wire/name.ts";
import { parseQuery, type Query } from "./wire/query.ts";
import { type Answer, encodeAnswer, encodeRefusal, refused, servfail } from "./wire/response.ts";

export interface ResponderOptions {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly metrics: DnsMetrics;
  /** As metrics name this server: `dns://10.96.0.10:53`. */
  readonly server: string;
  /** Encoded answers are good for as long as this stays the same. */
  readonly version: () => number;
}

export interface Client {
  readonly transport: "udp" | "tcp";
  readonly family: "1" | "2";
}

/** Encoded answers that are kept. */
const maxEncoded = 10_000;
const largestUdpBytes = 4096;
const maxTcpBytes = 0xffff;

/** From the bytes of a query to those of its answer; undefined where nobody is to be answered. Never throws or rejects. */
export class Responder {
  readonly #options: ResponderOptions;
  /** Answers that are always the same, without their id, by question in the client's spelling. */
  #encoded = new LruMap<string, Encoded>(maxEncoded);
  #version = -1;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  respond(bytes: Uint8Array, client: Client, signal: AbortSignal): Promise<Uint8Array> | Uint8Array | undefined {
    const parsed = parseQuery(bytes);
    if (parsed.kind === "nothing") return undefined;
    if (parsed.kind === "refusal") return encodeRefusal(parsed.id, parsed.flags, parsed.rcode);
    const { query } = parsed;
    const startMs = this.#options.clock.monotonicMs();
    const maxBytes = client.transport === "tcp" ? maxTcpBytes : udpLimit(query);
    const key = encodedKey(query, maxBytes);
    const known = this.#encodedAnswer(key);
    if (known !== undefined) {
      const copy = new Uint8Array(known.bytes);
      copy[0] = query.id >> 8;
      copy[1] = query.id & 0xff;
      this.#measure({ query, client, startMs, size: copy.length, rcode: known.rcode, by: "kubernetes" });
      return copy;
    }
    const version = this.#version;
    const finish = (outcome: Outcome): Uint8Array => {
      const { answer, rcode } = encoded(query, outcome, maxBytes);
      if (isLasting(outcome) && version === this.#version) this.#encoded.set(key, { bytes: answer, rcode });
      this.#measure({ query, client, startMs, size: answer.length, rcode, by: outcome.by });
      return answer;
    };
    const outcome = this.#ask(query, client, signal);
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
  }

  #ask(query: Query, { transport }: Client, signal: AbortSignal): Outcome | Promise<Outcome> {
    const own = (answer: Answer): Outcome => ({ kind: "answer", answer, by: "" });
    if (query.class !== classIN) return own(refused);
    if (query.edns !== undefined && query.edns.version !== 0) return own({ ...refused, rcode: rcodes.BADVERS });
    return this.#options.handler({ query, transport }, signal);
  }

  #encodedAnswer(key: string) {
    const version = this.#options.version();
    if (version !== this.#version) {
      this.#encoded = new LruMap(maxEncoded);
      this.#version = version;
    }
    return this.#encoded.get(key);
  }

  #measure({ query, client, startMs, size, rcode, by }: Measured): void {
    const { metrics, server, clock } = this.#options;
    const { transport, family } = client;
    metrics.requests.labels(server, ".", "", transport, family, typeName(query.type)).inc();
    metrics.responses.labels(server, ".", "", rcodeName(rcode), by).inc();
    metrics.duration.labels(server, ".", "").observe((clock.monotonicMs() - startMs) / 1000);
    metrics.requestBytes.labels(server, ".", "", transport).observe(query.question.length + 12);
    metrics.responseBytes.labels(server, ".", "", transport).observe(size);
  }
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly rcode: number;
}

interface Measured {
  readonly query: Query;
  readonly client: Client;
  readonly startMs: number;
  readonly size: number;
  readonly rcode: number;
  readonly by: string;
}

/** The cluster's own answers change with the zone alone, but for several addresses, which are shuffled, and aliases, which lead elsewhere. */
function isLasting(outcome: Outcome): boolean {
  if (outcome.kind !== "answer" || outcome.by !== "kubernetes") return false;
  const { answers, rcode } = outcome.answer;
  if (rcode === rcodes.SERVFAIL) return false;
  return answers.length < 2 && answers.every(({ type }) => type !== "CNAME");
}

function encodedKey({ question, edns, flags }: Query, maxBytes: number): string {
  const client = edns === undefined ? "" : `${edns.dnssecOk} ${edns.version} ${edns.udpBytes}`;
  return `${Buffer.from(question.buffer, question.byteOffset, question.length).toString("latin1")} ${flags} ${maxBytes} ${client}`;
}

function udpLimit({ edns }: Query): number {
  return Math.min(Math.max(edns?.udpBytes ?? minUdpBytes, minUdpBytes), largestUdpBytes);
}

/** A name that DNS cannot carry, as an alias may be one, is a failure of the server's. */
function encoded(
  query: Query,
  outcome: Outcome,
  maxBytes: number,
): { readonly answer: Uint8Array; readonly rcode: number } {
  if (outcome.kind === "message") {
    const answer = fitted(outcome.bytes, query, maxBytes);
    return { answer, rcode: (answer[3] as number) & flags.rcode };
  }
  try {
    return { answer: encodeAnswer(query, outcome.answer, maxBytes), rcode: outcome.answer.rcode };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { answer: encodeAnswer(query, servfail, maxBytes), rcode: servfail.rcode };
  }
}

function fitted(bytes: Uint8Array, query: Query, maxBytes: number): Uint8Array {
  return bytes.length <= maxBytes ? bytes : truncate(bytes, query);
}
