import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Plugin } from "../plugin.ts";
import type { Upstream } from "../resolv-conf.ts";
import { FrameReader, frame } from "../wire/frame.ts";
import { answersQuestion, encodeQuestion, readdress, readShape } from "../wire/message.ts";
import type { Query } from "../wire/query.ts";
import { refused, servfail } from "../wire/response.ts";

export interface ForwardOptions {
  /** Asked for each query, so that a changed resolv.conf counts. */
  readonly upstreams: () => readonly Upstream[];
  readonly clock: Clock;
  readonly random: Random;
  /** How long one server may take. Default 2 s, as CoreDNS. */
  readonly timeoutMs?: number;
  /** How long all of them may take together. Default 5 s, as CoreDNS. */
  readonly deadlineMs?: number;
  /** Queries under way at a time; more are refused. Default 1,000, as kubeadm's Corefile. */
  readonly maxConcurrent?: number;
  readonly onExchange?: (exchange: Exchange) => void;
}

/** One question to one server, for metrics. */
export interface Exchange {
  readonly upstream: Upstream;
  readonly seconds: number;
  /** Absent where it gave no answer. */
  readonly rcode?: number;
}

/** Hands on what the cluster does not know: over UDP, over TCP where the answer was cut short; to the next server after a silence. */
export function forward(options: ForwardOptions): Plugin {
  const { clock, random, upstreams, timeoutMs = 2_000, deadlineMs = 5_000, maxConcurrent = 1_000 } = options;
  let active = 0;
  return {
    name: "forward",
    handler: () => async (request, signal) => {
      const servers = upstreams();
      if (servers.length === 0) return { kind: "answer", answer: servfail, by: "forward" };
      if (active >= maxConcurrent) return { kind: "answer", answer: refused, by: "forward" };
      active++;
      try {
        const endMs = clock.monotonicMs() + deadlineMs;
        const first = random.below(servers.length);
        for (let i = 0; clock.monotonicMs() < endMs && !signal.aborted && i < Math.max(servers.length, 2); i++) {
          const upstream = servers[(first + i) % servers.length] as Upstream;
          const limitMs = Math.min(timeoutMs, endMs - clock.monotonicMs());
          const bytes = await ask({ ...options, upstream, query: request.query, timeoutMs: limitMs, signal });
          if (bytes !== undefined) return { kind: "message", bytes: readdress(bytes, request.query), by: "forward" };
        }
        return { kind: "answer", answer: servfail, by: "forward" };
      } finally {
        active--;
      }
    },
  };
}

interface Ask extends Pick<ForwardOptions, "clock" | "random" | "onExchange"> {
  readonly upstream: Upstream;
  readonly query: Query;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The answer of one server; undefined where none came that can be read. */
async function ask(options: Ask): Promise<Uint8Array | undefined> {
  const { clock, random, upstream, query, onExchange } = options;
  const startMs = clock.monotonicMs();
  const id = random.below(0x10000);
  const question = encodeQuestion(query, id);
  const isAnswer = (bytes: Uint8Array): boolean => answersQuestion(bytes, id, query) && shapeOf(bytes) !== undefined;
  let bytes = await exchange(askUdp, options, { question, isAnswer });
  if (bytes !== undefined && shapeOf(bytes)?.truncated === true)
    bytes = (await exchange(askTcp, options, { question, isAnswer })) ?? bytes;
  const rcode = bytes === undefined ? undefined : shapeOf(bytes)?.rcode;
  const seconds = (clock.monotonicMs() - startMs) / 1000;
  onExchange?.({ upstream, seconds, ...(rcode === undefined ? {} : { rcode }) });
  return bytes;
}

function shapeOf(bytes: Uint8Array) {
  try {
    return readShape(bytes);
  } catch {
    return undefined; // Nothing that could be handed on.
  }
}

interface Question {
  readonly question: Uint8Array;
  readonly isAnswer: (bytes: Uint8Array) => boolean;
}
/** Starts to ask; calls `done` once, or never. What it returns ends it. */
type Ask1 = (upstream: Upstream, question: Question, done: (answer: Uint8Array | undefined) => void) => () => void;

function exchange(
  how: Ask1,
  { clock, timeoutMs, upstream, signal }: Ask,
  question: Question,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const finish = (answer: Uint8Array | undefined): void => {
      timer.clear();
      signal.removeEventListener("abort", stop);
      end();
      resolve(answer);
    };
    const stop = (): void => finish(undefined);
    const timer = clock.setTimer(timeoutMs, stop);
    signal.addEventListener("abort", stop, { once: true });
    const end = how(upstream, question, finish);
  });
}

/** A socket and so a port of its own for each question: harder to forge an answer to. */
const askUdp: Ask1 = ({ address, port }, { question, isAnswer }, done) => {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  let open = true;
  socket.on("error", () => done(undefined));
  socket.on("message", (bytes) => {
    if (isAnswer(bytes)) done(bytes);
  });
  // Connected, so that only this server is heard, and a refusal by ICMP is an error.
  socket.connect(port, address, () => {
    if (open) socket.send(question);
  });
  return () => {
    if (open) socket.close();
    open = false;
  };
};

const askTcp: Ask1 = ({ address, port }, { question, isAnswer }, done) => {
  const reader = new FrameReader();
  const socket = connect({ host: address, port });
  socket.on("error", () => done(undefined));
  socket.on("close", () => done(undefined));
  socket.on("data", (data) => {
    for (const bytes of reader.push(data)) if (isAnswer(bytes)) return done(bytes);
  });
  socket.write(frame(question));
  return () => socket.destroy();
};
