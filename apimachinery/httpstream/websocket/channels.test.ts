import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { WebSocket, WebSocketServer } from "ws";
import { ChannelConnection } from "./channel-connection.ts";
import {
  channelProtocols,
  chooseProtocol,
  decodeMessage,
  encodeMessage,
  offeredProtocols,
} from "./channel-protocol.ts";

const limit = { timeout: 20_000 };
const v5 = channelProtocols[0]!;

test("what is encoded for a channel is decoded as it was", () => {
  fc.assert(
    fc.property(fc.constantFrom(...channelProtocols), fc.nat(4), fc.uint8Array(), (protocol, channel, data) => {
      const message = Buffer.from(encodeMessage(protocol, channel, data));
      assert.deepEqual(decodeMessage(protocol, message), { type: "data", channel, data: Buffer.from(data) });
    }),
  );
});

test("no message whatever fails to be read somehow", () => {
  fc.assert(
    fc.property(fc.constantFrom(...channelProtocols), fc.uint8Array({ maxLength: 20 }), (protocol, bytes) => {
      decodeMessage(protocol, Buffer.from(bytes));
    }),
  );
  assert.deepEqual(decodeMessage(v5, Buffer.from([255, 0])), { type: "close", channel: 0 });
  assert.equal(decodeMessage(v5, Buffer.from([255])).type, "violation");
  assert.deepEqual(decodeMessage(channelProtocols[1]!, Buffer.from([255, 0])).type, "data");
});

test("the first protocol of the client's that is known is chosen", () => {
  assert.equal(chooseProtocol(offeredProtocols("x, v4.channel.k8s.io, v5.channel.k8s.io"))?.name, "v4.channel.k8s.io");
  assert.equal(chooseProtocol([])?.name, "");
  assert.equal(chooseProtocol(["nothing.known"]), undefined);
});

/** Both ends of a WebSocket: channels on the server's side. */
async function connect(t: TestContext) {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await once(sockets, "connection")) as [WebSocket];
  const connection = new ChannelConnection(socket, v5, ["read", "write", "ignore", "write", "read"]);
  if (client.readyState !== client.OPEN) await once(client, "open");
  t.after(() => {
    client.terminate();
    server.close();
  });
  return { client, connection };
}

test("a channel ends where the peer closes it, and the others go on", limit, async (t) => {
  const { client, connection } = await connect(t);
  client.send(Buffer.from([0, ...Buffer.from("input")]));
  client.send(Buffer.from([2, ...Buffer.from("nobody listens")]));
  client.send(Buffer.from([255, 0]));
  let input = "";
  for await (const chunk of connection.channel(0)) input += chunk;
  assert.equal(input, "input");
  connection.channel(1).write("output");
  const [message] = (await once(client, "message")) as [Buffer];
  assert.deepEqual(message, Buffer.from([1, ...Buffer.from("output")]));
});

test("all channels end with the connection, and a protocol that is broken ends it", limit, async (t) => {
  const { client, connection } = await connect(t);
  client.send(Buffer.from([255, 0, 0, 0]));
  const [code] = (await once(client, "close")) as [number];
  assert.equal(code, 1002);
  await connection.closed;
  assert.match(connection.violation ?? "", /channel byte/);
  for await (const _ of connection.channel(4));
});

test("a peer is not read while a channel's reader is behind", limit, async (t) => {
  const { client, connection } = await connect(t);
  const piece = Buffer.alloc(64 * 1024);
  const pieces = 1_000;
  for (let i = 0; i < pieces; i++) client.send(piece);
  client.send(Buffer.from([255, 0]));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.ok(connection.channel(0).readableLength < 1024 * 1024);
  let read = 0;
  for await (const chunk of connection.channel(0)) read += (chunk as Buffer).length;
  assert.equal(read, pieces * (piece.length - 1));
});
