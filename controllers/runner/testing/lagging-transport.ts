import type { Transport, TransportRequest, WatchEvent } from "../../../apimachinery/resource/transport.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";

export interface LagOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Each event of a watch comes up to so much later than it happened; each request takes up to so long, both ways. */
  readonly watchMs: number;
  readonly requestMs: number;
}

/** A server far away: what it tells by watches is old, and answers overtake it. */
export function laggingTransport(transport: Transport, { clock, random, watchMs, requestMs }: LagOptions): Transport {
  const lag = (upToMs: number, signal?: AbortSignal): Promise<void> => clock.sleep(1 + random.below(upToMs), signal);
  return {
    async request(request) {
      await lag(requestMs, request.signal);
      const response = await transport.request(request);
      await lag(requestMs, request.signal);
      return response;
    },
    async *watch(request: TransportRequest): AsyncGenerator<WatchEvent> {
      for await (const event of transport.watch(request)) {
        await lag(watchMs);
        if (request.signal?.aborted) return;
        yield event;
      }
    },
    close: () => transport.close(),
  };
}
