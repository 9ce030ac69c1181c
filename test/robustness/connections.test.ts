import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, constants } from "node:http2";
import { after, before, describe, test } from "node:test";
import { realClock, VirtualClock } from "../../base/mod.ts";
import { configMaps, create, expect, failure, nextEvent, revision } from "../support/conformance.ts";
import { type Credentials, clientOf, http1Client, http2Client } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";
import { rawTcp, rawTls, until, untilEnd } from "../support/raw.ts";

const head = (method: string, path: string, ...more: string[]): string =>
  [`${method} ${path} HTTP/1.1`, "host: test", ...more, "", ""].join("\r\n");
const tooLarge = failure(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");

describe("bad input and bad connections", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  before(async () => {
    https = await startHttpsServer();
  });
  after(() => https?.close());

  /** The server still does its work. */
  const isWell = async (): Promise<void> => {
    const client = http1Client(https.port, https.admin);
    await expect(client, { path: "/readyz" }, 200, "ok");
    client.close();
  };

  test("a body announced as too large is refused before it is sent, over either protocol", async () => {
    const socket = await rawTls(https.port, https.admin);
    socket.write(head("POST", configMaps, "content-type: application/json", "content-length: 99999999999"));
    const answer = await until(socket, (text) => text.endsWith("}\n"));
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.deepEqual(JSON.parse(answer.slice(answer.indexOf("{"))), tooLarge);
    await untilEnd(socket);

    const client = http2Client(https.port, https.admin);
    const stream = client.session.request({
      ":method": "POST",
      ":path": configMaps,
      "content-type": "application/json",
      "content-length": 99_999_999,
    });
    stream.on("error", () => {});
    stream.write("{");
    const [headers] = (await once(stream, "response")) as [{ ":status": number }];
    assert.equal(headers[":status"], 413);
    stream.resume();
    await once(stream, "close");
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    await expect(client, { path: "/readyz" }, 200, "ok");
    client.close();
  });

  test("a body that grows too large without a word is refused when it does", async () => {
    for (const protocol of ["h1", "h2"] as const) {
      const client = clientOf[protocol](https.port, https.admin);
      const body = Buffer.alloc(3 * 1024 * 1024 + 1, " ");
      await expect(
        client,
        {
          method: "POST",
          path: configMaps,
          body,
          headers: { "content-type": "application/json", "content-length": [] },
        },
        413,
        tooLarge,
      );
      await expect(client, { path: "/readyz" }, 200, "ok");
      client.close();
    }
    const socket = await rawTls(https.port, https.admin);
    socket.write(head("POST", configMaps, "content-type: application/json", "transfer-encoding: chunked"));
    const answer = until(socket, (text) => text.endsWith("}\n"));
    for (let i = 0; i < 4; i++) {
      socket.write(`100000\r\n${" ".repeat(1024 * 1024)}\r\n`);
    }
    assert.match(await answer, /^HTTP\/1\.1 413 /);
    await untilEnd(socket);
  });

  test("the largest body that is allowed is read", async () => {
    const client = http2Client(https.port, https.admin);
    const object = JSON.stringify({ metadata: { name: "padded" } });
    const body = Buffer.from(object.padEnd(3 * 1024 * 1024, " "));
    await expect(
      client,
      { method: "POST", path: configMaps, body, headers: { "content-type": "application/json" } },
      201,
    );
    client.close();
  });

  test("a body cut off half way leaves nothing behind", async () => {
    const socket = await rawTls(https.port, https.admin);
    socket.write(
      `${head("POST", configMaps, "content-type: application/json", "content-length: 60")}{"metadata":{"name":"cut"}}`,
    );
    socket.end();
    await untilEnd(socket);
    const client = http2Client(https.port, https.admin);
    const stream = client.session.request({
      ":method": "POST",
      ":path": configMaps,
      "content-type": "application/json",
    });
    stream.on("error", () => {});
    stream.write('{"metadata":{"name":"cut"}}');
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, "close");
    await expect(client, { path: `${configMaps}/cut` }, 404);
    client.close();
  });

  test("what is no HTTP, no TLS or too much of it ends that connection alone", async () => {
    const plain = await rawTcp(https.port);
    plain.write(head("GET", "/readyz"));
    await untilEnd(plain);
    const garbage = await rawTcp(https.port);
    garbage.write(Buffer.from("160301ffff00000000", "hex"));
    garbage.end();
    await untilEnd(garbage);
    await assert.rejects(
      rawTls(https.port, https.admin, { maxVersion: "TLSv1.1", minVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }),
    );
    const noHttp = await rawTls(https.port, https.admin);
    noHttp.write("what is this\r\n\r\n");
    assert.match(await untilEnd(noHttp), /^HTTP\/1\.1 400 /);
    const twoLengths = await rawTls(https.port, https.admin);
    twoLengths.write(head("POST", configMaps, "content-length: 5", "transfer-encoding: chunked"));
    assert.match(await untilEnd(twoLengths), /^HTTP\/1\.1 400 /);
    const bomb = await rawTls(https.port, https.admin);
    bomb.write(head("GET", "/readyz", `x-bomb: ${"x".repeat(200_000)}`));
    assert.match(await untilEnd(bomb), /^HTTP\/1\.1 431 /);
    const many = await rawTls(https.port, https.admin);
    many.write(head("GET", "/readyz", ...Array.from({ length: 20_000 }, (_, i) => `x-${i}: ${i}`)));
    assert.match(await untilEnd(many), /^HTTP\/1\.1 431 /);
    const client = http2Client(https.port, https.admin);
    await assert.rejects(client.call({ path: "/readyz", headers: { "x-bomb": "x".repeat(200_000) } }));
    client.close();
    const preface = await rawTls(https.port, https.admin, { ALPNProtocols: ["h2"] });
    preface.write(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"\xff".repeat(100)}`);
    await untilEnd(preface);
    await isWell();
  });

  test("requests sent one behind the other on one connection are answered in order, a watch among them", async () => {
    const socket = await rawTls(https.port, https.admin);
    const client = http1Client(https.port, https.admin);
    const from = await revision(client);
    const list = `${configMaps}?resourceVersion=${from + 1}`;
    socket.write(head("GET", list) + head("GET", `${configMaps}?watch=1&resourceVersion=${from}`));
    const answer = until(socket, (text) => text.includes('"type":"ADDED"') && text.includes('"type":"DELETED"'));
    await create(client, "pipelined");
    await expect(client, { method: "DELETE", path: `${configMaps}/pipelined` }, 200);
    const text = await answer;
    const first = text.indexOf("HTTP/1.1 200");
    const second = text.indexOf("HTTP/1.1 200", first + 1);
    assert.equal(first, 0);
    assert.ok(second > 0 && text.slice(0, second).includes("ConfigMapList"));
    assert.ok(text.indexOf('"type":"ADDED"') > second);
    socket.destroy();
    client.close();
  });

  test("thousands of cancelled watches leave nothing behind, and no client is sent away", async () => {
    const h2 = http2Client(https.port, https.admin);
    let sentAway = false;
    h2.session.on("goaway", () => {
      sentAway = true;
    });
    for (let i = 0; i < 50; i++) {
      const watches = await Promise.all(Array.from({ length: 100 }, () => h2.watch(`${configMaps}?watch=1`)));
      for (const watch of watches) {
        watch.cancel();
      }
    }
    const h1 = http1Client(https.port, https.admin);
    for (let i = 0; i < 10; i++) {
      const watches = await Promise.all(Array.from({ length: 50 }, () => h1.watch(`${configMaps}?watch=1`)));
      for (const watch of watches) {
        watch.cancel();
      }
    }
    await expect(h2, { path: "/readyz" }, 200, "ok");
    assert.equal(sentAway, false);
    await eventually(() => https.server.registry.find("", "v1", "configmaps")?.cache.watcherCount === 0);
    h1.close();
    h2.close();
  });

  test("5,000 open watches are told of one change each", async () => {
    const clients = Array.from({ length: 5 }, () => http2Client(https.port, https.admin));
    const from = await revision(clients[0]!);
    const path = `${configMaps}?watch=1&resourceVersion=${from}`;
    const opened = await Promise.all(
      clients.map((client) => Promise.all(Array.from({ length: 999 }, () => client.watch(path)))),
    );
    await create(clients[0]!, "for-all");
    const events = await Promise.all(opened.flat().map((watch) => nextEvent(watch)));
    assert.equal(events.length, 4_995);
    assert.ok(events.every(({ object }) => object.metadata.name === "for-all"));
    for (const client of clients) {
      client.close();
    }
  });

  for (const protocol of ["h1", "h2"] as const) {
    test(`a watcher that does not read is cut off, and nobody else notices (${protocol})`, async () => {
      const namespace = `slow-${protocol}`;
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const client = http2Client(https.port, https.admin);
      await expect(
        client,
        { method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: namespace } } },
        201,
      );
      const cache = https.server.registry.find("", "v1", "configmaps")!.cache;
      await eventually(() => cache.watcherCount === 0);
      const stuck = await openWithoutReading(protocol, https.port, https.admin, `${path}?watch=1`);
      const other = await client.watch(`${path}?watch=1`);
      await eventually(() => cache.watcherCount === 2);
      const text = "x".repeat(900_000);
      for (let i = 0; i < 40; i++) {
        await expect(client, { method: "POST", path, body: { metadata: { name: `n-${i}` }, data: { text } } }, 201);
        assert.equal((await nextEvent(other)).object.metadata.name, `n-${i}`);
      }
      assert.equal(cache.watcherCount, 1);
      other.cancel();
      await expect(client, { method: "DELETE", path }, 200);
      client.close();
      stuck();
    });
  }
});

describe("requests that take their time", { timeout: 300_000 }, () => {
  test("a body that stops half way is a Timeout after a minute, and its connection is given up", async () => {
    const clock = new VirtualClock({ startMs: Date.now() });
    const https = await startHttpsServer({ clock });
    const h2 = http2Client(https.port, https.admin);
    try {
      const socket = await rawTls(https.port, https.admin);
      socket.write(`${head("POST", configMaps, "content-type: application/json", "content-length: 60")}{"metadata":`);
      const stream = h2.session.request({ ":method": "POST", ":path": configMaps, "content-type": "application/json" });
      stream.on("error", () => {});
      stream.write('{"metadata":');
      const answer = until(socket, (text) => text.endsWith("}\n"));
      const response = once(stream, "response") as Promise<[{ ":status": number }]>;
      await clock.runUntil(Promise.all([answer, response]));
      const text = await answer;
      assert.match(text, /^HTTP\/1\.1 504 /);
      assert.deepEqual(
        JSON.parse(text.slice(text.indexOf("{"))),
        failure(504, "Timeout", "Timeout: request did not complete within the allotted timeout", {}),
      );
      assert.equal((await response)[0][":status"], 504);
      await clock.runUntil(untilEnd(socket));
    } finally {
      h2.close();
      await clock.runUntil(https.close());
    }
  });

  test("a client's own shorter timeout counts", async () => {
    const clock = new VirtualClock({ startMs: Date.now() });
    const https = await startHttpsServer({ clock });
    const socket = await rawTls(https.port, https.admin);
    try {
      socket.write(
        `${head("POST", `${configMaps}?timeout=5s`, "content-type: application/json", "content-length: 60")}{`,
      );
      await clock.runUntil(until(socket, (text) => text.endsWith("}\n")));
      assert.equal(Math.round(clock.monotonicMs() / 1_000), 5);
    } finally {
      socket.destroy();
      await clock.runUntil(https.close());
    }
  });

  test("a connection that carries nothing for minutes is told to go away; one with a watch stays", async () => {
    const clock = new VirtualClock({ startMs: Date.now() });
    const https = await startHttpsServer({ clock });
    const idle = http2Client(https.port, https.admin);
    const busy = http2Client(https.port, https.admin);
    try {
      await expect(idle, { path: "/readyz" }, 200, "ok");
      const watch = await busy.watch(`${configMaps}?watch=1`);
      const gone = once(idle.session, "close");
      await clock.advance(4 * 60_000);
      await gone;
      assert.equal(busy.session.closed, false);
      await create(busy, "still-told");
      assert.equal((await nextEvent(watch)).object.metadata.name, "still-told");
    } finally {
      idle.close();
      busy.close();
      await clock.runUntil(https.close());
    }
  });
});

async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) {
    await realClock.sleep(10);
  }
  assert.ok(holds(), "it did not come about within five seconds");
}

/** A watch whose connection takes in nothing. Returns what closes it. */
async function openWithoutReading(
  protocol: "h1" | "h2",
  port: number,
  credentials: Credentials,
  path: string,
): Promise<() => void> {
  if (protocol === "h1") {
    const socket = await rawTls(port, credentials);
    socket.pause();
    socket.write(head("GET", path));
    return () => socket.destroy();
  }
  const { session }: { session: ClientHttp2Session } = http2Client(port, credentials);
  const stream = session.request({ ":path": path });
  stream.on("error", () => {});
  stream.pause();
  return () => session.destroy();
}
