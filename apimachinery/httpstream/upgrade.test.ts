import assert from "node:assert/strict";
import { type Duplex, duplexPair } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { isUpgradeRequest, joinSockets, readAnswerHead, requestHead } from "./upgrade.ts";

const limit = { timeout: 10_000 };

test("the head of an answer is read, and what follows it is kept", limit, async () => {
  const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\nbytes";
  await fc.assert(
    fc.asyncProperty(fc.nat(answer.length), async (cut) => {
      const [near, far] = duplexPair() as [Duplex, Duplex];
      far.write(answer.slice(0, cut));
      far.write(answer.slice(cut));
      const { status, headers, head, rest } = await readAnswerHead(near);
      assert.equal(status, 101);
      assert.equal(headers.get("upgrade"), "SPDY/3.1");
      near.unshift(rest);
      near.resume();
      const read: Buffer[] = [];
      near.on("data", (chunk: Buffer) => read.push(chunk));
      far.end();
      await new Promise((resolve) => near.once("end", resolve));
      assert.equal(`${head}${Buffer.concat(read)}`, answer);
    }),
    { numRuns: 40 },
  );
});

test("what is no answer, ends early or never ends is refused", limit, async () => {
  const told = async (bytes: string): Promise<string> => {
    const [near, far] = duplexPair() as [Duplex, Duplex];
    far.end(bytes);
    return readAnswerHead(near).then(
      () => "",
      (error: Error) => error.message,
    );
  };
  assert.equal(await told("HTTP/1.1 101 Switching"), "unexpected EOF");
  assert.equal(await told("SSH-2.0-x\r\n\r\n"), "malformed HTTP response");
  assert.match(await told(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`), /too long/);
});

test("an upgrade is asked for by two headers together", () => {
  const asks = (headers: Record<string, string>) => isUpgradeRequest((name) => headers[name]);
  assert.equal(asks({ connection: "keep-alive, Upgrade", upgrade: "websocket" }), true);
  assert.equal(asks({ connection: "Upgrade" }), false);
  assert.equal(asks({ connection: "keep-alive", upgrade: "websocket" }), false);
  assert.equal(requestHead("POST", "/x?y=z", [["Host", "a"]]), "POST /x?y=z HTTP/1.1\r\nHost: a\r\n\r\n");
});

test("two connections become one, until either side ends", limit, async () => {
  const [client, front] = duplexPair() as [Duplex, Duplex];
  const [back, server] = duplexPair() as [Duplex, Duplex];
  const joined = joinSockets(front, back);
  server.on("data", (chunk: Buffer) => server.write(`echo ${chunk}`));
  client.write("one");
  const [answer] = await new Promise<[Buffer]>((resolve) => client.once("data", (chunk: Buffer) => resolve([chunk])));
  assert.equal(String(answer), "echo one");
  client.resume();
  server.end();
  client.end();
  await joined;
});
