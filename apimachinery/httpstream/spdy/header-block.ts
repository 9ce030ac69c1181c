import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { headerDictionary } from "./dictionary.ts";
import { SpdyError } from "./frames.ts";

/** Header fields: names in lower case; several values of one name are joined by NUL on the wire, and by ", " here. */
export type SpdyHeaders = Readonly<Record<string, string>>;

/** Of one block, uncompressed: more is an attack. */
const maxBlockBytes = 64 * 1024;

/** Compresses the header blocks of one direction of a connection: each builds on those before it, so their order is fixed. */
export class HeaderCompressor {
  #deflate: Deflate | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Blocks come out in the order of the calls. */
  compress(headers: SpdyHeaders): Promise<Buffer> {
    const compressed = this.#last.then(() => this.#one(encodeHeaders(headers)));
    this.#last = compressed.catch(() => {});
    return compressed;
  }

  #one(block: Buffer): Promise<Buffer> {
    this.#deflate ??= quiet(
      createDeflate({
        dictionary: headerDictionary,
        flush: constants.Z_SYNC_FLUSH,
        // Small: a connection has few header blocks, and a server many connections.
        windowBits: 11,
        memLevel: 2,
      }),
    );
    return through(this.#deflate, block, Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#deflate?.close();
  }
}

/** The other end of a HeaderCompressor. Call `decompress` again only once its answer is there. */
export class HeaderDecompressor {
  #inflate: Inflate | undefined;

  /** Rejects with SpdyError where the block is damaged or too large; the connection cannot go on then. */
  async decompress(block: Buffer): Promise<SpdyHeaders> {
    this.#inflate ??= quiet(createInflate({ dictionary: headerDictionary, flush: constants.Z_SYNC_FLUSH }));
    return decodeHeaders(await through(this.#inflate, block, maxBlockBytes));
  }

  close(): void {
    this.#inflate?.close();
  }
}

/** A failure is told by the block that met it, and not again. */
function quiet<T extends Deflate | Inflate>(stream: T): T {
  stream.on("error", () => {});
  return stream;
}

function through(stream: Deflate | Inflate, block: Buffer, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (error?: Error | null): void => {
      stream.off("data", collect).off("error", settle).off("close", ended).off("end", ended);
      if (error) reject(new SpdyError(`headers cannot be read: ${error.message}`, { cause: error }));
      else resolve(Buffer.concat(parts));
    };
    const ended = (): void => settle(new Error("their compression has ended"));
    const collect = (part: Buffer): void => {
      parts.push(part);
      size += part.length;
      if (size > maxBytes) {
        settle(new Error(`more than ${maxBytes} bytes`));
        stream.destroy();
      }
    };
    stream.on("data", collect).on("error", settle).on("close", ended).on("end", ended);
    if (stream.destroyed || stream.writableEnded) ended();
    else stream.write(block, settle);
  });
}

function encodeHeaders(headers: SpdyHeaders): Buffer {
  const parts: Buffer[] = [];
  const number = (value: number): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    parts.push(bytes);
  };
  const text = (value: string): void => {
    const bytes = Buffer.from(value, "utf8");
    number(bytes.length);
    parts.push(bytes);
  };
  const entries = Object.entries(headers);
  number(entries.length);
  for (const [name, value] of entries) {
    text(name.toLowerCase());
    text(value);
  }
  return Buffer.concat(parts);
}

function decodeHeaders(bytes: Buffer): SpdyHeaders {
  let at = 0;
  const number = (): number => {
    if (at + 4 > bytes.length) throw new SpdyError("a header block ends early");
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (at + length > bytes.length) throw new SpdyError("a header block ends early");
    at += length;
    return bytes.toString("utf8", at - length, at);
  };
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let count = number(); count > 0; count--) {
    const name = text().toLowerCase();
    headers[name] = text().replaceAll("\0", ", ");
  }
  return headers;
}
