import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { realClock } from "../../base/mod.ts";
import type { LogOptions } from "./log-filter.ts";
import { parseCriLine, parserFor } from "./log-line.ts";
import { readLogs } from "./read-logs.ts";

const limit = { timeout: 20_000 };

function logFile(t: TestContext, content = ""): string {
  const folder = mkdtempSync(join(tmpdir(), "k8ts-l-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "0.log");
  writeFileSync(path, content);
  return path;
}

async function read(path: string, options: LogOptions = {}): Promise<string> {
  let text = "";
  const source = { path, clock: realClock, isRunning: async () => false };
  for await (const piece of readLogs(source, options, new AbortController().signal)) text += piece;
  return text;
}

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}.5Z`;
const sample = [
  `${at(1)} stdout F one`,
  `${at(2)} stderr F two`,
  `${at(3)} stdout P thr`,
  `${at(3)} stdout P e`,
  `${at(4)} stdout F e`,
  `${at(5)} stdout F five`,
  "",
].join("\n");

test("parts of a line are joined, both streams are shown, and a line is what it was", limit, async (t) => {
  const path = logFile(t, sample);
  assert.equal(await read(path), "one\ntwo\nthree\nfive\n");
  assert.equal(await read(path, { stream: "Stderr" }), "two\n");
  assert.equal(await read(path, { stream: "Stdout" }), "one\nthree\nfive\n");
  assert.equal(await read(path, { limitBytes: 6 }), "one\ntw");
  assert.equal(await read(path, { sinceMs: Date.parse(at(4)) }), "e\nfive\n");
  assert.equal(await read(path, { tailLines: 0 }), "");
  assert.equal(await read(path, { tailLines: 1 }), "five\n");
  assert.equal(await read(path, { tailLines: 99 }), "one\ntwo\nthree\nfive\n");
});

test("a time stands before each whole line, with all its digits", limit, async (t) => {
  const path = logFile(t, sample);
  assert.equal(
    await read(path, { timestamps: true }),
    [
      "2026-01-01T00:00:01.500000000Z one",
      "2026-01-01T00:00:02.500000000Z two",
      "2026-01-01T00:00:03.500000000Z three",
      "2026-01-01T00:00:05.500000000Z five",
      "",
    ].join("\n"),
  );
});

test("the last lines are the last lines, however long the file", limit, async (t) => {
  const path = logFile(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ maxLength: 3_000, size: "max" }), { maxLength: 60 }),
      fc.nat(70),
      fc.boolean(),
      async (texts, tailLines, follow) => {
        const lines = texts.map((text) => text.replaceAll("\n", " "));
        writeFileSync(path, lines.map((line) => `${at(0)} stdout F ${line}\n`).join(""));
        const expected = tailLines === 0 ? [] : lines.slice(-tailLines);
        const shown = await read(path, { tailLines, follow });
        assert.equal(shown, expected.map((line) => `${line}\n`).join(""));
      },
    ),
    { numRuns: 40 },
  );
});

test("a follower sees what is written, across rotation, until the container ends", limit, async (t) => {
  const path = logFile(t, `${at(1)} stdout F before\n`);
  let running = true;
  const source = { path, clock: realClock, isRunning: async () => running };
  const log = readLogs(source, { follow: true }, new AbortController().signal);
  let shown = "";
  const until = async (text: string): Promise<void> => {
    while (!shown.endsWith(text)) {
      const { value, done } = await log.next();
      assert.ok(!done, `ended after ${shown}`);
      shown += value;
    }
  };
  await until("before\n");
  appendFileSync(path, `${at(2)} stdout F more\n`);
  await until("more\n");
  renameSync(path, `${path}.20260101-000000`);
  appendFileSync(`${path}.20260101-000000`, `${at(3)} stdout F late in the old file\n`);
  writeFileSync(path, `${at(4)} stdout F in the new file\n`);
  await until("in the new file\n");
  appendFileSync(path, `${at(5)} stdout F last\n${at(5)} stdout P unfinished`);
  running = false;
  for await (const piece of log) shown += piece;
  assert.equal(shown, "before\nmore\nlate in the old file\nin the new file\nlast\nunfinished");
});

test("a follower that is told to stop stops, and looks rarely while all is quiet", limit, async (t) => {
  const path = logFile(t, "");
  let asked = 0;
  const stop = new AbortController();
  const source = {
    path,
    clock: realClock,
    isRunning: async () => {
      asked += 1;
      return true;
    },
  };
  const ended = (async () => {
    for await (const _ of readLogs(source, { follow: true }, stop.signal));
  })();
  await realClock.sleep(700);
  stop.abort();
  await ended;
  assert.ok(asked > 0 && asked < 8, `asked ${asked} times`);
});

test("a file that cannot be read is told in upstream's words", limit, async (t) => {
  const path = logFile(t, "no log at all\n");
  await assert.rejects(read(path), {
    message: 'failed to get parse function: unsupported log format: "no log at all\\n"',
  });
  await assert.rejects(read("/nowhere/0.log"), {
    message:
      'failed to try resolving symlinks in path "/nowhere/0.log": lstat /nowhere/0.log: no such file or directory',
  });
});

test("no line whatever breaks the parser", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parserFor(Buffer.from(bytes))));
  assert.equal(parseCriLine(Buffer.from("2026-01-01T00:00:00Z stdout\n")), undefined);
  assert.equal(parseCriLine(Buffer.from("yesterday stdout F x\n")), undefined);
  assert.equal(parseCriLine(Buffer.from("2026-01-01T00:00:00Z stdin F x\n")), undefined);
  const docker = Buffer.from('{"log":"x\\n","stream":"stderr","time":"2026-01-01T00:00:00.1Z"}\n');
  assert.equal(String(parserFor(docker)?.(docker)?.content), "x\n");
});
