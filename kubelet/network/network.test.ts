import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod } from "../../api/core/v1/pod.ts";
import { type DnsSettings, dnsConfigOf, parseResolvConf, resolvConf } from "./dns-config.ts";
import { hostsFileOf, nodeHostsFileOf } from "./hosts-file.ts";

const podOf = (spec: object): Pod =>
  ({
    metadata: { name: "p", namespace: "ns", uid: "u" },
    spec: { dnsPolicy: "ClusterFirst", ...spec },
  }) as unknown as Pod;
const settings: DnsSettings = {
  clusterDns: ["10.96.0.10"],
  clusterDomain: "cluster.local",
  nodeResolvConf:
    "# mine\nnameserver 192.0.2.1\nsearch a.test. svc.cluster.local .\noptions timeout:1 rotate timeout:2\n",
};

test("a pod asks the cluster first, and searches its own namespace first", () => {
  assert.deepEqual(dnsConfigOf(podOf({}), settings), {
    config: {
      servers: ["10.96.0.10"],
      searches: ["ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "a.test"],
      options: ["ndots:5"],
    },
    warnings: [],
  });
});

test("policies choose between the node's servers, the cluster's and none", () => {
  const servers = (spec: object): readonly string[] => dnsConfigOf(podOf(spec), settings).config.servers;
  assert.deepEqual(servers({ dnsPolicy: "Default" }), ["192.0.2.1"]);
  assert.deepEqual(servers({ hostNetwork: true }), ["192.0.2.1"]);
  assert.deepEqual(servers({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }), ["10.96.0.10"]);
  assert.deepEqual(servers({ dnsPolicy: "None", dnsConfig: { nameservers: ["1.1.1.1"] } }), ["1.1.1.1"]);
});

test("a pod's own settings are added, and its options win", () => {
  const dnsConfig = {
    nameservers: ["1.1.1.1", "10.96.0.10"],
    searches: ["b.test"],
    options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
  };
  const { config } = dnsConfigOf(podOf({ dnsConfig }), settings);
  assert.deepEqual(config.servers, ["10.96.0.10", "1.1.1.1"]);
  assert.equal(config.searches.at(-1), "b.test");
  assert.deepEqual(config.options, ["ndots:2", "edns0"]);
  assert.match(
    resolvConf(config),
    /^nameserver 10\.96\.0\.10\nnameserver 1\.1\.1\.1\nsearch ns\.svc.*\noptions ndots:2 edns0\n$/,
  );
});

test("without a cluster's DNS the node's is taken, and the pod is told", () => {
  const { config, warnings } = dnsConfigOf(podOf({}), { ...settings, clusterDns: [] });
  assert.deepEqual(config.servers, ["192.0.2.1"]);
  assert.match(warnings[0]!.message, /^pod: "p_ns\(u\)"\. kubelet does not have ClusterDNS IP configured/);
});

test("a node without resolv.conf gives its pods the address of their own machine", () => {
  const { config } = dnsConfigOf(podOf({ dnsPolicy: "Default" }), { clusterDns: [], clusterDomain: "" });
  assert.deepEqual(config, { servers: ["127.0.0.1"], searches: ["."], options: [] });
});

test("what exceeds the limits of resolvers is left out, and said", () => {
  const dnsConfig = { nameservers: ["1.1.1.1", "1.1.1.2", "1.1.1.3"] };
  const { config, warnings } = dnsConfigOf(podOf({ dnsConfig }), settings);
  assert.equal(config.servers.length, 3);
  const applied = "the applied nameserver line is: 10.96.0.10 1.1.1.1 1.1.1.2";
  const message = `Nameserver limits were exceeded, some nameservers have been omitted, ${applied}`;
  assert.deepEqual(warnings, [{ reason: "DNSConfigForming", message }]);
});

test("no search line is ever too long", () => {
  const search = fc.integer({ min: 1, max: 300 }).map((length) => "x".repeat(length));
  fc.assert(
    fc.property(fc.array(search, { maxLength: 50 }), (searches) => {
      const { config, warnings } = dnsConfigOf(podOf({ dnsConfig: { searches } }), settings);
      assert.ok(config.searches.length <= 32 && config.searches.join(" ").length <= 2048);
      assert.ok(config.searches.every((search) => search.length <= 253));
      const asked = new Set(["ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "a.test", ...searches]);
      assert.equal(warnings.length, config.searches.length < asked.size ? 1 : 0);
    }),
  );
});

test("a resolv.conf is read as resolvers read it", () => {
  assert.deepEqual(parseResolvConf(settings.nodeResolvConf!), {
    servers: ["192.0.2.1"],
    searches: ["a.test", "svc.cluster.local"],
    options: ["timeout:2", "rotate"],
  });
});

test("a pod's hosts file names itself and its aliases", () => {
  const hostAliases = [{ ip: "192.0.2.7", hostnames: ["a.test", "b.test"] }];
  const text = hostsFileOf({
    podIPs: ["10.0.0.1", "fd00::1"],
    hostname: "p",
    domain: "s.ns.svc.cluster.local",
    hostAliases,
  });
  assert.equal(
    text,
    `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
10.0.0.1\tp.s.ns.svc.cluster.local\tp
fd00::1\tp.s.ns.svc.cluster.local\tp

# Entries added by HostAliases.
192.0.2.7\ta.test\tb.test
`,
  );
  assert.match(hostsFileOf({ podIPs: ["10.0.0.1"], hostname: "p", domain: "" }), /\n10\.0\.0\.1\tp\n$/);
  assert.equal(
    nodeHostsFileOf("127.0.0.1 localhost\n"),
    "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n",
  );
});
