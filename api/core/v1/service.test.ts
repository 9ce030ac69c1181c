import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, decoded, errorsOf, prepared, problems, row } from "../../test-support.ts";
import { Service } from "./service.ts";

const web = { metadata: { name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } };

function withSpec(spec: object): object {
  return { metadata: { name: "web" }, spec: { ...web.spec, ...spec } };
}

test("defaults follow the type", () => {
  assert.deepEqual(decoded(Service, web).spec, {
    selector: { app: "web" },
    ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    sessionAffinity: "None",
    type: "ClusterIP",
    internalTrafficPolicy: "Cluster",
  });
  const balanced = decoded(Service, withSpec({ type: "LoadBalancer", sessionAffinity: "ClientIP" })).spec;
  assert.equal(balanced.allocateLoadBalancerNodePorts, true);
  assert.equal(balanced.externalTrafficPolicy, "Cluster");
  assert.deepEqual(balanced.sessionAffinityConfig, { clientIP: { timeoutSeconds: 10800 } });
  const alias = decoded(Service, { spec: { type: "ExternalName", externalName: "a.example" } }).spec;
  assert.equal(alias.internalTrafficPolicy, undefined);
});

test("good services of every type pass", () => {
  for (const spec of [
    {},
    { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] },
    { type: "LoadBalancer", loadBalancerSourceRanges: [" 10.0.0.0/8 "], loadBalancerClass: "example.com/lb" },
    { type: "ExternalName", externalName: "db.example.com.", ports: [] },
    { clusterIP: "None", ports: [] },
    { sessionAffinity: "ClientIP", trafficDistribution: "PreferSameNode", externalIPs: ["203.0.113.7"] },
    {
      ports: [
        { name: "dns", port: 53, protocol: "UDP" },
        { name: "dns-tcp", port: 53, targetPort: "dns" },
      ],
    },
    { clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7", "fd00::7"], ipFamilies: ["IPv4", "IPv6"] },
  ]) {
    assert.deepEqual(problems(Service, withSpec(spec)), [], JSON.stringify(spec));
  }
});

const label63 = "must be no more than 63 characters";

