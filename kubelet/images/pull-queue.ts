import { abortable, type Clock, isAbortOf } from "../../base/mod.ts";
import { type CriError, type ImageService, isCriError } from "../../cri/mod.ts";
import type { Credentials } from "./credentials/keyring.ts";

export interface PullRequest {
  /** With its tag. */
  readonly image: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Tried in this order; none: without any. */
  readonly credentials: readonly Credentials[];
}

export interface PullResult {
  readonly imageRef: string;
  /** 0 where the runtime would not tell. */
  readonly sizeBytes: number;
  /** Without the time in the queue, milliseconds. */
  readonly durationMs: number;
  /** The one that opened it. */
  readonly credentials: Credentials | undefined;
}

interface Flight {
  readonly promise: Promise<PullResult>;
  readonly end: AbortController;
  waiting: number;
}

export interface PullQueueOptions {
  readonly clock: Clock;
  readonly images: ImageService;
  /** How many pulls run at once: 1 is one after the other. */
  readonly maxParallel: number;
}

/**
 * Pulls of images: of one image with the same credentials one at a time, whoever asks; of all no more than `maxParallel`, in the
 * order of asking. A pull nobody waits for any more is given up.
 */
export class PullQueue {
  readonly #options: PullQueueOptions;
  readonly #flights = new Map<string, Flight>();
  readonly #turns: (() => void)[] = [];
  #running = 0;

  constructor(options: PullQueueOptions) {
    if (!(options.maxParallel >= 1)) throw new RangeError("at least one pull has to run at a time");
    this.#options = options;
  }

  /** Rejects with what the runtime says, of each credential, in Go's words for several errors. */
  async pull(request: PullRequest, signal: AbortSignal): Promise<PullResult> {
    signal.throwIfAborted();
    const key = JSON.stringify([request.image, request.credentials.map(({ hash }) => hash)]);
    const flight = this.#flights.get(key) ?? this.#start(key, request);
    flight.waiting++;
    try {
      return await abortable(flight.promise, signal);
    } finally {
      flight.waiting--;
      if (flight.waiting === 0) {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.end.abort(new Error("nobody waits for this pull any more"));
      }
    }
  }

  #start(key: string, request: PullRequest): Flight {
    const end = new AbortController();
    const promise = this.#run(request, end.signal).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    // Whoever waits hears of it; when nobody does, nobody needs to.
    promise.catch(() => {});
    const flight: Flight = { promise, end, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  async #run(request: PullRequest, signal: AbortSignal): Promise<PullResult> {
    await this.#turn();
    try {
      signal.throwIfAborted();
      const { clock, images } = this.#options;
      const startedMs = clock.monotonicMs();
      const { imageRef, credentials } = await this.#pull(request, signal);
      const sizeBytes = await sizeOf(images, request.image, signal);
      return { imageRef, sizeBytes, durationMs: clock.monotonicMs() - startedMs, credentials };
    } finally {
      // Its place goes to the next, without a moment in which somebody else could take it.
      const next = this.#turns.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  /** Resolves when it is this pull's turn. */
  #turn(): Promise<void> | undefined {
    if (this.#running >= this.#options.maxParallel) return new Promise((resolve) => this.#turns.push(resolve));
    this.#running++;
    return undefined;
  }

  /** With each credential until one opens it (kuberuntime_image.go, PullImage). */
  async #pull({ image, annotations, credentials }: PullRequest, signal: AbortSignal) {
    const spec = { image, annotations };
    if (credentials.length === 0)
      return { imageRef: await this.#once({ image: spec }, signal), credentials: undefined };
    const failures: Error[] = [];
    for (const one of credentials) {
      const auth = { username: one.username, password: one.password };
      try {
        return { imageRef: await this.#once({ image: spec, auth }, signal), credentials: one };
      } catch (error) {
        if (isAbortOf(error, signal) || !(error instanceof Error)) throw error;
        failures.push(error);
      }
    }
    throw failures.length === 1 ? failures[0] : new PullError(aggregateMessage(failures), { cause: failures });
  }

  async #once(request: Parameters<ImageService["pullImage"]>[0], signal: AbortSignal): Promise<string> {
    try {
      const { imageRef } = await this.#options.images.pullImage(request, signal);
      if (imageRef !== "") return imageRef;
    } catch (error) {
      throw withoutUnknown(error);
    }
    throw new PullError(`imageRef of image ${JSON.stringify(request.image?.image)} is not set`);
  }
}

/** A pull that the registry or the runtime refused. */
export class PullError extends Error {
  override readonly name = "PullError";
}

/** The code Unknown says nothing: upstream leaves it out of what people read (cri-client/pkg/remote_image.go). */
function withoutUnknown(error: unknown): unknown {
  return isCriError(error, "Unknown") ? new PullError((error as CriError).details, { cause: error }) : error;
}

/** Of several errors, each said once: `[a, b]` (apimachinery/pkg/util/errors, Aggregate). */
function aggregateMessage(errors: readonly Error[]): string {
  const messages = [...new Set(errors.map(({ message }) => message))];
  return messages.length === 1 ? (messages[0] as string) : `[${messages.join(", ")}]`;
}

/** As well as may be: a size is only for people. */
async function sizeOf(images: ImageService, image: string, signal: AbortSignal): Promise<number> {
  try {
    return (await images.imageStatus({ image: { image } }, signal)).image?.size ?? 0;
  } catch (error) {
    if (isAbortOf(error, signal)) throw error;
    return 0;
  }
}
