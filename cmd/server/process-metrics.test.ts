import assert from "node:assert/strict";
import { test } from "node:test";
import { versionInfo } from "../../apiserver/version.ts";
import { MetricsRegistry } from "../../base/metrics.ts";
import { addProcessMetrics } from "./process-metrics.ts";

test("the process says what it uses, under the names that dashboards know", () => {
  const metrics = new MetricsRegistry();
  addProcessMetrics(metrics, versionInfo({ version: "1", commit: "abc", date: "" }));
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics.render())?.[1]);
  assert.ok(value("process_cpu_seconds_total") > 0.01);
  assert.ok(value("process_resident_memory_bytes") > 10_000_000);
  assert.ok(value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"));
  assert.ok(value("process_open_fds") >= 3 && value("process_max_fds") >= value("process_open_fds"));
  const age = Date.now() / 1_000 - value("process_start_time_seconds");
  assert.ok(age > 0 && age < 600, String(age));
  assert.match(
    metrics.render(),
    /^kubernetes_build_info\{build_date="",compiler="v8",git_commit="abc",git_tree_state="clean",git_version="v1.36.0\+k8ts.1",go_version="node[\d.]+",major="1",minor="36",platform="linux\/\w+"\} 1$/m,
  );
});
