import { createReadStream, createWriteStream } from "node:fs";
import { appendFile, mkdir, readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Clock } from "../../base/clock.ts";
import type { AuditBackend, AuditEvent } from "./event.ts";

/** Names as upstream's flags have them (--audit-log-path, -maxsize, -maxbackup, -maxage). */
export interface AuditFileOptions {
  /** `-`: standard output, never rotated. */
  readonly path: string;
  /** Megabytes after which a file is put aside; 0: never. */
  readonly maxSizeMegabytes?: number;
  /** Files put aside that are kept; 0: all. */
  readonly maxBackups?: number;
  /** Days that files put aside are kept; 0: for ever. */
  readonly maxAgeDays?: number;
  /** Files put aside are compressed (--audit-log-compress). */
  readonly compress?: boolean;
  /** One event's line; default: JSON (--audit-log-format). */
  readonly format?: (event: AuditEvent) => string;
  readonly clock: Clock;
  /** Told of events dropped because the disk does not keep up or refuses. */
  readonly onDropped?: (count: number, error?: unknown) => void;
}

/** Text waiting to be written; above it new events are dropped. */
const maxWaitingBytes = 16 * 1024 * 1024;

/**
 * Writes events as JSON lines. One write is under way at a time and takes with it all that came meanwhile, so that a busy
 * server writes in large pieces and an idle one at once.
 */
export class AuditFile implements AuditBackend {
  readonly #options: AuditFileOptions;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #sizeBytes: number | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: AuditFileOptions) {
    this.#options = options;
  }

  write(event: AuditEvent): void {
    const { format = JSON.stringify } = this.#options;
    const line = `${format(event)}\n`;
    if (this.#waitingBytes + line.length > maxWaitingBytes) {
      this.#options.onDropped?.(1);
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#writing ??= this.#writeAll();
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // A turn's grace: what one request writes in several stages goes out in one piece.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#append(lines);
      } catch (error) {
        this.#options.onDropped?.(lines.length, error);
      }
    }
    this.#writing = undefined;
  }

  async #append(lines: readonly string[]): Promise<void> {
    const { path, maxSizeMegabytes = 0 } = this.#options;
    if (path === "-") return toStandardOutput(lines.join(""));
    const limit = maxSizeMegabytes > 0 ? maxSizeMegabytes * 1024 * 1024 : Number.POSITIVE_INFINITY;
    if (this.#sizeBytes === undefined) {
      await mkdir(dirname(path), { recursive: true });
      this.#sizeBytes = await sizeOf(path);
    }
    let piece: string[] = [];
    let pieceBytes = 0;
    for (const line of lines) {
      const bytes = Buffer.byteLength(line);
      if (this.#sizeBytes + pieceBytes + bytes > limit && this.#sizeBytes + pieceBytes > 0) {
        if (piece.length > 0) await appendFile(path, piece.join(""), { mode: 0o600 });
        await this.#rotate();
        piece = [];
        pieceBytes = 0;
        this.#sizeBytes = 0;
      }
      piece.push(line);
      pieceBytes += bytes;
    }
    await appendFile(path, piece.join(""), { mode: 0o600 });
    this.#sizeBytes += pieceBytes;
  }

  /** `audit.log` becomes `audit-2026-05-01T12-00-00.000.log`; then the oldest beyond the limits go. */
  async #rotate(): Promise<void> {
    const { path, clock, maxBackups = 0, maxAgeDays = 0 } = this.#options;
    const extension = extname(path);
    const prefix = `${basename(path, extension)}-`;
    const now = clock.now();
    let at = now;
    while ((await this.#taken(this.#backup(prefix, at, extension))) > 0) at++;
    const aside = this.#backup(prefix, at, extension);
    await rename(path, aside);
    if (this.#options.compress === true) await compressFile(aside);
    const backups = (await readdir(dirname(path)))
      .filter((name) => timeOf(name, prefix, extension) !== undefined)
      .sort()
      .reverse();
    for (const [index, name] of backups.entries()) {
      const tooOld = maxAgeDays > 0 && timeOf(name, prefix, extension)! < now - maxAgeDays * 86_400_000;
      if (tooOld || (maxBackups > 0 && index >= maxBackups)) await unlink(join(dirname(path), name));
    }
  }

  async #taken(file: string): Promise<number> {
    return (await sizeOf(file)) + (await sizeOf(`${file}.gz`));
  }

  #backup(prefix: string, at: number, extension: string): string {
    const time = new Date(at).toISOString().replace(/:/g, "-").replace(/Z$/, "");
    return join(dirname(this.#options.path), `${prefix}${time}${extension}`);
  }
}

/** Becomes `….gz`; until that is whole, the file stays. */
async function compressFile(file: string): Promise<void> {
  const whole = `${file}.gz`;
  const part = `${whole}.part`;
  await pipeline(createReadStream(file), createGzip(), createWriteStream(part, { mode: 0o600 }));
  await rename(part, whole);
  await unlink(file);
}

function timeOf(file: string, prefix: string, extension: string): number | undefined {
  const name = file.endsWith(".gz") ? file.slice(0, -".gz".length) : file;
  if (!name.startsWith(prefix) || !name.endsWith(extension)) return undefined;
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(
    name.slice(prefix.length, name.length - extension.length),
  );
  return match === null ? undefined : Date.parse(`${match[1]}T${match[2]}:${match[3]}:${match[4]}Z`);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

function toStandardOutput(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = createWriteStream("", { fd: 1, autoClose: false });
    stream.on("error", reject);
    stream.end(text, resolve);
  });
}
