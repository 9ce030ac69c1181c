import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { CapturingLogger, realClock } from "../../base/mod.ts";
import { type LogRotationOptions, runLogRotation } from "./log-rotation.ts";
import { planRotation, rotationSuffix } from "./rotation-plan.ts";

test("at most so many files are kept, the newest of them", () => {
  const name: fc.Arbitrary<string> = fc
    .nat(9)
    .chain((n) => fc.constantFrom(`0.log.2026010${n}-000000`, `0.log.2026010${n}-000000.gz`));
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.integer({ min: 2, max: 6 }), (rotated, maxFiles) => {
      const { remove, compress } = planRotation(rotated, maxFiles);
      const kept = rotated.filter((one) => !remove.includes(one)).sort();
      // The log itself and the one that is rotated now are two more.
      assert.ok(kept.length + 2 <= Math.max(maxFiles, 2));
      assert.deepEqual(
        compress,
        kept.filter((one) => !one.endsWith(".gz")),
      );
      for (const gone of remove) {
        assert.ok(rotated.includes(`${gone}.gz`) || kept.every((one) => one > gone));
      }
    }),
  );
  assert.deepEqual(planRotation(["0.log.1.tmp", "0.log.1", "0.log.1.gz"], 5).remove, ["0.log.1.tmp", "0.log.1"]);
  assert.equal(rotationSuffix(Date.UTC(2026, 0, 2, 3, 4, 5)), "20260102-030405");
});

test("a log that has grown is rotated, older ones are compressed, and the runtime opens a new one", {
  timeout: 20_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "k8ts-l-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "0.log");
  writeFileSync(path, "x".repeat(100));
  writeFileSync(`${path}.20200101-000000`, "older");
  const stop = new AbortController();
  let refuse = true;
  const logger = new CapturingLogger();
  const containers = [
    { id: "a", state: "CONTAINER_RUNNING" },
    { id: "b", state: "CONTAINER_EXITED" },
  ];
  const runtime = {
    listContainers: async () => ({ containers }),
    containerStatus: async () => ({ status: { logPath: path } }),
    reopenContainerLog: async () => {
      if (refuse) {
        refuse = false;
        throw new Error("not now");
      }
      writeFileSync(path, "");
      stop.abort();
      return {};
    },
  } as unknown as LogRotationOptions["runtime"];
  await runLogRotation({ runtime, clock: realClock, logger, maxBytes: 100, intervalMs: 10 }, stop.signal);
  assert.deepEqual(logger.messages("error"), ["Failed to rotate log for container"]);
  const files = readdirSync(folder).sort();
  assert.equal(files.length, 3);
  assert.equal(readFileSync(path, "utf8"), "");
  assert.equal(String(gunzipSync(readFileSync(`${path}.20200101-000000.gz`))), "older");
  const rotated = files.find((name) => name.startsWith("0.log.") && !name.endsWith(".gz"))!;
  assert.equal(readFileSync(join(folder, rotated), "utf8").length, 100);
});
