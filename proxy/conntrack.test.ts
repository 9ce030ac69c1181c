import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlows, staleFlows } from "./conntrack.ts";
import { endpointsOf } from "./endpoints.ts";
import { servicePorts } from "./service-port.ts";
import { endpoint, service, slice } from "./testing/objects.ts";

const text = `udp      17 28 src=10.0.0.9 dst=198.18.128.1 sport=5555 dport=80 [UNREPLIED] src=198.19.0.2 dst=10.0.0.9 sport=8080 dport=5555 mark=0 use=1
udp      17 28 src=10.0.0.8 dst=198.18.128.1 sport=5556 dport=80 src=198.19.0.2 dst=10.0.0.8 sport=8080 dport=5556 mark=0 use=1
udp      17 28 src=10.0.0.8 dst=198.18.128.1 sport=5557 dport=80 src=198.19.0.3 dst=10.0.0.8 sport=8080 dport=5557 mark=0 use=1
udp      17 28 src=10.0.0.8 dst=198.18.0.1 sport=5558 dport=30053 src=198.19.0.2 dst=10.0.0.8 sport=8080 dport=5558 mark=0 use=1
udp      17 28 src=10.0.0.8 dst=8.8.8.8 sport=5558 dport=53 src=8.8.8.8 dst=10.0.0.8 sport=53 dport=5558 mark=0 use=1
udp      17 28 src=fd00::9 dst=fd00:96::1 sport=1 dport=80 src=fd00:19::2 dst=fd00::9 sport=8080 dport=1 mark=0 use=1
conntrack v1.4.7 (conntrack-tools): 5 flow entries have been shown.
`;

test("flows are read from conntrack's lines, equal ones of several clients once", () => {
  const flows = parseFlows(text);
  assert.equal(flows.length, 5);
  assert.deepEqual(flows[0], {
    family: "ipv4",
    originalDestination: "198.18.128.1",
    originalPort: 80,
    replySource: "198.19.0.2",
    replyPort: 8080,
  });
  assert.equal(flows.at(-1)?.family, "ipv6");
});

test("flows to a service that lead to none of its serving endpoints are stale, others are left alone", () => {
  const [port] = servicePorts(service("a", "198.18.128.1", { protocol: "UDP", nodePort: 30053 }));
  const stale = (...endpoints: ReturnType<typeof endpoint>[]) => {
    const found = endpointsOf(port!, [slice("a", endpoints, { protocol: "UDP" })], "node-1");
    return staleFlows(parseFlows(text), [{ port: port!, endpoints: found }]).map(
      ({ replySource, originalPort }) => `${originalPort} ${replySource}`,
    );
  };
  assert.deepEqual(stale(endpoint("198.19.0.2"), endpoint("198.19.0.3")), []);
  assert.deepEqual(stale(endpoint("198.19.0.3")), ["80 198.19.0.2", "30053 198.19.0.2"]);
  const terminating = endpoint("198.19.0.2", { conditions: { ready: false, serving: true, terminating: true } });
  assert.deepEqual(stale(terminating), ["80 198.19.0.3"]);
  assert.deepEqual(stale(), ["80 198.19.0.2", "80 198.19.0.3", "30053 198.19.0.2"]);
});
