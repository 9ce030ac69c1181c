import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRanges } from "./ranges.ts";

const usual = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/16" };

test("ranges of pods and services do not overlap", () => {
  checkRanges(usual, [], "b");
  checkRanges({ podCidr: "10.244.0.0/16,fd00:1::/48", serviceCidr: "10.96.0.0/16,fd00:2::/108" }, [], "b");
  for (const serviceCidr of ["10.244.0.0/24", "10.0.0.0/8", "10.96.0.0/16,10.244.255.0/24"]) {
    assert.throws(() => checkRanges({ ...usual, serviceCidr }, [], "b"), { name: "CommandError", message: /overlap/ });
  }
});

test("a network of the machine's, another cluster's for one, is in the way; one's own, and the world, are not", () => {
  const open = [
    { dst: "default", dev: "eth0" },
    { dst: "192.168.1.0/24", dev: "eth0" },
    { dst: "10.0.0.0/8", dev: "tun0" },
  ];
  checkRanges(usual, open, "own");
  checkRanges(usual, [{ dst: "10.244.0.0/24", dev: "own" }], "own");
  assert.throws(() => checkRanges(usual, [...open, { dst: "10.244.0.0/24", dev: "other" }], "own"), {
    message:
      "--pod-cidr 10.244.0.0/16 is in use: this machine has a network 10.244.0.0/24 on other. Choose another range with --pod-cidr",
  });
  assert.throws(() => checkRanges(usual, [{ dst: "10.96.3.4", dev: "tun0" }], "own"), {
    message: /--service-cidr .* tun0/,
  });
});
