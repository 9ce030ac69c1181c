import type { Readable } from "node:stream";

const newline = 0x0a;

/**
 * The lines of a stream of bytes, without their ends; empty ones are left out. Reads on only as lines are taken, so a slow
 * reader slows the sender. Throws where a line is longer than `maxBytes`.
 */
export async function* readLines(stream: Readable, maxBytes: number): AsyncGenerator<string, void, undefined> {
  /** Pieces of a line whose end has not come yet. */
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(stream)) {
    let start = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      let line: string;
      if (pieces.length === 0) line = chunk.toString("utf8", start, at);
      else {
        line = Buffer.concat([...pieces, chunk.subarray(start, at)]).toString("utf8");
        pieces = [];
        bytes = 0;
      }
      start = at + 1;
      if (line !== "") yield line;
    }
    if (start < chunk.length) {
      pieces.push(chunk.subarray(start));
      bytes += chunk.length - start;
      if (bytes > maxBytes) throw new Error(`a line of the stream is longer than ${maxBytes} bytes`);
    }
  }
  checkEnded(stream);
  if (pieces.length > 0) yield Buffer.concat(pieces).toString("utf8");
}

/** All bytes of a stream as text. Throws beyond `maxBytes`. */
export async function readText(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(stream)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  checkEnded(stream);
  return (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString("utf8");
}

/**
 * What a stream holds, until it ends, breaks (it throws what broke it) or is destroyed. Leaving it early destroys the stream.
 * Node's own iterator takes an HTTP/2 stream whose end has arrived before its first chunk is asked for to be broken.
 */
async function* chunksOf(stream: Readable): AsyncGenerator<Buffer, void, undefined> {
  let wake = (): void => {};
  const listener = (): void => wake();
  const events = ["readable", "end", "error", "close"] as const;
  for (const event of events) stream.on(event, listener);
  try {
    for (;;) {
      const chunk = stream.read() as Buffer | null;
      if (chunk !== null) yield chunk;
      else if (stream.errored !== null) throw stream.errored;
      else if (stream.readableEnded || stream.destroyed) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    // An error that is told after this has nobody else to hear it, and would end the process.
    for (const event of events) if (event !== "error") stream.off(event, listener);
    if (!stream.readableEnded) stream.destroy();
  }
}

/** A broken HTTP/2 connection ends the reading of its streams quietly; only a stream that came to its end says so. */
function checkEnded(stream: Readable): void {
  if (!stream.readableEnded) throw new Error("the connection broke before the answer had ended");
}