const rejected: readonly (readonly [object, readonly string[]])[] = [
  [{ ports: [] }, ["spec.ports: Required value"]],
  [
    { type: "Foo" },
    ['spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
  ],
  [
    { ports: [{ port: 0 }] },
    [
      "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
      "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
    ],
  ],
  [{ ports: [{ port: 80 }, { port: 81, name: "b" }] }, ["spec.ports[0].name: Required value"]],
  [
    {
      ports: [
        { port: 80, name: "b" },
        { port: 81, name: "b" },
      ],
    },
    ['spec.ports[1].name: Duplicate value: "b"'],
  ],
  [
    { ports: [{ port: 80, name: "a".repeat(64) }] },
    [`spec.ports[0].name: Invalid value: "${"a".repeat(64)}": ${label63}`],
  ],
  [
    { ports: [{ port: 80, protocol: "ICMP" }] },
    ['spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
  ],
  [
    { ports: [{ port: 80, targetPort: "a--b" }] },
    ['spec.ports[0].targetPort: Invalid value: "a--b": must not contain consecutive hyphens'],
  ],
  [
    {
      ports: [
        { port: 80, name: "a" },
        { port: 80, name: "b" },
      ],
    },
    [
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ],
  ],
  [
    { ports: [{ port: 80, nodePort: 30000 }] },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    {
      type: "NodePort",
      ports: [
        { port: 80, name: "a", nodePort: 30000 },
        { port: 81, name: "b", nodePort: 30000 },
      ],
    },
    ["spec.ports[1].nodePort: Duplicate value: 30000"],
  ],
  [
    { type: "NodePort", clusterIP: "None" },
    ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
  ],
  [
    { type: "ExternalName", clusterIP: "10.0.0.1" },
    ["spec.clusterIPs: Forbidden: may not be set for ExternalName services", "spec.externalName: Required value"],
  ],
  [
    { sessionAffinity: "Sticky" },
    ['spec.sessionAffinity: Unsupported value: "Sticky": supported values: "ClientIP", "None"'],
  ],
  [
    { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } },
    [
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400",
    ],
  ],
  [
    { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.2"] },
    ['spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`'],
  ],
  [
    { clusterIPs: ["10.0.0.2"] },
    ['spec.clusterIPs: Invalid value: ["10.0.0.2"]: must be empty when `clusterIP` is not specified'],
  ],
  [{ clusterIP: "10.0.0.01" }, ['spec.clusterIPs[0]: Invalid value: "10.0.0.01": must not have leading 0s']],
  [
    { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1", "10.0.0.2"] },
    ['spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family'],
  ],
  [
    { clusterIP: "10.0.0.1", ipFamilies: ["IPv6"] },
    ['spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
  ],
  [{ ipFamilies: ["IPv4", "IPv4"] }, ['spec.ipFamilies[1]: Duplicate value: "IPv4"']],
  [
    { ipFamilyPolicy: "Any" },
    [
      'spec.ipFamilyPolicy: Unsupported value: "Any": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
    ],
  ],
  [
    { externalIPs: ["127.0.0.1"], externalTrafficPolicy: "Local" },
    ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ],
  [
    { loadBalancerSourceRanges: ["10.0.0.1/8"] },
    [
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
      'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
    ],
  ],
  [{ loadBalancerClass: "a" }, ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"]],
  [
    { allocateLoadBalancerNodePorts: false },
    ["spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'"],
  ],
  [
    { externalTrafficPolicy: "Local" },
    ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
  ],
  [{ type: "LoadBalancer", externalTrafficPolicy: "Local" }, ["spec.healthCheckNodePort: Required value"]],
  [
    { healthCheckNodePort: 30000 },
    [
      "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  ],
  [
    { internalTrafficPolicy: "Near" },
    ['spec.internalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"'],
  ],
  [
    { trafficDistribution: "Near" },
    [
      'spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ],
  ],
];

for (const [spec, expected] of rejected) {
  test(`a service with ${JSON.stringify(spec).slice(0, 90)} is refused`, () => {
    assert.deepEqual(problems(Service, withSpec(spec)), expected);
  });
}

test("source ranges may stand in an annotation, which is checked when it changes", () => {
  const key = "service.beta.kubernetes.io/load-balancer-source-ranges";
  const service = {
    metadata: { annotations: { [key]: "10.0.0.0/8, x" } },
    spec: { ...web.spec, type: "LoadBalancer" },
  };
  assert.deepEqual(problems(Service, service), [
    `metadata.annotations[${key}]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
  ]);
  assert.deepEqual(problems(Service, service, decoded(Service, service)), []);
});

const stored = decoded(
  Service,
  withSpec({ clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7"], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" }),
);

test("the same manifest can be put again: what the server chose stays", () => {
  const again = prepared(Service, withSpec({ ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" }), stored);
  assert.deepEqual(again.spec, stored.spec);
});

test("node ports stay with the port of the same name, unless another port took the number", () => {
  const ports = [
    { name: "a", port: 80, nodePort: 30080 },
    { name: "b", port: 81, nodePort: 30081 },
  ];
  const old = decoded(Service, withSpec({ type: "NodePort", ports }));
  const moved = withSpec({
    type: "NodePort",
    ports: [
      { name: "a", port: 80 },
      { name: "c", port: 82, nodePort: 30081 },
      { name: "b", port: 81 },
    ],
  });
  assert.deepEqual(
    prepared(Service, moved, old).spec.ports?.map(({ nodePort }) => nodePort),
    [30080, 30081, undefined],
  );
});

test("the cluster IP never changes", () => {
  assert.deepEqual(problems(Service, withSpec({ ipFamilies: ["IPv4"], clusterIP: "10.96.0.8" }), stored), [
    'spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set',
  ]);
});

test("the IP families change only with the policy", () => {
  const old = changed(stored, ({ spec }) => {
    spec.clusterIPs = ["10.96.0.7", "fd00::7"];
    spec.ipFamilies = ["IPv4", "IPv6"];
    spec.ipFamilyPolicy = "RequireDualStack";
  });
  const released = changed(old, ({ spec }) => {
    spec.clusterIPs = ["10.96.0.7"];
    spec.ipFamilies = ["IPv4"];
  });
  const message = (what: string): string =>
    `spec.ipFamilyPolicy: Invalid value: "RequireDualStack": must be set to 'SingleStack' when releasing the secondary ${what}`;
  assert.deepEqual(errorsOf(Service, released, old), [message("clusterIP"), message("ipFamily")]);
  const single = changed(released, ({ spec }) => {
    spec.ipFamilyPolicy = "SingleStack";
  });
  assert.deepEqual(errorsOf(Service, single, old), []);
  const swapped = changed(old, ({ spec }) => {
    spec.ipFamilies = ["IPv6", "IPv4"];
  });
  assert.match(
    errorsOf(Service, swapped, old)[0]!,
    /^spec\.ipFamilies\[0\]: Invalid value: \["IPv6","IPv4"\]: may not change once set$/,
  );
});

test("a change to ExternalName drops what the client did not touch", () => {
  const alias = prepared(
    Service,
    withSpec({ ...stored.spec, type: "ExternalName", externalName: "a.example" }),
    stored,
  );
  assert.equal(alias.spec.clusterIP, undefined);
  assert.equal(alias.spec.clusterIPs, undefined);
  assert.equal(alias.spec.ipFamilies, undefined);
  assert.equal(alias.spec.ipFamilyPolicy, undefined);
  assert.deepEqual(errorsOf(Service, alias, stored), []);
});

test("a change from LoadBalancer to ClusterIP drops ports of nodes and the balancer's fields and status", () => {
  const spec = {
    type: "LoadBalancer",
    ports: [{ port: 80, nodePort: 30080 }],
    loadBalancerClass: "a.example/b",
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 30090,
  };
  const old = changed(decoded(Service, withSpec(spec)), ({ status }) => {
    status.loadBalancer = { ingress: [{ ip: "203.0.113.9", ipMode: "VIP" }] };
  });
  const plain = prepared(Service, withSpec({ ...old.spec, type: "ClusterIP" }), old);
  assert.deepEqual(plain.spec, {
    selector: { app: "web" },
    ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    sessionAffinity: "None",
    type: "ClusterIP",
    internalTrafficPolicy: "Cluster",
  });
  assert.deepEqual(plain.status.loadBalancer, {});
  assert.deepEqual(errorsOf(Service, plain, old), []);
});

test("class and health check port of a load balancer never change", () => {
  const spec = {
    type: "LoadBalancer",
    loadBalancerClass: "a.example/b",
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 30090,
  };
  const old = decoded(Service, withSpec(spec));
  assert.deepEqual(
    problems(Service, withSpec({ ...spec, loadBalancerClass: "a.example/c", healthCheckNodePort: 30091 }), old),
    [
      'spec.loadBalancerClass: Invalid value: "a.example/c": may not change once set',
      "spec.healthCheckNodePort: Forbidden: field is immutable",
    ],
  );
});

test("status has its own rules: ingress only of load balancers, with address and mode or a name", () => {
  const old = decoded(Service, withSpec({ type: "LoadBalancer" }));
  const status = (ingress: object[], type = "LoadBalancer"): readonly string[] =>
    problems(Service, { ...withSpec({ type }), status: { loadBalancer: { ingress } } }, old, { subresource: "status" });
  assert.deepEqual(status([{ ip: "203.0.113.9" }, { hostname: "lb.example.com" }]), []);
  assert.deepEqual(
    status([
      { ip: "x", ipMode: "Magic" },
      { hostname: "10.0.0.1", ipMode: "VIP" },
    ]),
    [
      'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'status.loadBalancer.ingress[0].ipMode: Unsupported value: "Magic": supported values: "Proxy", "VIP"',
      "status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set",
      'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ],
  );
  assert.deepEqual(status([{ ip: "203.0.113.9" }], "ClusterIP"), [
    "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
  ]);
});

test("warnings name what is deprecated or without effect", () => {
  const service = decoded(
    Service,
    withSpec({ externalIPs: ["203.0.113.7"], externalName: "x", trafficDistribution: "PreferClose" }),
  );
  assert.deepEqual(
    [...(Service.warnings?.(service, undefined) ?? [])],
    [
      "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
      'spec.externalName is ignored when spec.type is not "ExternalName"',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  );
});

test("rows show addresses and ports as kubectl get does", () => {
  const external = (spec: object, status: object = {}): unknown[] => {
    const cells = row(Service, decoded(Service, { ...withSpec(spec), status }));
    return [cells["Type"], cells["Cluster-IP"], cells["External-IP"], cells["Port(s)"]];
  };
  assert.deepEqual(external({ clusterIPs: ["10.96.0.7"] }), ["ClusterIP", "10.96.0.7", "<none>", "80/TCP"]);
  assert.deepEqual(external({ ports: [] }), ["ClusterIP", "<none>", "<none>", "<none>"]);
  assert.deepEqual(
    external({
      type: "NodePort",
      ports: [
        { port: 80, nodePort: 30080 },
        { port: 53, protocol: "UDP" },
      ],
    }),
    ["NodePort", "<none>", "<none>", "80:30080/TCP,53/UDP"],
  );
  assert.deepEqual(external({ type: "LoadBalancer" })[2], "<pending>");
  const ingress = [{ ip: "203.0.113.9" }, { hostname: "a.example" }];
  assert.deepEqual(
    external({ type: "LoadBalancer", externalIPs: ["198.51.100.1"] }, { loadBalancer: { ingress } })[2],
    "203.0.113.9,a.example,198.51.100.1",
  );
  assert.deepEqual(external({ type: "ExternalName", externalName: "db.example" })[2], "db.example");
  assert.equal(row(Service, decoded(Service, withSpec({ selector: { b: "2", a: "1" } })))["Selector"], "a=1,b=2");
});
