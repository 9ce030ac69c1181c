import {
  dotsInLabel,
  notCanonical,
  notDNSLabel,
  notDNSSubdomain,
  notIP,
  notLabelValue,
  notQualifiedName,
} from "../messages.ts";
import {
  duplicate,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooMany,
} from "../rule.ts";

// pkg/apis/discovery/validation/validation.go.

const addresses = "endpoints[0].addresses";
const first = `${addresses}[0]`;
const ports = (count: number): Json => Array.from({ length: count }, (_, i) => ({ name: `a${i}` }));
const endpoints = (count: number): Json => Array.from({ length: count }, () => ({ addresses: ["10.0.0.1"] }));
const six = { addressType: "IPv6", endpoints: [] };
const fqdn = { addressType: "FQDN", endpoints: [] };
const unspecified = (ip: string): string => `may not be unspecified (${ip})`;
const loopback = "may not be in the loopback range (127.0.0.0/8, ::1/128)";
const link = "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
const multicast = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";

const slice: readonly Rule[] = [
  {
    says: "the type of addresses is one of three",
    accepts: ["IPv4", "IPv6", "FQDN"].map((addressType) => ({ addressType, endpoints: [] })),
    refuses: [
      refused({ addressType: "" }, required("addressType")),
      refused({ addressType: undefined }, required("addressType")),
      refused({ addressType: "ipv4" }, notSupported("addressType", "ipv4", ["FQDN", "IPv4", "IPv6"])),
    ],
  },
  {
    says: "there are 20000 ports at most",
    accepts: { ports: ports(20000) },
    refuses: refused({ ports: ports(20001) }, tooMany("ports", 20001, "must have at most 20000 items")),
  },
  {
    says: "there are 1000 endpoints at most",
    accepts: { endpoints: endpoints(1000) },
    refuses: refused({ endpoints: endpoints(1001) }, tooMany("endpoints", 1001, "must have at most 1000 items")),
  },
];

const port: readonly Rule[] = [
  {
    says: "the name of a port is a label or empty, and its own",
    accepts: { ports: [{ name: "" }, { name: "x".repeat(63) }] },
    refuses: [
      refused({ ports: [{ name: "A" }] }, invalid("ports[0].name", "A", notDNSLabel)),
      refused({ ports: [{ name: "a" }, { name: "a" }] }, duplicate("ports[1].name", "a")),
      refused({ ports: [{}, {}] }, duplicate("ports[1].name", "")),
    ],
  },
  {
    says: "the protocol is one of three",
    accepts: ["TCP", "UDP", "SCTP"].map((protocol) => ({ ports: [{ protocol }] })),
    refuses: ["", "tcp"].map((protocol) =>
      refused({ ports: [{ protocol }] }, notSupported("ports[0].protocol", protocol, ["SCTP", "TCP", "UDP"])),
    ),
  },
  {
    says: "the application's protocol is named like a label's key",
    accepts: { ports: [{ appProtocol: "a.b/c" }] },
    refuses: refused({ ports: [{ appProtocol: "-" }] }, invalid("ports[0].appProtocol", "-", notQualifiedName)),
  },
];

