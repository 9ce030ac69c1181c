import assert from "node:assert/strict";
import { test } from "node:test";
import { Pod } from "../../api/core/v1/pod.ts";
import { whyNoContainers } from "../support/containerd.ts";
import { eventually } from "../support/eventually.ts";
import { busybox, startTestNode, type TestNode } from "../support/kubelet.ts";

const skip = (await whyNoContainers()) ?? false;

type Spec = Record<string, unknown>;

function create({ cluster, nodeName }: TestNode, name: string, spec: Spec): Promise<Pod> {
  const pod = { metadata: { name }, spec: { nodeName, terminationGracePeriodSeconds: 5, automountServiceAccountToken: false, ...spec } };
  return cluster.client.resource(Pod, "default").create(pod as never);
}

function ready({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

test("a pod runs and ends", { skip, timeout: 90_000 }, async (t) => {
  const node = await startTestNode(t);
  const pods = node.cluster.client.resource(Pod, "default");
  const startedMs = performance.now();
  await create(node, "web", { containers: [{ name: "main", image: busybox, command: ["sleep", "1000"] }] });
  const pod = await eventually(async () => {
    const pod = await pods.get("web");
    assert.ok(ready(pod), JSON.stringify({ status: pod.status, log: node.logger.records.slice(-10) }));
    return pod;
  }, { timeoutMs: 20_000, everyMs: 5 });
  console.log("ready after", performance.now() - startedMs);
  console.log(JSON.stringify(pod.status, null, 1));
});
