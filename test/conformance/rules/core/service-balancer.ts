import { notCIDR, notDNSSubdomain, notIP, notPortNumber, notQualifiedName } from "../messages.ts";
import { forbidden, invalid, type KindRules, notSupported, type Rule, refused } from "../rule.ts";
import { servicePath } from "./service.ts";

// What is reached from outside: pkg/apis/core/validation/validation.go validateService, ValidateLoadBalancerStatus.

const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";
const rangesKey = "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]";
const clusterIP = { "spec.type": "ClusterIP" };
const local = { "spec.externalTrafficPolicy": "Local" };

const addresses: readonly Rule[] = [
  {
    says: "an external address is an address",
    accepts: { "spec.externalIPs": ["198.51.100.1", "2001:db8::1"] },
    refuses: [
      refused({ "spec.externalIPs": ["a"] }, invalid("spec.externalIPs[0]", "a", notIP.form)),
      refused({ "spec.externalIPs": ["198.51.100.01"] }, invalid("spec.externalIPs[0]", "198.51.100.01", notIP.zeros)),
      refused(
        { "spec.externalIPs": ["::ffff:198.51.100.1"] },
        invalid("spec.externalIPs[0]", "::ffff:198.51.100.1", notIP.mapped),
      ),
    ],
  },
  {
    says: "an external address is an ordinary one",
    accepts: { "spec.externalIPs": ["224.0.1.1", "ff05::1"] },
    refuses: [
      ["0.0.0.0", "may not be unspecified (0.0.0.0)"],
      ["::", "may not be unspecified (::)"],
      ["127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"],
      ["::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"],
      ["169.254.1.1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"],
      ["fe80::1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"],
      ["224.0.0.1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"],
      ["ff02::1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"],
    ].map(([ip, detail]) => refused({ "spec.externalIPs": [ip!] }, invalid("spec.externalIPs[0]", ip!, detail!))),
  },
];

const sources: readonly Rule[] = [
  {
    says: "only a load balancer has source ranges",
    accepts: { "spec.loadBalancerSourceRanges": ["10.0.0.0/8"] },
    refuses: refused(
      { ...clusterIP, "spec.loadBalancerSourceRanges": ["10.0.0.0/8"] },
      forbidden("spec.LoadBalancerSourceRanges", onlyBalanced),
    ),
  },
  {
    says: "a source range is a range, spaces around it aside",
    accepts: { "spec.loadBalancerSourceRanges": [" 10.0.0.0/8 ", "2001:db8::/32"] },
    refuses: [
      ["a", notCIDR.form],
      ["10.0.0.0/08", notCIDR.zeros],
      ["::ffff:10.0.0.0/104", notCIDR.mapped],
      ["10.0.0.1/8", notCIDR.bits],
    ].map(([range, detail]) =>
      refused(
        { "spec.loadBalancerSourceRanges": [` ${range!}`] },
        invalid("spec.LoadBalancerSourceRanges[0]", range!, detail!),
      ),
    ),
  },
  {
    says: "the annotation of source ranges holds ranges between commas",
    accepts: [{ [rangesKey]: " 10.0.0.0/8, 2001:db8::/32 " }, { [rangesKey]: " " }],
    refuses: [
      refused({ ...clusterIP, [rangesKey]: "" }, forbidden(rangesKey, onlyBalanced)),
      refused(
        { [rangesKey]: "10.0.0.0/8, a,10.0.0.1/8" },
        invalid(rangesKey, "a", notCIDR.form),
        invalid(rangesKey, "10.0.0.1/8", notCIDR.bits),
      ),
    ],
  },
];