const endpoint: readonly Rule[] = [
  {
    says: "an endpoint has an address, and a hundred at most",
    accepts: { [addresses]: Array.from({ length: 100 }, () => "10.0.0.1") },
    refuses: [
      refused({ [addresses]: [] }, required(addresses, "must contain at least 1 address")),
      refused(
        { [addresses]: Array.from({ length: 101 }, () => "10.0.0.1") },
        tooMany(addresses, 101, "must have at most 100 items"),
      ),
    ],
  },
  {
    says: "an address of IPv4 is one, and an ordinary one",
    accepts: ["10.0.0.1", "224.0.1.1"].map((ip) => ({ [first]: ip })),
    refuses: [
      refused({ [first]: "a" }, invalid(first, "a", notIP.form)),
      refused({ [first]: "10.0.0.01" }, invalid(first, "10.0.0.01", notIP.zeros)),
      refused({ [first]: "::ffff:10.0.0.1" }, invalid(first, "::ffff:10.0.0.1", notIP.mapped)),
      refused({ [first]: "2001:db8::1" }, invalid(addresses, "2001:db8::1", "must be an IPv4 address")),
      refused({ [first]: "0.0.0.0" }, invalid(first, "0.0.0.0", unspecified("0.0.0.0"))),
      refused({ [first]: "127.0.0.1" }, invalid(first, "127.0.0.1", loopback)),
      refused({ [first]: "169.254.0.1" }, invalid(first, "169.254.0.1", link)),
      refused({ [first]: "224.0.0.1" }, invalid(first, "224.0.0.1", multicast)),
    ],
  },
  {
    says: "an address of IPv6 is one, in its canonical form, and an ordinary one",
    accepts: ["2001:db8::1", "ff05::1"].map((ip) => ({ ...six, [first]: ip })),
    refuses: [
      refused({ ...six, [first]: "a" }, invalid(first, "a", notIP.form)),
      refused({ ...six, [first]: "2001:DB8::1" }, invalid(first, "2001:DB8::1", notCanonical("2001:db8::1"))),
      refused({ ...six, [first]: "2001:db8:0::1" }, invalid(first, "2001:db8:0::1", notCanonical("2001:db8::1"))),
      refused({ ...six, [first]: "::ffff:10.0.0.1" }, invalid(first, "::ffff:10.0.0.1", notIP.mapped)),
      refused({ ...six, [first]: "10.0.0.1" }, invalid(addresses, "10.0.0.1", "must be an IPv6 address")),
      refused({ ...six, [first]: "::" }, invalid(first, "::", unspecified("::"))),
      refused({ ...six, [first]: "::1" }, invalid(first, "::1", loopback)),
      refused({ ...six, [first]: "fe80::1" }, invalid(first, "fe80::1", link)),
      refused({ ...six, [first]: "ff02::1" }, invalid(first, "ff02::1", multicast)),
    ],
  },
  {
    says: "a full name of a host has two labels at least, and may end in a dot",
    accepts: ["a.b", "a.b.", `${"x".repeat(63)}.b`].map((name) => ({ ...fqdn, [first]: name })),
    refuses: [
      refused({ ...fqdn, [first]: "" }, required(first)),
      refused({ ...fqdn, [first]: "A.b" }, invalid(first, "A.b", notDNSSubdomain)),
      refused({ ...fqdn, [first]: "a.b.." }, invalid(first, "a.b.", notDNSSubdomain)),
      refused(
        { ...fqdn, [first]: "a." },
        invalid(first, "a", "should be a domain with at least two segments separated by dots"),
      ),
      refused(
        { ...fqdn, [first]: `${"x".repeat(64)}.b` },
        invalid(first, "x".repeat(64), "must be no more than 63 characters"),
      ),
    ],
  },
  {
    says: "the name of an endpoint's node is a subdomain",
    accepts: { "endpoints[0].nodeName": "a.b" },
    refuses: refused({ "endpoints[0].nodeName": "" }, invalid("endpoints[0].nodeName", "", notDNSSubdomain)),
  },
  {
    says: "the name of an endpoint's host is a label",
    accepts: { "endpoints[0].hostname": "a" },
    refuses: [
      refused({ "endpoints[0].hostname": "" }, invalid("endpoints[0].hostname", "", notDNSLabel)),
      refused({ "endpoints[0].hostname": "a.b" }, invalid("endpoints[0].hostname", "a.b", dotsInLabel)),
    ],
  },
];

const names = (count: number): readonly Json[] => Array.from({ length: count }, (_, i) => ({ name: `a${i}` }));
const hints = (field: string, good: string, bad: string, detail: string): Rule => {
  const place = `endpoints[0].hints.${field}`;
  return {
    says: `there are eight hints in ${field} at most, each its own`,
    accepts: [{ [place]: names(8) }, { [place]: [{ name: good }] }],
    refuses: [
      refused({ [place]: names(9) }, tooMany(place, 9, "must have at most 8 items")),
      refused({ [place]: [...names(2), ...names(1)] }, duplicate(`${place}[2].name`, "a0")),
      refused({ [place]: [{ name: bad }] }, invalid(`${place}[0].name`, bad, detail)),
    ],
  };
};

export const endpointSlice: KindRules = {
  group: "discovery.k8s.io",
  kind: "EndpointSlice",
  path: "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
  valid: { metadata: { name: "rules" }, addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"] }], ports: [{}] },
  create: [
    ...slice,
    ...port,
    ...endpoint,
    hints("forZones", "A_b", "-", notLabelValue),
    hints("forNodes", "a.b", "A", notDNSSubdomain),
  ],
  update: [
    {
      says: "the type of addresses stays",
      stored: { endpoints: [] },
      accepts: { endpoints: [{ addresses: ["10.0.0.2"] }] },
      refuses: refused({ addressType: "IPv6" }, invalid("addressType", "IPv6", "field is immutable")),
    },
    slice[2]!,
  ],
};
