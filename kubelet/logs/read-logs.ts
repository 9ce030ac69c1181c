import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Clock } from "../../base/clock.ts";
import { LogFilter, type LogOptions } from "./log-filter.ts";
import { type LogParser, parserFor } from "./log-line.ts";
import { LogWaiter } from "./log-waiter.ts";
import { tailStart } from "./tail.ts";

export type { LogOptions } from "./log-filter.ts";

export interface LogSource {
  /** The file that the runtime writes to. */
  readonly path: string;
  readonly clock: Clock;
  /** Asked while following: false once nothing more will be written. */
  readonly isRunning: () => Promise<boolean>;
}

const chunkBytes = 64 * 1024;
/** Runtimes cut lines at 16 KiB; what is longer without an end is taken for a line, so that it is not held. */
const maxLineBytes = 1024 * 1024;
const newline = 0x0a;

/**
 * A container's log as people read it, in pieces as they come: the next is read when this one has been taken. Follows across
 * rotation where asked to, until the container has ended or `signal` aborts. Throws where the file cannot be read or is in no
 * format that is known (cri-client/pkg/logs ReadLogs).
 */
export async function* readLogs(source: LogSource, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  const path = await resolved(source.path);
  const reader = new LogReader(await opened(path), options);
  let waiter: LogWaiter | undefined;
  try {
    await reader.seekTail();
    let running = true;
    while (!signal.aborted) {
      const output = await reader.read();
      if (output !== undefined) {
        if (output.length > 0) yield output;
        if (reader.full) return;
        continue;
      }
      if (options.follow !== true) break;
      if (waiter === undefined) {
        // Something may have been written before the watch began: read on once more.
        waiter = new LogWaiter(dirname(path), source.clock);
        continue;
      }
      if (await reader.reopened(path)) continue;
      if (!running) break;
      const changed = await waiter.next(signal);
      if (!changed && !signal.aborted) running = await source.isRunning();
    }
    const rest = signal.aborted ? undefined : reader.rest();
    if (rest !== undefined) yield rest;
  } finally {
    waiter?.close();
    await reader.close();
  }
}

async function resolved(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw new Error(`failed to try resolving symlinks in path ${goQuote(path)}: ${goError(error, "lstat", path)}`, {
      cause: error,
    });
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw new Error(`failed to open log file ${goQuote(path)}: ${goError(error, "open", path)}`, { cause: error });
  }
}

/** The words of Go's os.PathError for the usual failures. */
function goError(error: unknown, operation: string, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${operation} ${path}: no such file or directory`;
  return code === "EACCES" ? `${operation} ${path}: permission denied` : message;
}

/** Reads lines of one file after another; a line that is not whole yet is kept. */
class LogReader {
  #file: FileHandle;
  #position = 0;
  #pending: Buffer = Buffer.alloc(0);
  #parse: LogParser | undefined;
  /** Lines that a tail may still show; what is written meanwhile does not count. */
  #linesLeft: number;
  readonly #filter: LogFilter;
  readonly #tailLines: number | undefined;
  readonly #buffer: Buffer = Buffer.allocUnsafe(chunkBytes);

  constructor(file: FileHandle, options: LogOptions) {
    this.#file = file;
    this.#filter = new LogFilter(options);
    this.#tailLines = options.tailLines;
    const limited = options.tailLines !== undefined && options.follow !== true;
    this.#linesLeft = limited ? options.tailLines : Number.POSITIVE_INFINITY;
  }

  get full(): boolean {
    return this.#filter.full || this.#linesLeft <= 0;
  }

  async seekTail(): Promise<void> {
    if (this.#tailLines !== undefined) this.#position = await tailStart(this.#file, this.#tailLines);
  }

  /** What the next piece of the file shows; undefined at its end. */
  async read(): Promise<Buffer | undefined> {
    if (this.full) return Buffer.alloc(0);
    const { bytesRead } = await this.#file.read(this.#buffer, 0, chunkBytes, this.#position);
    if (bytesRead === 0) return undefined;
    this.#position += bytesRead;
    const bytes = Buffer.concat([this.#pending, this.#buffer.subarray(0, bytesRead)]);
    const output: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0 && !this.full; end = bytes.indexOf(newline, start)) {
      this.#line(bytes.subarray(start, end + 1), output);
      start = end + 1;
    }
    this.#pending = bytes.subarray(start);
    if (this.#pending.length > maxLineBytes) {
      this.#line(this.#pending, output);
      this.#pending = Buffer.alloc(0);
    }
    return Buffer.concat(output);
  }

  /** What an unfinished last line shows. */
  rest(): Buffer | undefined {
    if (this.#pending.length === 0 || this.full) return undefined;
    const output: Buffer[] = [];
    this.#line(this.#pending, output);
    this.#pending = Buffer.alloc(0);
    return output.length === 0 ? undefined : Buffer.concat(output);
  }

  #line(line: Buffer, output: Buffer[]): void {
    this.#parse ??= parserFor(line);
    if (this.#parse === undefined) {
      throw new Error(
        `failed to get parse function: unsupported log format: ${goQuote(line.subarray(0, 4_096).toString("utf8"))}`,
      );
    }
    const parsed = this.#parse(line);
    // A damaged line is left out, like upstream.
    if (parsed === undefined) return;
    this.#filter.show(parsed, output);
    this.#linesLeft--;
  }

  /** At the end of the file: true where there is more to read, in a new file at its path or because it was emptied. */
  async reopened(path: string): Promise<boolean> {
    const [ours, theirs] = await Promise.all([this.#file.stat(), stat(path).catch(() => undefined)]);
    if (ours.size > this.#position) return true;
    if (ours.size < this.#position) {
      this.#position = 0;
      return true;
    }
    if (theirs === undefined || (theirs.ino === ours.ino && theirs.dev === ours.dev)) return false;
    const file = await open(path, "r").catch(() => undefined);
    if (file === undefined) return false;
    await this.#file.close();
    this.#file = file;
    this.#position = 0;
    return true;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
