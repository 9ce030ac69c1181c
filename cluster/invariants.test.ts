import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../api/apps/v1/deployment.ts";
import { startCluster } from "./cluster.ts";

function assertFrozen(value: unknown, place: string): void {
  if (typeof value !== "object" || value === null) return;
  assert.ok(Object.isFrozen(value), `${place} can be changed`);
  for (const [key, inner] of Object.entries(value)) assertFrozen(inner, `${place}.${key}`);
}

test("objects that come out of a cluster are frozen at every depth", { timeout: 20_000 }, async () => {
  const cluster = await startCluster();
  try {
    const deployments = cluster.client.resource(Deployment, "default");
    const labels = { app: "web" };
    const containers = [{ name: "web", image: "nginx", env: [{ name: "A", value: "1" }] }];
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
    const created = await deployments.create({ metadata: { name: "web", labels }, spec });
    assertFrozen(created, "created");
    assertFrozen(await deployments.get("web"), "read");
    for (const item of (await deployments.list()).items) assertFrozen(item, "listed");
    assertFrozen(await deployments.update({ ...created, metadata: { ...created.metadata, labels: {} } }), "updated");
  } finally {
    await cluster.close();
  }
});

test("a cluster opens no socket and no file", { timeout: 20_000 }, async () => {
  const handles = () => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Pipe|HTTP|FS|Worker/.test(name));
  const before = handles();
  const cluster = await startCluster({ controllers: true });
  try {
    await cluster.client.resource(Deployment, "default").list();
    assert.deepEqual(handles(), before);
  } finally {
    await cluster.close();
  }
});
