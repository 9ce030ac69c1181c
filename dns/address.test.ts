import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { loopbackAddresses } from "./address.ts";

const run = promisify(execFile);
const namespace = `k8ts-dns-${process.pid}`;
test("addresses come and go, asked for once or twice", { timeout: 10_000 }, async (t) => {
  const missing = await run("ip", ["netns", "add", namespace]).then(
    () => undefined,
    (error: Error) => error.message.trim(),
  );
  if (missing !== undefined) return t.skip(`no network namespace can be made: ${missing}`);
  try {
    const addresses = loopbackAddresses({ command: ["ip", "-n", namespace] });
    const known = async () => (await run("ip", ["-n", namespace, "-o", "addr", "show", "dev", "lo"])).stdout;
    for (let i = 0; i < 2; i++) {
      await addresses.add("198.18.128.10");
      await addresses.add("fd00:96::a");
    }
    assert.match(await known(), /inet 198\.18\.128\.10\/32/);
    assert.match(await known(), /inet6 fd00:96::a\/128/);
    for (let i = 0; i < 2; i++) {
      await addresses.remove("198.18.128.10");
      await addresses.remove("fd00:96::a");
    }
    assert.doesNotMatch(await known(), /198\.18|fd00/);
    await assert.rejects(addresses.add("nonsense"));
  } finally {
    await run("ip", ["netns", "del", namespace]);
  }
});
