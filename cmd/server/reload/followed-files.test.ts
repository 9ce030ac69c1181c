import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MetricsRegistry } from "../../../base/metrics.ts";
import { realClock, silentLogger, VirtualClock } from "../../../base/mod.ts";
import { followFiles, RefusedContentError } from "./followed-files.ts";
import { reloadMetrics, serverIdOf } from "./reload-metrics.ts";

test("what a file says is put into use as it changes; what cannot be used is counted, and leaves the rest as it was", {
  timeout: 30_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "k8ts-follow-"));
  const file = join(folder, "config");
  const ended = new AbortController();
  try {
    await writeFile(file, "one");
    const metrics = new MetricsRegistry();
    const clock = new VirtualClock({ startMs: 1_500_000 });
    const onOutcome = reloadMetrics(metrics, "authorization", { clock, serverId: "me", content: "one" });
    const used: string[] = [];
    const apply = async ([text = ""]: readonly string[]): Promise<"applied" | "same"> => {
      if (text.startsWith("bad")) throw new RefusedContentError("this is no configuration");
      if (text.trim() === used.at(-1)) return "same";
      used.push(text.trim());
      return "applied";
    };
    const followed = { what: "config", files: [file], contents: ["one"], apply, onOutcome };
    const running = followFiles(followed, { clock: realClock, logger: silentLogger }, ended.signal);
    const shown = (): string => metrics.render();
    await writeFile(file, "two");
    await eventually(() => assert.deepEqual(used, ["two"]));
    await writeFile(`${file}.new`, "three");
    await rename(`${file}.new`, file);
    await eventually(() => assert.deepEqual(used, ["two", "three"]));
    await writeFile(join(folder, "target"), "four");
    await symlink("target", `${file}.link`);
    await rename(`${file}.link`, file);
    await eventually(() => assert.deepEqual(used, ["two", "three", "four"]));
    const count = (status: string): RegExp =>
      new RegExp(
        `apiserver_authorization_config_controller_automatic_reloads_total\\{apiserver_id_hash="sha256:[0-9a-f]{64}",status="${status}"\\} (\\d+)`,
      );
    await eventually(() => assert.equal(count("success").exec(shown())?.[1], "3"));
    await writeFile(file, "bad");
    await eventually(() => assert.equal(count("failure").exec(shown())?.[1], "1"));
    // Another file of the same directory is a reason to look, and none to try again.
    await writeFile(join(folder, "other"), "");
    await writeFile(file, "four ");
    await realClock.sleep(200);
    assert.equal(count("failure").exec(shown())?.[1], "1");
    assert.equal(count("success").exec(shown())?.[1], "3");
    await rm(file);
    await eventually(() => assert.ok(Number(count("failure").exec(shown())?.[1]) > 1));
    assert.deepEqual(used, ["two", "three", "four"]);
    assert.match(
      shown(),
      /apiserver_authorization_config_controller_automatic_reload_last_timestamp_seconds\{[^}]*\} 1500\n/,
    );
    const infos = shown().match(/apiserver_authorization_config_controller_last_config_info\{[^}]*\} 1/g);
    assert.equal(infos?.length, 1);
    assert.ok(getEventListeners(ended.signal, "abort").length <= 2, "each look leaves a listener behind");
    ended.abort();
    await running;
  } finally {
    ended.abort();
    await rm(folder, { recursive: true, force: true });
  }
});

test("a server's identity is that of its machine, as upstream computes it", () => {
  assert.equal(serverIdOf("node-1"), "apiserver-lgabes5ywnaqeagh5dny4zlzs4");
  assert.notEqual(serverIdOf("node-1"), serverIdOf("node-2"));
});

/** Waits for the file system to tell, and the file to be read. */
async function eventually(holds: () => void): Promise<void> {
  for (let i = 0; i < 500; i++) {
    try {
      return holds();
    } catch {
      await realClock.sleep(20); // It may come about yet; the last try says why not.
    }
  }
  holds();
}
