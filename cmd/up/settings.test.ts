import assert from "node:assert/strict";
import { test } from "node:test";
import { settingsFor } from "./settings.ts";

const usual = {
  store: "sqlite",
  apiPort: 6443,
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  nodeName: "machine",
  kubeletPort: 10250,
  context: "k8ts",
  kubeconfig: "/root/.kube/config",
};

test("a new cluster has what is asked for, and else what is usual", () => {
  assert.deepEqual(settingsFor(undefined, { apiPort: 7443 }, usual, "/d"), { version: 1, ...usual, apiPort: 7443 });
});

test("a cluster goes on with its settings, whatever has become usual", () => {
  const has = { version: 1 as const, ...usual, apiPort: 7443, podCidr: "10.1.0.0/16" };
  assert.equal(settingsFor(has, {}, usual, "/d"), has);
  assert.equal(settingsFor(has, { apiPort: 7443 }, usual, "/d"), has);
});

test("what contradicts a cluster's settings is refused, with the ways out", () => {
  const has = { version: 1 as const, ...usual };
  assert.throws(() => settingsFor(has, { podCidr: "10.1.0.0/16" }, usual, "/d"), {
    name: "CommandError",
    message:
      "the cluster in /d has --pod-cidr 10.244.0.0/16, and that cannot be changed to 10.1.0.0/16: leave --pod-cidr out to go on with it, use another --data-dir for another cluster, or wipe this one first (k8ts delete --data-dir /d)",
  });
});
