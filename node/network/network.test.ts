import assert from "node:assert/strict";
import { test } from "node:test";
import { bridgeName, cgroupRoot } from "../files.ts";
import { masqueradeRules } from "./masquerade.ts";
import { wantedSysctls } from "./sysctls.ts";

test("pods are masqueraded towards everybody but pods, in each IP family", () => {
  const rules = masqueradeRules("k8ts-1", ["10.244.0.0/16", "fd00:10::/48"]);
  assert.match(rules, /ip saddr 10\.244\.0\.0\/16 ip daddr != 10\.244\.0\.0\/16 .*masquerade/);
  assert.match(rules, /ip6 saddr fd00:10::\/48 ip6 daddr != fd00:10::\/48 .*masquerade/);
  assert.ok(rules.startsWith("add table inet k8ts-1\ndelete table inet k8ts-1\n"), "applied twice, it is there once");
});

test("settings of IPv6 are touched only where pods have it", () => {
  assert.equal(wantedSysctls(["10.244.0.0/16"]).has("net/ipv6/conf/all/forwarding"), false);
  assert.equal(wantedSysctls(["10.244.0.0/16", "fd00::/48"]).get("net/ipv6/conf/all/forwarding"), "1");
});

test("clusters in different directories share no interface and no cgroup, and names fit", () => {
  assert.notEqual(bridgeName("/a"), bridgeName("/b"));
  assert.notEqual(cgroupRoot("/a"), cgroupRoot("/b"));
  assert.equal(cgroupRoot("/a"), cgroupRoot("/a/"));
  assert.ok(bridgeName("/var/lib/k8ts").length <= 15);
});
