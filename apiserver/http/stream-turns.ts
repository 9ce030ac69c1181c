import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Clock } from "../../base/clock.ts";

/** Requests of one connection that are begun before others have their turn: who sends more at once waits for itself. */
const perTurn = 64;
/**
 * Streams that a client may reset: informers of a restarting operator reset the watches of a connection, a thousand at the
 * most, all at once. One that goes on so faster than anybody who asks for answers is told to calm down (CVE-2023-44487).
 */
const resetBurst = 5_000;
const resetsPerSecond = 500;

/** `raw` has names and values in turn, as they came: those of one name apart. */
type ServeStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: string[]) => void;

/**
 * Begins the requests of one HTTP/2 connection in turns. What is reset before its turn has come is never begun, so that a flood
 * of requests and resets costs others little; after too many resets the connection is closed with ENHANCE_YOUR_CALM.
 */
export class StreamTurns {
  readonly #session: ServerHttp2Session;
  readonly #clock: Clock;
  readonly #serve: ServeStream;
  #begun = 0;
  #scheduled = false;
  #waiting: { readonly stream: ServerHttp2Stream; readonly headers: IncomingHttpHeaders; readonly raw: string[] }[] =
    [];
  #resetsLeft = resetBurst;
  #countedAtMs: number;

  constructor(session: ServerHttp2Session, clock: Clock, serve: ServeStream) {
    this.#session = session;
    this.#clock = clock;
    this.#serve = serve;
    this.#countedAtMs = clock.monotonicMs();
  }

  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: string[]): void {
    stream.once("close", () => {
      if (stream.aborted) this.#countReset();
    });
    if (this.#begun < perTurn && this.#waiting.length === 0) {
      this.#begun++;
      this.#serve(stream, headers, raw);
    } else {
      stream.on("error", ignore);
      this.#waiting.push({ stream, headers, raw });
    }
    if (!this.#scheduled) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#scheduled = false;
    this.#begun = 0;
    let taken = 0;
    for (; taken < this.#waiting.length && this.#begun < perTurn; taken++) {
      const { stream, headers, raw } = this.#waiting[taken]!;
      if (stream.closed || stream.destroyed) continue;
      this.#begun++;
      this.#serve(stream, headers, raw);
    }
    this.#waiting.splice(0, taken);
    if (this.#begun > 0) this.#schedule();
  }

  #countReset(): void {
    const now = this.#clock.monotonicMs();
    const restored = ((now - this.#countedAtMs) / 1_000) * resetsPerSecond;
    this.#countedAtMs = now;
    this.#resetsLeft = Math.min(resetBurst, this.#resetsLeft + restored) - 1;
    if (this.#resetsLeft < 0 && !this.#session.destroyed) {
      this.#session.destroy(tooManyResets, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
  }
}

const tooManyResets = new Error("too many streams were reset");

/** A stream that is reset while it waits is no failure of the server. */
function ignore(): void {}
