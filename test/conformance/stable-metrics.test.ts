import assert from "node:assert/strict";
import { test } from "node:test";
import { versionInfo } from "../../apiserver/version.ts";
import { MetricsRegistry } from "../../base/metrics.ts";
import { realClock } from "../../base/mod.ts";
import { createWorkQueueMetrics } from "../../client/work-queue-metrics.ts";
import { addProcessMetrics } from "../../cmd/server/process-metrics.ts";
import { reloadMetrics } from "../../cmd/server/reload/reload-metrics.ts";
import { expect } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { describeUpstream } from "../support/upstream.ts";

const request = "component group resource scope subresource verb version";
const policy = "enforcement_action error_type policy policy_binding";
const flow = "flow_schema priority_level";
const reloads = "apiserver_id_hash status";

/** What Kubernetes 1.36 promises of kube-apiserver's metrics: test/instrumentation/documentation/documentation-list.yaml. */
const promised: readonly (readonly [name: string, type: string, stability: string, labels: string])[] = [
  ["apiserver_admission_controller_admission_duration_seconds", "histogram", "STABLE", "name operation rejected type"],
  ["apiserver_admission_step_admission_duration_seconds", "histogram", "STABLE", "operation rejected type"],
  ["apiserver_admission_webhook_admission_duration_seconds", "histogram", "STABLE", "name operation rejected type"],
  ["apiserver_authentication_config_controller_automatic_reload_last_timestamp_seconds", "gauge", "BETA", reloads],
  ["apiserver_authentication_config_controller_automatic_reloads_total", "counter", "BETA", reloads],
  ["apiserver_authorization_config_controller_automatic_reload_last_timestamp_seconds", "gauge", "BETA", reloads],
  ["apiserver_authorization_config_controller_automatic_reloads_total", "counter", "BETA", reloads],
  ["apiserver_cel_compilation_duration_seconds", "histogram", "BETA", ""],
  ["apiserver_cel_evaluation_duration_seconds", "histogram", "BETA", ""],
  ["apiserver_current_inflight_requests", "gauge", "STABLE", "request_kind"],
  ["apiserver_flowcontrol_current_executing_requests", "gauge", "BETA", flow],
  ["apiserver_flowcontrol_current_executing_seats", "gauge", "BETA", flow],
  ["apiserver_flowcontrol_current_inqueue_requests", "gauge", "BETA", flow],
  ["apiserver_flowcontrol_dispatched_requests_total", "counter", "BETA", flow],
  ["apiserver_flowcontrol_nominal_limit_seats", "gauge", "BETA", "priority_level"],
  ["apiserver_flowcontrol_rejected_requests_total", "counter", "BETA", `${flow} reason`],
  ["apiserver_flowcontrol_request_wait_duration_seconds", "histogram", "BETA", `execute ${flow}`],
  ["apiserver_longrunning_requests", "gauge", "STABLE", request],
  ["apiserver_request_duration_seconds", "histogram", "STABLE", `${request} dry_run`],
  ["apiserver_request_total", "counter", "STABLE", `${request} code dry_run`],
  ["apiserver_requested_deprecated_apis", "gauge", "STABLE", "group removed_release resource subresource version"],
  ["apiserver_response_sizes", "histogram", "STABLE", request],
  ["apiserver_storage_events_received_total", "counter", "BETA", "group resource"],
  ["apiserver_storage_objects", "gauge", "STABLE", "resource"],
  ["apiserver_storage_size_bytes", "gauge", "STABLE", "storage_cluster_id"],
  ["apiserver_validating_admission_policy_check_duration_seconds", "histogram", "BETA", policy],
  ["apiserver_validating_admission_policy_check_total", "counter", "BETA", policy],
  ["apiserver_validation_declarative_validation_mismatch_total", "counter", "BETA", ""],
  ["apiserver_validation_declarative_validation_panic_total", "counter", "BETA", ""],
  ["apiserver_watch_list_duration_seconds", "histogram", "BETA", "group resource scope version"],
  ["disabled_metrics_total", "counter", "BETA", ""],
  ["hidden_metrics_total", "counter", "BETA", ""],
  [
    "kubernetes_build_info",
    "gauge",
    "BETA",
    "build_date compiler git_commit git_tree_state git_version go_version major minor platform",
  ],
  ["kubernetes_feature_enabled", "gauge", "BETA", "name stage"],
  ["registered_metrics_total", "counter", "BETA", "deprecated_version stability_level"],
  ["running_managed_controllers", "gauge", "BETA", "manager name"],
  ["workqueue_adds_total", "counter", "BETA", "name"],
  ["workqueue_depth", "gauge", "BETA", "name"],
  ["workqueue_longest_running_processor_seconds", "gauge", "BETA", "name"],
  ["workqueue_queue_duration_seconds", "histogram", "BETA", "name"],
  ["workqueue_retries_total", "counter", "BETA", "name"],
  ["workqueue_unfinished_work_seconds", "gauge", "BETA", "name"],
  ["workqueue_work_duration_seconds", "histogram", "BETA", "name"],
];

