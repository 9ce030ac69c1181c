import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { realClock } from "../../base/real-clock.ts";
import { Http2Session } from "./http2-session.ts";
import { readText } from "./lines.ts";

/** A session to a server that answers nothing until `count` requests have come, and then all of them in one go. */
async function start(count: number) {
  const server = createServer();
  const waiting: ServerHttp2Stream[] = [];
  server.on("stream", (stream) => {
    waiting.push(stream);
    if (waiting.length < count) return;
    for (const [i, stream] of waiting.splice(0).entries()) {
      stream.respond({ ":status": 200 });
      stream.end(`answer ${i}`);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const session = new Http2Session({
    origin: `http://127.0.0.1:${port}`,
    socket,
    clock: realClock,
    onDraining: () => {},
  });
  return {
    session,
    stop: async () => {
      await session.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("answers are whole that arrive all at once, heads and ends together", { timeout: 20_000 }, async () => {
  const count = 50;
  const { session, stop } = await start(count);
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(
      Array.from({ length: count }, async () => {
        const { body } = await session.open({ method: "GET", path: "/", headers: {} });
        return readText(body, 1_000);
      }),
    );
    assert.deepEqual(answers.sort(), Array.from({ length: count }, (_, i) => `answer ${i}`).sort());
  }
  await stop();
});

test("an answer is whole whose reader comes late", { timeout: 20_000 }, async () => {
  const { session, stop } = await start(1);
  const { body } = await session.open({ method: "GET", path: "/", headers: {} });
  await realClock.sleep(100);
  assert.equal(await readText(body, 1_000), "answer 0");
  await stop();
});
