import { type Clock, isAbortOf, type Logger, type Random } from "../../base/mod.ts";
import type { Connection } from "../connection.ts";
import { isCriError } from "../errors.ts";
import type { RuntimeService } from "../runtime-service.ts";
import type { ContainerEvent } from "./container-event.ts";
import { containerdEvents } from "./containerd-events.ts";
import { criEvents } from "./cri-events.ts";

export interface ContainerEventsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A client of the CRI. Its connection is asked for containerd's own events first: they come sooner, and of every version. */
  readonly client: RuntimeService & { readonly connection: Connection };
  /** Ends the events: the iteration ends, without an error. */
  readonly signal: AbortSignal;
}

const firstBackoffMs = 50;
const maxBackoffMs = 200;
/** When to ask again a runtime that has no events. */
const unimplementedBackoffMs = 30_000;

/**
 * What happens to containers, as it happens, for as long as it takes: a broken stream is opened again, and then "resync" says
 * that something may have been missed. This adds some 3 ms to what the runtime itself needs to see a process's end.
 *
 * Where the runtime is not containerd the CRI's own events are asked for; a runtime that has neither is tried again, slowly: its
 * consumer must list from time to time, as it should anyway.
 */
export async function* containerEvents(options: ContainerEventsOptions): AsyncGenerator<ContainerEvent, undefined> {
  const { clock, random, logger, client, signal } = options;
  let source: "containerd" | "cri" = "containerd";
  let backoffMs = firstBackoffMs;
  let isTold = false;
  const tell = (error?: unknown): void => {
    if (!isTold) logger.warn("the stream of the runtime's events is broken", error === undefined ? {} : { error });
    isTold = true;
  };
  while (!signal.aborted) {
    try {
      const events =
        source === "containerd"
          ? containerdEvents({ clock, random, connection: client.connection, signal })
          : criEvents(client, signal);
      for await (const event of events) {
        // Of the CRI's stream, the first event is the first sign that there is one.
        if (source === "containerd" || event.kind !== "resync") {
          backoffMs = firstBackoffMs;
          isTold = false;
        }
        yield event;
      }
      tell();
    } catch (error) {
      if (isAbortOf(error, signal)) return;
      tell(error);
      if (isCriError(error, "Unimplemented")) {
        if (source === "cri") backoffMs = unimplementedBackoffMs;
        source = source === "containerd" ? "cri" : "containerd";
      }
    }
    if (!(await sleeps(clock, backoffMs, signal))) return;
    backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
  }
}

/** False: aborted. */
async function sleeps(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (isAbortOf(error, signal)) return false;
    throw error;
  }
}
