import assert from "node:assert/strict";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Http1Exchange } from "./exchange-h1.ts";

const frame = (text: string) => {
  const bytes = Buffer.from(text);
  return { bytes, chunk: Buffer.from(`${bytes.length.toString(16)}\r\n${text}\r\n`) };
};

test("frames of one turn leave as one write, in order, and those of the next turn as another", async () => {
  const writes: number[] = [];
  const server: Server = createServer(async (request, response) => {
    const exchange = new Http1Exchange(request, response);
    exchange.begin(200, {});
    const { socket } = request;
    const { _writev: gathered, _write: single } = socket;
    socket._writev = (chunks, done) => {
      writes.push(chunks.length);
      gathered!.call(socket, chunks, done);
    };
    socket._write = (chunk, encoding, done) => {
      writes.push(1);
      single.call(socket, chunk, encoding, done);
    };
    for (const text of ["a\n", "b\n", "c\n"]) exchange.writeShared(frame(text));
    await nextTurn();
    exchange.writeShared(frame("d\n"));
    await nextTurn();
    assert.deepEqual(writes, [3, 1]);
    exchange.writeShared(frame("e\n"));
    exchange.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const text = await new Promise<string>((resolve, reject) => {
      get({ port, host: "127.0.0.1", agent: false }, async (response) => {
        response.setEncoding("utf8");
        let whole = "";
        for await (const part of response) whole += part;
        resolve(whole);
      }).on("error", reject);
    });
    assert.equal(text, "a\nb\nc\nd\ne\n");
  } finally {
    server.close();
  }
});
