import { fixedTime, type LogLine, timeMs } from "./log-line.ts";

/** What of a log is asked for (v1.PodLogOptions). */
export interface LogOptions {
  /** From the end; undefined is all. */
  readonly tailLines?: number | undefined;
  readonly limitBytes?: number | undefined;
  /** Only lines of this time or later; milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  /** Goes on until the container has ended. */
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  /** Default: both. */
  readonly stream?: "All" | "Stdout" | "Stderr";
}

const newline = 0x0a;

/** Turns lines into what is shown of them, one after another: it knows whether a line is the rest of the one before. */
export class LogFilter {
  readonly #options: LogOptions;
  #left: number;
  #atLineStart = true;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Nothing more will be shown. */
  get full(): boolean {
    return this.#left <= 0;
  }

  /** Appends what is shown of the line. */
  show(line: LogLine, output: Buffer[]): void {
    if (this.full) return;
    const { timestamps = false } = this.#options;
    const starts = this.#atLineStart;
    this.#atLineStart = line.content.length === 0 || line.content.at(-1) === newline;
    if (!this.#wants(line)) return;
    if (timestamps && starts) this.#emit(Buffer.from(`${fixedTime(line.time)} `), output);
    this.#emit(line.content, output);
  }

  #wants({ stream, time }: LogLine): boolean {
    const { sinceMs, stream: wanted = "All" } = this.#options;
    if (wanted !== "All" && wanted.toLowerCase() !== stream) return false;
    return sinceMs === undefined || timeMs(time) >= sinceMs;
  }

  #emit(bytes: Buffer, output: Buffer[]): void {
    const shown = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= shown.length;
    if (shown.length > 0) output.push(shown);
  }
}
