import assert from "node:assert/strict";
import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { SpdyConnection, type SpdyOptions } from "./connection.ts";
import { headerDictionary } from "./dictionary.ts";
import { encodeFrame, FrameParser, type SpdyFrame } from "./frames.ts";
import { HeaderCompressor, HeaderDecompressor } from "./header-block.ts";
import type { SpdyStream } from "./stream.ts";

interface Pair {
  readonly client: SpdyConnection;
  readonly server: SpdyConnection;
  readonly sockets: readonly [Duplex, Duplex];
  /** Streams that the client opens, as the server sees them. */
  accepted(): Promise<SpdyStream>;
}

function connect(options: Partial<SpdyOptions> = {}): Pair {
  const [near, far] = duplexPair() as [Duplex, Duplex];
  const waiting: ((stream: SpdyStream) => void)[] = [];
  const arrived: SpdyStream[] = [];
  const onStream = (stream: SpdyStream): void => {
    const next = waiting.shift();
    if (next === undefined) arrived.push(stream);
    else next(stream);
  };
  return {
    client: new SpdyConnection(near, { role: "client", ...options }),
    server: new SpdyConnection(far, { role: "server", onStream, ...options }),
    sockets: [near, far],
    accepted: () =>
      new Promise((resolve) => {
        const stream = arrived.shift();
        if (stream === undefined) waiting.push(resolve);
        else resolve(stream);
      }),
  };
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const limit = { timeout: 20_000 };

test("a stream carries its headers and bytes both ways, and either side may end first", limit, async () => {
  const { client, accepted } = connect();
  const near = await client.openStream({ streamType: "stdin", port: "80" });
  const far = await accepted();
  assert.deepEqual({ ...far.headers }, { streamtype: "stdin", port: "80" });
  assert.deepEqual({ ...(await near.accepted) }, {});
  near.end("question");
  assert.equal(String(await bytesOf(far)), "question");
  far.end("answer after the other side has ended");
  assert.equal(String(await bytesOf(near)), "answer after the other side has ended");
  assert.equal(near.remoteClosed, true);
  client.close();
});

test("whatever is written to several streams arrives, each in its order", limit, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(3), fc.uint8Array({ maxLength: 200_000, size: "max" })), { maxLength: 12 }),
      fc.boolean(),
      async (writes, flowControl) => {
        const { client, accepted } = connect({ flowControl });
        const streams = [];
        for (let i = 0; i < 4; i++) {
          const near = await client.openStream({ number: String(i) });
          streams.push({ near, received: bytesOf(await accepted()) });
        }
        for (const [at, data] of writes) streams[at]!.near.write(data);
        for (const [at, { near, received }] of streams.entries()) {
          near.end();
          const sent = Buffer.concat(writes.filter(([to]) => to === at).map(([, data]) => data));
          assert.ok((await received).equals(sent));
        }
        client.destroy();
      },
    ),
    { numRuns: 25 },
  );
});

test("a reader that is behind holds the writer up, and little is held in between", limit, async () => {
  for (const flowControl of [false, true]) {
    const { client, accepted } = connect({ flowControl });
    const near = await client.openStream({});
    const far = await accepted();
    let written = 0;
    const piece = Buffer.alloc(16 * 1024);
    const fill = (): void => {
      while (written < 2 ** 26 && near.write(piece)) written += piece.length;
    };
    near.on("drain", fill);
    fill();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.ok(written < 1024 * 1024, `${written} bytes were taken without a reader`);
    far.resume();
    await once(near, "drain");
    client.destroy();
  }
});

test("a stream that nobody wants is refused", limit, async () => {
  const refuse = (): never => {
    throw new Error("no");
  };
  const { client } = connect({ onStream: refuse });
  const stream = await client.openStream({});
  stream.resume();
  await once(stream, "end");
  assert.equal(stream.resetStatus, 3);
  client.close();
});

test("what had come before a reset is read before the end", limit, async () => {
  const { client, accepted, server } = connect();
  const near = await client.openStream({});
  const far = await accepted();
  await new Promise((resolve) => far.write("status", resolve));
  server.close();
  assert.equal(String(await bytesOf(near)), "status");
  assert.equal(near.remoteClosed, true);
  assert.equal(await client.closed, undefined);
});

