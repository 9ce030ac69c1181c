import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lineWriter } from "./standard-error.ts";

interface Place {
  /** What arrived. */
  text: string;
  /** How many bytes it takes now; a full disk where it is undefined. */
  room: number | undefined;
}

function writerInto(place: Place, maxPendingBytes = 100) {
  const waiting: (() => void)[] = [];
  const write = (bytes: Uint8Array): number => {
    if (place.room === undefined) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    if (place.room === 0) throw Object.assign(new Error("try again"), { code: "EAGAIN" });
    const taken = bytes.subarray(0, place.room);
    place.text += Buffer.from(taken).toString("latin1");
    place.room -= taken.length;
    return taken.length;
  };
  const writer = lineWriter({ write, later: (callback) => void waiting.push(callback), maxPendingBytes });
  return { write: (line: string) => writer.write(line), laterComes: () => waiting.shift()?.(), waiting };
}

const told = (count: number) => `{"level":"warn","message":"log lines could not be written","count":${count}}\n`;

test("a line that cannot be written ends nothing, and the next that can says how many were lost", () => {
  const place: Place = { text: "", room: undefined };
  const writer = writerInto(place);
  writer.write("a\n");
  writer.write("b\n");
  writer.write("c\n");
  place.room = 1_000;
  writer.write("d\n");
  writer.write("e\n");
  assert.equal(place.text, `${told(3)}d\ne\n`);
  assert.equal(writer.waiting.length, 0);
});

test("what a slow reader has no room for is kept, in order and whole, and written as there is room", () => {
  const place: Place = { text: "", room: 3 };
  const writer = writerInto(place);
  for (const line of ["first\n", "second\n", "third\n"]) writer.write(line);
  assert.equal(place.text, "fir");
  assert.equal(writer.waiting.length, 1, "one look later is enough");
  place.room = 5;
  writer.laterComes();
  assert.equal(place.text, "first\nse");
  place.room = 1_000;
  writer.laterComes();
  assert.equal(place.text, "first\nsecond\nthird\n");
  assert.equal(writer.waiting.length, 0);
});

test("only so much is kept for a reader that stands still, and whole lines are lost above it", () => {
  const place: Place = { text: "", room: 0 };
  const writer = writerInto(place, 10);
  for (const line of ["1234\n", "5678\n", "lost\n", "lost\n"]) writer.write(line);
  place.room = 1_000;
  writer.write("after\n");
  assert.equal(place.text, `1234\n5678\n${told(2)}after\n`);
});

test("a full disk is survived", { skip: !existsSync("/dev/full") }, () => {
  const file = openSync("/dev/full", "w");
  const writer = lineWriter({
    write: (bytes) => writeSync(file, bytes),
    later: () => assert.fail("there is no later"),
  });
  writer.write("a\n");
  closeSync(file);
});

test("a program whose standard error nobody reads goes on, and its lines come once somebody does", {
  timeout: 30_000,
  skip: !existsSync("/proc/self/fd"),
}, async (t) => {
  const module = JSON.stringify(join(import.meta.dirname, "standard-error.ts"));
  const program = `
    const { standardError } = await import(${module});
    for (let i = 0; i < 5_000; i++) standardError.write("line " + i + " " + "x".repeat(90) + "\\n");
    process.stdout.write("goes on\\n");
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  try {
    await once(child.stdout, "data");
    child.stdout.resume();
    let written = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      written += part;
    });
    await t.waitFor(() => assert.equal(written.split("\n").length, 5_001), { timeout: 20_000 });
    assert.ok(
      written
        .trimEnd()
        .split("\n")
        .every((line, i) => line.startsWith(`line ${i} x`)),
    );
  } finally {
    child.kill("SIGKILL");
  }
});