/** What is not there, and why. */
const absent: Readonly<Record<string, string>> = {
  apiserver_validation_declarative_validation_mismatch_total: "rules are written once: there are no two to differ",
  apiserver_validation_declarative_validation_panic_total: "the same",
  kubernetes_feature_enabled: "there are no feature gates: what 1.36 has on is on",
  running_managed_controllers: "upstream's server runs none, and its controller manager tells of three alone",
};

/** Beside the server's own: what its command adds. */
function withCommand(metrics: MetricsRegistry): void {
  addProcessMetrics(metrics, versionInfo({ version: "1", commit: "", date: "" }));
  createWorkQueueMetrics({ registry: metrics, name: "a", clock: realClock });
  for (const kind of ["authentication", "authorization"] as const) {
    reloadMetrics(metrics, kind, { clock: realClock, serverId: "a", content: "" });
  }
}

describeUpstream("metrics that upstream promises", (use) => {
  const scrape = async (): Promise<string> => (await expect(use.admin, { path: "/metrics" }, 200)).text;
  const value = (text: string, series: string): number | undefined => {
    const line = text.split("\n").find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };

  test("all are there with their types, labels and levels, but for those that have no meaning here", () => {
    const registry = new MetricsRegistry();
    withCommand(registry);
    const declared = new Map(
      [...registry.declarations, ...use.https.server.metrics.declarations].map((one) => [one.name, one]),
    );
    for (const [name, type, stability, labels] of promised) {
      const found = declared.get(name);
      if (absent[name] !== undefined) {
        assert.equal(found, undefined, name);
        continue;
      }
      assert.ok(found, `${name} is not there`);
      assert.deepEqual(
        [found.type, found.stability, [...found.labels].sort()],
        [type, stability, labels.split(" ").filter(Boolean).sort()],
        name,
      );
    }
    const others = [...declared.values()].filter(({ stability }) => stability === "STABLE" || stability === "BETA");
    const unknown = others.filter(({ name }) => !promised.some(([promise]) => promise === name));
    assert.deepEqual(unknown, [], "nothing else is promised");
  });

  test("levels stand before the help, and metrics are counted by them", async () => {
    const text = await scrape();
    assert.match(text, /^# HELP apiserver_request_total \[STABLE\] Counter of apiserver requests/m);
    assert.match(text, /^# HELP apiserver_watch_list_duration_seconds \[BETA\]|^(?!.*apiserver_watch_list)/m);
    for (const level of ["ALPHA", "BETA", "STABLE"]) {
      assert.ok(value(text, `registered_metrics_total{deprecated_version="",stability_level="${level}"}`)! > 5, level);
    }
    assert.equal(value(text, "hidden_metrics_total"), 0);
  });

  test("answers, admission and what is deprecated are measured", async () => {
    const namespace = await use.makeNamespace();
    const maps = use.dynamic("configmaps", namespace);
    await maps.create({ metadata: { name: "a" }, data: { text: "x".repeat(5_000) } });
    await maps.get("a");
    await use.dynamic("endpoints", namespace).list();
    const forbidden = {
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "i" }], priorityClassName: "none" },
    };
    await assert.rejects(use.dynamic("pods", namespace).create(forbidden));
    const text = await eventually(async () => {
      const text = await scrape();
      const sizes =
        'apiserver_response_sizes_bucket{component="apiserver",group="",resource="configmaps",scope="resource",subresource="",verb="GET",version="v1"';
      assert.deepEqual([value(text, `${sizes},le="1000"}`), value(text, `${sizes},le="10000"}`)], [0, 1]);
      return text;
    });
    const admission =
      'apiserver_admission_step_admission_duration_seconds_count{operation="CREATE",rejected="false",type';
    assert.ok(value(text, `${admission}="admit"}`)! > 0 && value(text, `${admission}="validate"}`)! > 0);
    const priority =
      'apiserver_admission_controller_admission_duration_seconds_count{name="Priority",operation="CREATE"';
    assert.equal(value(text, `${priority},rejected="true",type="admit"}`), 1);
    assert.ok(!text.includes("RBACEscalation"));
    const deprecated =
      'apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"}';
    assert.equal(value(text, deprecated), 1);
  });

  test("what the store tells and how large it is are measured", async () => {
    const before =
      value(await scrape(), 'apiserver_storage_events_received_total{group="",resource="configmaps"}') ?? 0;
    const namespace = await use.makeNamespace();
    await use.dynamic("configmaps", namespace).create({ metadata: { name: "a" } });
    const text = await scrape();
    assert.ok(value(text, 'apiserver_storage_events_received_total{group="",resource="configmaps"}')! > before);
    assert.ok(value(text, 'apiserver_storage_size_bytes{storage_cluster_id="etcd-0"}')! >= 0);
  });

  test("a watch that begins with what there is tells how long that took", async () => {
    const query = { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" };
    const count =
      'apiserver_watch_list_duration_seconds_count{group="",resource="configmaps",scope="cluster",version="v1"}';
    const before = value(await scrape(), count) ?? 0;
    const watch = await use.dynamic("configmaps").watch(query);
    await eventually(async () => assert.equal(value(await scrape(), count), before + 1));
    watch.stop();
  });

  test("addresses and ports of services are counted as they are given out", async () => {
    const namespace = await use.makeNamespace();
    const services = use.dynamic("services", namespace);
    const seen = (text: string) =>
      [
        'kube_apiserver_clusterip_allocator_allocated_ips{cidr="10.96.0.0/16"}',
        'kube_apiserver_clusterip_allocator_available_ips{cidr="10.96.0.0/16"}',
        'kube_apiserver_clusterip_allocator_allocation_total{cidr="10.96.0.0/16",scope="dynamic"}',
        'kube_apiserver_clusterip_allocator_allocation_total{cidr="10.96.0.0/16",scope="static"}',
        'kube_apiserver_clusterip_allocator_allocation_errors_total{cidr="10.96.0.0/16",scope="static"}',
        'kube_apiserver_clusterip_allocator_allocation_duration_seconds_count{cidr="10.96.0.0/16"}',
        "kube_apiserver_nodeport_allocator_allocated_ports",
        "kube_apiserver_nodeport_allocator_available_ports",
        'kube_apiserver_nodeport_allocator_allocation_total{scope="dynamic"}',
        'kube_apiserver_nodeport_allocator_allocation_errors_total{scope="static"}',
      ].map((series) => value(text, series) ?? 0);
    const before = seen(await scrape());
    const ports = [{ port: 80 }];
    await services.create({ metadata: { name: "a" }, spec: { type: "NodePort", ports } });
    await services.create({ metadata: { name: "b" }, spec: { clusterIP: "10.96.200.1", ports } });
    await assert.rejects(services.create({ metadata: { name: "c" }, spec: { clusterIP: "10.96.200.1", ports } }));
    const taken = (await services.get("a"))["spec"].ports[0].nodePort;
    const wanted = { type: "NodePort", ports: [{ port: 80, nodePort: taken }] };
    await assert.rejects(services.create({ metadata: { name: "d" }, spec: wanted }));
    const after = seen(await scrape());
    const changes = after.map((now, i) => now - before[i]!);
    // The address of the service that was refused for its port is given back, but was given out.
    assert.deepEqual(changes.slice(0, 2), [2, -2]);
    assert.deepEqual(changes.slice(6), [1, -1, 1, 1]);
    assert.deepEqual([changes[3], changes[4]], [1, 1]);
    assert.ok(changes[2]! >= 1 && changes[5]! >= 2);
  });
});
