import type { Clock } from "../base/clock.ts";
import { LruMap } from "../base/lru-map.ts";
import { type Client, type DnsMetrics, type Series, type SeriesOf, seriesOf } from "./metrics.ts";
import type { Handler, Outcome } from "./plugin.ts";
import { classIN, flags, headerBytes, minUdpBytes, rcodes } from "./wire/constants.ts";
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

/** Encoded answers that are kept. */
const maxEncoded = 10_000;
/** Longer queries carry something unusual: their answers are not kept. */
const maxKeptQueryBytes = 512;
const largestUdpBytes = 4096;
const maxTcpBytes = 0xffff;

/** From the bytes of a query to those of its answer; undefined where nobody is to be answered. Never throws or rejects. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #series: SeriesOf;
  /** Answers that are always the same, by all bytes of the query but its id. */
  #encoded = new LruMap<string, Encoded>(maxEncoded);
  #version = -1;

  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#series = seriesOf(options.metrics, options.server);
  }

  respond(bytes: Uint8Array, client: Client, signal: AbortSignal): Promise<Uint8Array> | Uint8Array | undefined {
    if (bytes.length < headerBytes) return undefined;
    const { clock, handler } = this.#options;
    const startMs = clock.monotonicMs();
    const key = bytes.length > maxKeptQueryBytes ? undefined : encodedKey(bytes, client);
    const known = key === undefined ? undefined : this.#encodedAnswer(key);
    if (known !== undefined) {
      const answer = new Uint8Array(known.bytes);
      answer[0] = bytes[0] as number;
      answer[1] = bytes[1] as number;
      known.series.observe({
        startMs,
        endMs: clock.monotonicMs(),
        queryBytes: bytes.length,
        answerBytes: answer.length,
      });
      return answer;
    }
    const parsed = parseQuery(bytes);
    if (parsed.kind === "nothing") return undefined;
    if (parsed.kind === "refusal") return encodeRefusal(parsed.id, parsed.flags, parsed.rcode);
    const { query } = parsed;
    const version = this.#version;
    const finish = (outcome: Outcome): Uint8Array => {
      const { answer, rcode } = encoded(query, outcome, client.transport === "tcp" ? maxTcpBytes : udpLimit(query));
      const series = this.#series({ client, type: query.type, rcode, by: outcome.by });
      if (key !== undefined && isLasting(outcome) && version === this.#version)
        this.#encoded.set(key, { bytes: answer, series });
      series.observe({ startMs, endMs: clock.monotonicMs(), queryBytes: bytes.length, answerBytes: answer.length });
      return answer;
    };
    const outcome = unsupported(query) ?? handler({ query, transport: client.transport }, signal);
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
  }

  #encodedAnswer(key: string): Encoded | undefined {
    const version = this.#options.version();
    if (version !== this.#version) {
      this.#encoded = new LruMap(maxEncoded);
      this.#version = version;
    }
    return this.#encoded.get(key);
  }
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly series: Series;
}

/** Other classes than IN, and EDNS of the future. */
function unsupported({ class: queryClass, edns }: Query): Outcome | undefined {
  const own = (answer: Answer): Outcome => ({ kind: "answer", answer, by: "" });
  if (queryClass !== classIN) return own(refused);
  return edns !== undefined && edns.version !== 0 ? own({ ...refused, rcode: rcodes.BADVERS }) : undefined;
}

/** The cluster's own answers change with the zone alone, but for several addresses, which are shuffled, and aliases, which lead elsewhere. */
function isLasting(outcome: Outcome): boolean {
  if (outcome.kind !== "answer" || outcome.by !== "kubernetes") return false;
  const { answers, rcode } = outcome.answer;
  if (rcode === rcodes.SERVFAIL) return false;
  return answers.length < 2 && answers.every(({ type }) => type !== "CNAME");
}

function encodedKey(bytes: Uint8Array, { transport, family }: Client): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + 2, bytes.length - 2).toString("latin1");
  return `${transport}${family}${text}`;
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
