import assert from "node:assert/strict";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Http1Exchange } from "./exchange-h1.ts";
import { frameOf } from "./test-frames.ts";

test("shared frames are chunks of the answer, in order with what else is written and with its end", async () => {
  const server: Server = createServer((request, response) => {
    const exchange = new Http1Exchange(request, response);
    exchange.begin(200, {});
    exchange.writeShared(frameOf("a\n").followedBy(frameOf("b\n")));
    exchange.write(Buffer.from("c\n"));
    exchange.writeShared(frameOf("d\n"));
    exchange.end();
    exchange.writeShared(frameOf("too late\n"));
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
    assert.equal(text, "a\nb\nc\nd\n");
  } finally {
    server.close();
  }
});
