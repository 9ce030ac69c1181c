import { constants, fstatSync, openSync, writeSync } from "node:fs";

/** Takes whole lines, and neither throws nor waits for room: a program must not end, or stand still, because of its log. */
export interface LineWriter {
  write(line: string): void;
}

export interface LineWriterOptions {
  /** Writes some of the bytes and gives how many; throws where it cannot, with the code EAGAIN where it can later. */
  readonly write: (bytes: Uint8Array) => number;
  /** Calls back once, some time later. */
  readonly later: (callback: () => void) => void;
  /** What is kept while nobody reads; 1 MiB unless given. */
  readonly maxPendingBytes?: number;
}

/** A writer that can be told that this is the last chance. */
export interface FlushableWriter extends LineWriter {
  /** Writes what it can of what is kept. */
  flush(): void;
}

/**
 * Lines that cannot be written, as on a full disk, are lost, and so are those for which a reader that is slow leaves no room;
 * how many is said before the next one that can. Node's own `process.stderr` ends the process on the full disk.
 */
export function lineWriter({ write, later, maxPendingBytes = 2 ** 20 }: LineWriterOptions): FlushableWriter {
  let lost = 0;
  let pending: Pending[] = [];
  let pendingBytes = 0;
  let waiting = false;

  const flush = (): void => {
    try {
      for (let next = pending[0]; next !== undefined; next = pending[0]) {
        const written = write(next.bytes);
        pendingBytes -= written;
        if (written === next.bytes.length) pending.shift();
        else next.bytes = next.bytes.subarray(written);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return;
      for (const { lines } of pending) lost += lines;
      pending = [];
      pendingBytes = 0;
    }
  };
  const flushUntilEmpty = (): void => {
    flush();
    if (pending.length === 0 || waiting) return;
    waiting = true;
    later(() => {
      waiting = false;
      flushUntilEmpty();
    });
  };
  return {
    write(line) {
      if (pendingBytes + line.length > maxPendingBytes) flush();
      if (pendingBytes + line.length > maxPendingBytes) {
        lost += 1;
        return;
      }
      const bytes = Buffer.from(lost === 0 ? line : `${wordOfLost(lost)}${line}`);
      // Where these cannot be written either, all of them are lost still.
      pending.push({ bytes, lines: lost + 1 });
      pendingBytes += bytes.length;
      lost = 0;
      flushUntilEmpty();
    },
    flush,
  };
}

interface Pending {
  bytes: Uint8Array;
  /** How many lines are lost with it. */
  readonly lines: number;
}

function wordOfLost(count: number): string {
  return `{"level":"warn","message":"log lines could not be written","count":${count}}\n`;
}

const againMs = 20;

/** Of this process. */
export const standardError: LineWriter = openStandardError();

function openStandardError(): LineWriter {
  let descriptor: number | undefined;
  const writer = lineWriter({
    write: (bytes) => {
      descriptor ??= descriptorWithoutWaiting();
      return writeSync(descriptor, bytes);
    },
    later: (callback) => void setTimeout(callback, againMs).unref(),
  });
  process.once("exit", () => writer.flush());
  return writer;
}

/**
 * Files never make a writer wait; pipes, terminals and sockets do where nobody reads. They are opened a second time, since
 * what is set on descriptor 2 holds for every other program that has it.
 */
function descriptorWithoutWaiting(): number {
  if (fstatSync(2).isFile()) return 2;
  try {
    return openSync("/proc/self/fd/2", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Sockets, and pipes of another user, cannot be opened again. To ask for this stream makes it one that does not wait.
    void process.stderr.fd;
    return 2;
  }
}