test("a connection that breaks ends its streams without saying that they were whole", limit, async () => {
  const { client, accepted, sockets } = connect();
  const near = await client.openStream({});
  const far = await accepted();
  far.resume();
  sockets[1].destroy();
  sockets[0].destroy();
  assert.equal(String(await bytesOf(near)), "");
  assert.equal(near.remoteClosed, false);
  await assert.rejects(client.openStream({}), /the connection has ended/);
});

test("a ping is answered", limit, async () => {
  const { client, server } = connect();
  await Promise.all([client.ping(), server.ping(), client.ping()]);
  client.destroy();
});

test("headers survive compression, block after block", limit, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), fc.string({ unit: "binary" })), {
        maxLength: 8,
      }),
      async (blocks) => {
        const [compressor, decompressor] = [new HeaderCompressor(), new HeaderDecompressor()];
        for (const headers of blocks) {
          const read = await decompressor.decompress(await compressor.compress(headers));
          const expected = Object.entries(headers).map(([name, value]) => [name, value.replaceAll("\0", ", ")]);
          assert.deepEqual(Object.entries(read), expected);
        }
        compressor.close();
        decompressor.close();
      },
    ),
  );
});

test("headers that grow beyond bounds are refused", limit, async () => {
  const bomb = deflateSync(Buffer.alloc(10 * 1024 * 1024), { dictionary: headerDictionary });
  await assert.rejects(new HeaderDecompressor().decompress(bomb), /headers cannot be read: more than 65536 bytes/);
});

test("frames are the same however their bytes are cut", () => {
  const bytes = Buffer.concat([
    encodeFrame.synStream(1, Buffer.from("block"), { fin: true }),
    encodeFrame.dataHead(1, 5, true),
    Buffer.from("hello"),
    encodeFrame.dataHead(3, 0, true),
    encodeFrame.windowUpdate(3, 77),
    encodeFrame.ping(9),
    encodeFrame.rstStream(1, 5),
    encodeFrame.goAway(3),
    encodeFrame.synReply(3, Buffer.from("reply")),
  ]);
  const whole = merged([...new FrameParser().push(bytes)]);
  assert.deepEqual(
    whole.map(({ type }) => type),
    ["synStream", "data", "data", "windowUpdate", "ping", "rstStream", "goAway", "synReply"],
  );
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const parser = new FrameParser();
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const frames = places.slice(1).flatMap((end, i) => [...parser.push(bytes.subarray(places[i], end))]);
      assert.deepEqual(merged(frames), whole);
    }),
  );
});

/** Pieces of one data frame as one. */
function merged(frames: readonly SpdyFrame[]): SpdyFrame[] {
  const result: SpdyFrame[] = [];
  let open: Extract<SpdyFrame, { type: "data" }> | undefined;
  for (const frame of frames) {
    if (frame.type !== "data") {
      result.push(frame);
      continue;
    }
    const data: Buffer = open === undefined ? frame.data : Buffer.concat([open.data, frame.data]);
    open = { ...frame, data };
    if (frame.fin) {
      result.push(open);
      open = undefined;
    }
  }
  return result;
}

test("no bytes whatever crash a connection or leave it hanging", limit, async () => {
  const block = await new HeaderCompressor().compress({ a: "b" });
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(9).map((id) => encodeFrame.synStream(id, block)),
    fc.nat(9).map((id) => encodeFrame.synReply(id, block)),
    fc.tuple(fc.nat(9), fc.nat(20)).map(([id, length]) => encodeFrame.dataHead(id, length, true)),
    fc.tuple(fc.nat(9), fc.nat(9)).map(([id, status]) => encodeFrame.rstStream(id, status)),
    fc.tuple(fc.nat(9), fc.nat()).map(([id, delta]) => encodeFrame.windowUpdate(id, delta)),
    fc.nat(9).map((id) => encodeFrame.ping(id)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 12 }), fc.constantFrom("client", "server"), async (frames, role) => {
      const [near, far] = duplexPair() as [Duplex, Duplex];
      const connection = new SpdyConnection(near, {
        role: role as "client",
        flowControl: true,
        onStream: (stream) => void stream.resume(),
      });
      far.resume();
      far.on("error", () => {});
      for (const bytes of frames) far.write(bytes);
      far.end();
      await connection.closed;
    }),
    { numRuns: 300 },
  );
});