const balancer: readonly Rule[] = [
  {
    says: "only a load balancer does without ports of nodes",
    accepts: { "spec.allocateLoadBalancerNodePorts": false },
    refuses: refused(
      { ...clusterIP, "spec.allocateLoadBalancerNodePorts": false },
      forbidden("spec.allocateLoadBalancerNodePorts", onlyBalanced),
    ),
  },
  {
    says: "a load balancer has a class, named like a label's key",
    accepts: { "spec.loadBalancerClass": "example.com/a" },
    refuses: [
      refused({ ...clusterIP, "spec.loadBalancerClass": "a" }, forbidden("spec.loadBalancerClass", onlyBalanced)),
      refused({ "spec.loadBalancerClass": "-" }, invalid("spec.loadBalancerClass", "-", notQualifiedName)),
    ],
  },
  {
    says: "traffic from outside goes to the cluster's endpoints or to the node's own",
    accepts: local,
    refuses: [
      refused(
        { "spec.externalTrafficPolicy": "local" },
        notSupported("spec.externalTrafficPolicy", "local", ["Cluster", "Local"]),
      ),
      refused(
        { ...clusterIP, ...local },
        invalid("spec.externalTrafficPolicy", "Local", "may only be set for externally-accessible services"),
      ),
    ],
  },
  {
    says: "only local traffic needs a port for health checks",
    accepts: { ...local, "spec.healthCheckNodePort": 30090 },
    refuses: refused(
      { "spec.healthCheckNodePort": 30090 },
      invalid(
        "spec.healthCheckNodePort",
        30090,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    ),
  },
  {
    says: "traffic from inside goes to the cluster's endpoints or to the node's own",
    accepts: { "spec.internalTrafficPolicy": "Local" },
    refuses: refused(
      { "spec.internalTrafficPolicy": "local" },
      notSupported("spec.internalTrafficPolicy", "local", ["Cluster", "Local"]),
    ),
  },
  {
    says: "traffic is distributed in one of three ways",
    accepts: ["PreferClose", "PreferSameZone", "PreferSameNode"].map((way) => ({ "spec.trafficDistribution": way })),
    refuses: refused(
      { "spec.trafficDistribution": "" },
      notSupported("spec.trafficDistribution", "", ["PreferClose", "PreferSameZone", "PreferSameNode"]),
    ),
  },
];

const changes: readonly Rule[] = [
  {
    says: "the class of a load balancer stays",
    stored: { "spec.loadBalancerClass": "a" },
    accepts: { ...clusterIP, "spec.loadBalancerClass": "a" },
    refuses: [
      refused({ "spec.loadBalancerClass": "b" }, invalid("spec.loadBalancerClass", "b", "may not change once set")),
      refused(
        { "spec.loadBalancerClass": undefined },
        invalid("spec.loadBalancerClass", null, "may not change once set"),
      ),
      refused(
        { ...clusterIP, "spec.loadBalancerClass": "b" },
        forbidden("spec.loadBalancerClass", onlyBalanced),
        forbidden("spec.loadBalancerClass", onlyBalanced),
      ),
    ],
  },
  {
    says: "the port for health checks stays",
    stored: { ...local, "spec.healthCheckNodePort": 30090 },
    accepts: { "spec.healthCheckNodePort": undefined },
    refuses: [
      refused({ "spec.healthCheckNodePort": 30091 }, forbidden("spec.healthCheckNodePort", "field is immutable")),
      refused(
        { "spec.healthCheckNodePort": 65536 },
        forbidden("spec.healthCheckNodePort", "field is immutable"),
        invalid("spec.healthCheckNodePort", 65536, notPortNumber),
      ),
    ],
  },
];

const ingress = "status.loadBalancer.ingress";
const status: readonly Rule[] = [
  {
    says: "only a load balancer has points of ingress",
    stored: clusterIP,
    accepts: { "metadata.labels.a": "b" },
    refuses: refused(
      { [ingress]: [{ hostname: "a" }] },
      forbidden(ingress, "may only be used when `spec.type` is 'LoadBalancer'"),
    ),
  },
  {
    says: "a point of ingress has an address",
    accepts: { [ingress]: [{ ip: "198.51.100.1" }, { ip: "2001:db8::1" }] },
    refuses: [
      refused({ [ingress]: [{ ip: "a" }] }, invalid(`${ingress}[0].ip`, "a", notIP.form)),
      refused({ [ingress]: [{ ip: "1.2.3.04" }] }, invalid(`${ingress}[0].ip`, "1.2.3.04", notIP.zeros)),
    ],
  },
  {
    says: "the mode of an address is one of two, and there where the address is",
    accepts: { [ingress]: [{ ip: "198.51.100.1", ipMode: "Proxy" }] },
    refuses: [
      refused(
        { [ingress]: [{ ip: "198.51.100.1", ipMode: "proxy" }] },
        notSupported(`${ingress}[0].ipMode`, "proxy", ["Proxy", "VIP"]),
      ),
      refused(
        { [ingress]: [{ hostname: "a", ipMode: "VIP" }] },
        forbidden(`${ingress}[0].ipMode`, "may not be specified when `ip` is not set"),
      ),
    ],
  },
  {
    says: "a point of ingress has a subdomain that is no address",
    accepts: { [ingress]: [{ hostname: "example.com" }] },
    refuses: [
      refused({ [ingress]: [{ hostname: "A" }] }, invalid(`${ingress}[0].hostname`, "A", notDNSSubdomain)),
      refused(
        { [ingress]: [{ hostname: "198.51.100.1" }] },
        invalid(`${ingress}[0].hostname`, "198.51.100.1", "must be a DNS name, not an IP address"),
      ),
    ],
  },
];

export const serviceBalancer: KindRules = {
  group: "",
  kind: "Service",
  path: servicePath,
  valid: { metadata: { name: "rules-balancer" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } },
  create: [...addresses, ...sources, ...balancer],
  update: changes,
  subresources: { status },
};
