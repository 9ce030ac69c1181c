import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../base/mod.ts";
import { whyNoContainers } from "../machine/containers.ts";
import { CgroupTree } from "./cgroup-tree.ts";

test("cgroups of clusters come and go side by side, with the parent that they share", {
  skip: whyNoContainers() ?? false,
  timeout: 60_000,
}, async () => {
  const comesAndGoes = async (name: string): Promise<void> => {
    const tree = await CgroupTree.open(`/k8ts-test-${process.pid}/${name}`);
    for (let round = 0; round < 30; round++) {
      await tree.ensure("system");
      assert.deepEqual(await tree.remove(realClock), []);
    }
  };
  await Promise.all(["a", "b", "c"].map(comesAndGoes));
});
