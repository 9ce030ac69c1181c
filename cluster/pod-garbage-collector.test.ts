import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../api/apps/v1/deployment.ts";
import { Node } from "../api/core/v1/node.ts";
import { withWorkloads } from "./testing/workloads.ts";

test("pods of a node that was deleted go after a quarantine, and come again elsewhere", {
  timeout: 60_000,
}, async () => {
  const dead = new Set<string>();
  await withWorkloads({ alive: (name) => !dead.has(name) }, async ({ cluster, clock, until, pods }) => {
    const labels = { app: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "nginx" }] } };
    const deployments = cluster.client.resource(Deployment, "default");
    await deployments.create({
      metadata: { name: "web" },
      spec: { replicas: 4, selector: { matchLabels: labels }, template },
    });
    await until(async () => (await deployments.get("web")).status.availableReplicas === 4);
    dead.add("n2");
    await cluster.client.resource(Node).delete("n2");
    await clock.advance(39_000);
    const onN2 = async () => (await pods()).filter(({ spec }) => spec.nodeName === "n2");
    const lost = await onN2();
    assert.equal(lost.length, 2);
    const uids = new Set(lost.map(({ metadata }) => metadata.uid));
    const tookMs = await until(async () => !(await pods()).some(({ metadata }) => uids.has(metadata.uid)));
    assert.ok(tookMs <= 2_000, `${tookMs} ms`);
    await until(async () => (await pods()).length === 4);
  });
});
