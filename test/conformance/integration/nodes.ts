import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { secondsAgo, template } from "./pods.ts";

// test/integration/ttlcontroller, test/integration/node/lifecycle_test.go

const { spec } = template({}) as { spec: object };
const isGoing = ({ metadata }: Thing): boolean => metadata.deletionTimestamp !== undefined;

describeUpstream("Nodes as integration tests ask of them", (use) => {
  test("TestTTLAnnotations", async () => {
    const nodes = use.typed("nodes");
    const make = (i: number): Promise<Thing> => nodes.create({ metadata: { name: `ttl-${i}` } });
    const say = (count: number, seconds: string): Promise<void> =>
      eventually(async () => {
        const said = (await nodes.list()).items.map(
          ({ metadata }) => metadata.annotations?.["node.alpha.kubernetes.io/ttl"],
        );
        assert.deepEqual(said, Array(count).fill(seconds));
      });
    await Promise.all(Array.from({ length: 100 }, (_, i) => make(i)));
    await say(100, "0");
    await make(100);
    await say(101, "15");
    for (let i = 90; i <= 100; i++) await nodes.delete(`ttl-${i}`);
    await say(90, "15");
    await nodes.delete("ttl-89");
    await say(89, "0");
    for (let i = 0; i < 89; i++) await nodes.delete(`ttl-${i}`);
  });

  const makeNodes = async (): Promise<void> => {
    const condition = {
      type: "Ready",
      status: "True",
      lastHeartbeatTime: secondsAgo(0),
      lastTransitionTime: secondsAgo(0),
    };
    for (const name of ["testnode-0", "testnode-1", "testnode-2"]) {
      await use.typed("nodes").create({ metadata: { name }, status: { conditions: [condition] } });
    }
  };
  const removeNodes = async (): Promise<void> => {
    for (const i of [0, 1, 2]) await use.typed("nodes").delete(`testnode-${i}`);
  };

  test("TestEvictionForNoExecuteTaintAddedByUser", async () => {
    const pods = use.typed("pods", await use.makeNamespace());
    await makeNodes();
    await pods.create({
      metadata: { name: "testpod" },
      spec: { ...spec, terminationGracePeriodSeconds: 30, nodeName: "testnode-1" },
    });
    await use.typed("nodes").change("testnode-1", (node) => {
      node["spec"].taints = [...(node["spec"].taints ?? []), { key: "CustomTaintByUser", effect: "NoExecute" }];
    });
    const pod = await eventually(async () => {
      const found = await pods.get("testpod");
      assert.ok(isGoing(found));
      return found;
    });
    const condition = pod["status"].conditions.find((one: Thing) => one["type"] === "DisruptionTarget");
    assert.deepEqual([condition.status, condition.reason], ["True", "DeletionByTaintManager"]);
    await removeNodes();
  });

  for (const [status, taint] of [
    ["False", "not-ready"],
    ["Unknown", "unreachable"],
  ] as const) {
    test(`TestTaintBasedEvictions: ${taint}`, async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      await makeNodes();
      const key = `node.kubernetes.io/${taint}`;
      const make = (name: string, tolerationSeconds?: number): Promise<Thing> => {
        const tolerations = [{ key, operator: "Exists", effect: "NoExecute", tolerationSeconds }];
        const more = tolerationSeconds === undefined ? {} : { tolerations };
        return pods.create({
          metadata: { name },
          spec: { ...spec, terminationGracePeriodSeconds: 30, nodeName: "testnode-1", ...more },
        });
      };
      const secondsOf = ({ spec: { tolerations } }: Thing): number =>
        tolerations.find((one: Thing) => one["key"] === key).tolerationSeconds;
      assert.equal(secondsOf(await make("stays", 200)), 200);
      assert.equal(secondsOf(await make("default")), 300);
      await make("goes", 0);
      const condition = { type: "Ready", status, lastHeartbeatTime: secondsAgo(0), lastTransitionTime: secondsAgo(0) };
      await use
        .typed("nodes")
        .patch("testnode-1", "strategic", { status: { conditions: [condition] } }, { subresource: "status" });
      await eventually(async () => assert.ok(isGoing(await pods.get("goes"))));
      const { taints } = (await use.typed("nodes").get("testnode-1"))["spec"];
      assert.ok(taints.some((one: Thing) => one["key"] === key && one["effect"] === "NoExecute"));
      for (const name of ["stays", "default"]) assert.ok(!isGoing(await pods.get(name)));
      await removeNodes();
    });
  }
});
