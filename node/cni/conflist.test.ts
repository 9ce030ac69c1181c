import assert from "node:assert/strict";
import { test } from "node:test";
import { podNetworkConflist } from "./conflist.ts";

test("pods hang on a bridge, with addresses of the node's ranges and a way out for each family", () => {
  const parse = (podCidrs: readonly string[]) =>
    JSON.parse(podNetworkConflist({ bridge: "k8ts-1", podCidrs, leases: "/d/networks" })).plugins[0];
  const one = parse(["10.244.0.0/24"]);
  assert.equal(one.bridge, "k8ts-1");
  assert.deepEqual(one.ipam, {
    type: "host-local",
    dataDir: "/d/networks",
    ranges: [[{ subnet: "10.244.0.0/24" }]],
    routes: [{ dst: "0.0.0.0/0" }],
  });
  const both = parse(["10.244.0.0/24", "fd00:10:244::/64"]);
  assert.deepEqual(both.ipam.routes, [{ dst: "0.0.0.0/0" }, { dst: "::/0" }]);
  assert.equal(both.ipam.ranges.length, 2);
});
