import type { Http2Session, ServerHttp2Stream } from "node:http2";
import type { Clock, Timer } from "../../base/clock.ts";

interface Session {
  streams: number;
  idleSinceMs: number;
}

/** HTTP/2 connections, and for how long each has carried nothing. Those idle for too long are told to go away. */
export class IdleSessions {
  readonly #clock: Clock;
  readonly #maxIdleMs: number;
  readonly #sessions = new Map<Http2Session, Session>();
  #timer: Timer | undefined;

  constructor(clock: Clock, maxIdleMs: number) {
    this.#clock = clock;
    this.#maxIdleMs = maxIdleMs;
  }

  all(): Iterable<Http2Session> {
    return this.#sessions.keys();
  }

  add(session: Http2Session): void {
    this.#sessions.set(session, { streams: 0, idleSinceMs: this.#clock.monotonicMs() });
    session.once("close", () => this.#sessions.delete(session));
    this.#timer ??= this.#schedule();
  }

  stream(stream: ServerHttp2Stream): void {
    const session = stream.session === undefined ? undefined : this.#sessions.get(stream.session);
    if (session === undefined) {
      return;
    }
    session.streams++;
    stream.once("close", () => {
      session.streams--;
      session.idleSinceMs = this.#clock.monotonicMs();
    });
  }

  stop(): void {
    this.#timer?.clear();
  }

  #schedule(): Timer {
    return this.#clock.setTimer(this.#maxIdleMs / 2, () => this.#sweep()).unref();
  }

  #sweep(): void {
    const latest = this.#clock.monotonicMs() - this.#maxIdleMs;
    for (const [session, { streams, idleSinceMs }] of this.#sessions) {
      if (streams === 0 && idleSinceMs <= latest) {
        session.close();
      }
    }
    this.#timer = this.#sessions.size === 0 ? undefined : this.#schedule();
  }
}
