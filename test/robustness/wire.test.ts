import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { configMaps, expect, seen } from "../support/conformance.ts";
import { frame, get, getFields, preface, rapidResets, settings } from "../support/frames.ts";
import { cases, damaged, within } from "../support/fuzz.ts";
import { type HttpClient, http1Client } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";
import { rawTls, untilEnd } from "../support/raw.ts";

/** A request to make a ConfigMap, over HTTP/1.1. */
const post = (fields: readonly string[], body: string): string =>
  [`POST ${configMaps} HTTP/1.1`, "host: test", "content-type: application/json", ...fields, "", body].join("\r\n");
const object = (name: string): string => JSON.stringify({ metadata: { name } });

describe("bytes that are no proper HTTP", within(90_000), () => {
  let https: HttpsServer;
  let client: HttpClient;
  before(async () => {
    https = await startHttpsServer();
    client = http1Client(https.port, https.admin);
    await expect(
      client,
      { method: "POST", path: configMaps, body: { metadata: { name: "kept" }, data: { a: "b" } } },
      201,
    );
  });
  after(async () => {
    client?.close();
    await https?.close();
  });
  const names = async (): Promise<readonly string[]> =>
    (seen(await expect(client, { path: configMaps }, 200)).items ?? []).map(({ metadata }) => metadata.name);

  /** Sends bytes, ends, and gives all that came back; whatever it was, the server is well after it. */
  const say = async (text: string | Buffer, protocols?: string[]): Promise<string> => {
    const socket = await rawTls(https.port, https.admin, protocols === undefined ? {} : { ALPNProtocols: protocols });
    // A connection that is cut off while it is written to is as good as one that ends.
    const answer = untilEnd(socket).catch(() => "");
    socket.end(typeof text === "string" ? Buffer.from(text, "latin1") : text);
    return answer;
  };

  test("a request of two lengths, or of one that can be read in two ways, smuggles no other request in", async () => {
    const inner = post([`content-length: ${object("smuggled").length}`], object("smuggled"));
    const chunked = `0\r\n\r\n${inner}`;
    for (const fields of [
      [`content-length: ${chunked.length}`, "transfer-encoding: chunked"],
      ["transfer-encoding: chunked", `content-length: ${chunked.length}`],
      ["content-length: 5", `content-length: ${chunked.length}`],
      [`content-length: 0, ${chunked.length}`],
      ["content-length: +5"],
      ["content-length: 0x5"],
      ["content-length: 5 5"],
      ["content-length : 5"],
      ["content-length: -1"],
      ["content-length: 99999999999999999999999"],
      ["transfer-encoding: chunked, identity"],
      ["transfer-encoding: identity, chunked, x"],
      ["transfer-encoding: xchunked"],
      ["transfer-encoding : chunked"],
      ["transfer-encoding:\u000bchunked"],
      ["x: y\n transfer-encoding: chunked"],
      ["x: y\r\n\ttransfer-encoding: chunked"],
      ["x: \u0000"],
      ["x\u0000: y"],
      ["transfer-encoding: chunked", "transfer-encoding: identity"],
    ]) {
      const answer = await say(post(fields, chunked));
      const answers = answer.match(/HTTP\/1\.1 [0-9]{3}/g) ?? [];
      assert.ok(answers.length <= 1, `${fields.join(" | ")}: ${answers.join(" ")}`);
      assert.ok(answers.length === 0 || /4[0-9]{2}|501/.test(answers[0]!), `${fields.join(" | ")}: ${answers[0]}`);
    }
    assert.deepEqual(
      (await names()).filter((name) => name !== "kept" && !name.startsWith("kube-")),
      [],
    );
  });

  test("chunks that are none make nothing", async () => {
    const text = object("chunk");
    for (const body of [
      `${text.length}\r\n${text}\r\n0\r\n\r\n`,
      `-1\r\n${text}\r\n0\r\n\r\n`,
      `ffffffffffffffffff\r\n${text}\r\n0\r\n\r\n`,
      `${text.length.toString(16)}\n${text}\n0\n\n`,
      `${text.length.toString(16)}\r\n${text}0\r\n\r\n`,
      `${text.length.toString(16)}\r\n${text}\r\n`,
      `${text.length.toString(16)};${"x".repeat(100_000)}\r\n${text}\r\n0\r\n\r\n`,
      `0x${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    ]) {
      assert.doesNotMatch(await say(post(["transfer-encoding: chunked"], body)), /^HTTP\/1\.1 2/, body.slice(0, 30));
    }
    assert.ok(!(await names()).includes("chunk"));
  });

  test(
    "requests with bytes changed are answered or refused, and what they do not name stays",
    within(40_000),
    async () => {
      const samples = [
        post([`content-length: ${object("fuzz").length}`], object("fuzz")),
        post(["transfer-encoding: chunked"], `${object("fuzz").length.toString(16)}\r\n${object("fuzz")}\r\n0\r\n\r\n`),
        `GET ${configMaps}?limit=1 HTTP/1.1\r\nhost: test\r\naccept: application/json\r\n\r\n`,
      ];
      const pieces = [
        "\r\n",
        "\n",
        "\r\n\r\n",
        "\u0000",
        "\xff",
        ": ",
        "HTTP/1.1",
        "HTTP/9.9",
        "GET ",
        "transfer-encoding: chunked\r\n",
        "content-length: 3\r\n",
        "upgrade: h2c\r\nconnection: upgrade\r\n",
        "expect: 100-continue\r\n",
        "connection: close\r\n",
        "//",
        "%00",
        "*",
      ];
      await fc.assert(
        fc.asyncProperty(damaged(samples, pieces), async (bytes) => {
          const answer = await say(bytes);
          assert.ok(answer === "" || /^HTTP\/1\.1 [1-5][0-9]{2}/.test(answer), answer.slice(0, 80));
          assert.doesNotMatch(answer, /^HTTP\/1\.1 500/);
        }),
        cases(120),
      );
      const { json } = await expect(client, { path: `${configMaps}/kept` }, 200);
      assert.deepEqual((json as { data: unknown }).data, { a: "b" });
    },
  );

  test("frames of any kind, in any order, end that connection at the most", within(40_000), async () => {
    const answer = await say(Buffer.concat([preface, settings, get(1)]), ["h2"]);
    assert.match(answer, /ok/);
    const anyFrame = fc
      .tuple(
        fc.nat(12),
        fc.nat(255),
        fc.constantFrom(0, 1, 2, 3, 5, 2 ** 31 - 1, 2 ** 32 - 1),
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(0, 0, 0, 1, -1, 16_384, 2 ** 24 - 50),
      )
      .map(([type, flags, stream, payload, more]) =>
        frame(type, flags, stream, Buffer.from(payload), Math.max(0, payload.length + more)),
      );
    const frames = fc.array(fc.oneof(anyFrame, fc.constantFrom(get(1), get(3), settings)), { maxLength: 12 });
    const whole = Buffer.concat([preface, settings, get(1), frame(8, 0, 0, Buffer.from([0, 0, 1, 0])), get(3)]);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          frames.map((all) => Buffer.concat([preface, settings, ...all])),
          damaged([whole]),
        ),
        async (bytes) => {
          await say(bytes, ["h2"]);
        },
      ),
      cases(120),
    );
    await expect(client, { path: "/readyz" }, 200, "ok");
  });

  test("floods of frames that cost their sender nothing keep nobody else waiting, and little memory", async () => {
    const many = (one: Buffer, times: number): Buffer => Buffer.concat(Array.from({ length: times }, () => one));
    for (const flood of [
      many(frame(4, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0])), 50_000),
      many(frame(6, 0, 0, Buffer.alloc(8)), 100_000),
      rapidResets(5_000),
      Buffer.concat([frame(1, 0x1, 1, getFields("/readyz")), many(frame(9, 0, 1, Buffer.alloc(16_000, 0x40)), 300)]),
      many(frame(0, 0, 1, Buffer.alloc(0)), 100_000),
    ]) {
      const before = process.memoryUsage().rss;
      let over = false;
      const done = say(Buffer.concat([preface, settings, flood]), ["h2"]).finally(() => {
        over = true;
      });
      let slowestMs = 0;
      while (!over) {
        const started = Date.now();
        await expect(client, { path: "/readyz" }, 200, "ok");
        slowestMs = Math.max(slowestMs, Date.now() - started);
      }
      await done;
      assert.ok(slowestMs < 3_000, `others waited ${slowestMs} ms`);
      assert.ok(process.memoryUsage().rss - before < 300 * 1024 * 1024);
    }
    await expect(client, { path: `${configMaps}/kept` }, 200);
  });
});
