import assert from "node:assert/strict";
import { test } from "node:test";
import { createJsonLogger } from "./json-logger.ts";
import { CapturingLogger, silentLogger } from "./logger.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("writes one JSON object a line with level, time, bound and given values", async () => {
  const lines: string[] = [];
  const logger = await createJsonLogger({
    level: "info",
    destination: { write: (line) => lines.push(line) },
    clock: new VirtualClock(),
    bindings: { component: "server" },
  });
  logger.debug("unseen");
  logger
    .child({ pod: "default/a" })
    .error("Sync failed", { attempt: 2, error: new Error("no", { cause: new Error("root") }) });
  assert.equal(lines.length, 1);
  const line = JSON.parse(lines[0] ?? "");
  assert.match(line.error.stack, /no[\s\S]*/);
  assert.equal(line.error.cause.message, "root");
  delete line.error;
  assert.deepEqual(line, {
    level: "error",
    time: "2026-01-01T00:00:00.000Z",
    component: "server",
    pod: "default/a",
    attempt: 2,
    message: "Sync failed",
  });
  assert.deepEqual([logger.enabled("debug"), logger.enabled("warn")], [false, true]);
});

test("a capturing logger keeps children's lines with their values, up to its bound", () => {
  const logger = new CapturingLogger(2);
  logger.info("first");
  const child = logger.child({ a: 1 }).child({ b: 2 });
  child.warn("second", { c: 3 });
  child.error("third");
  assert.deepEqual(logger.records, [
    { level: "warn", message: "second", values: { a: 1, b: 2, c: 3 } },
    { level: "error", message: "third", values: { a: 1, b: 2 } },
  ]);
  assert.deepEqual(logger.messages("error"), ["third"]);
  assert.equal(silentLogger.child({ a: 1 }).enabled("error"), false);
});
