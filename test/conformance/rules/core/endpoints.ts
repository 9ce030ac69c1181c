import { dotsInLabel, notDNSLabel, notDNSSubdomain, notIP, notPortNumber, notQualifiedName } from "../messages.ts";
import { invalid, type KindRules, notSupported, type Rule, refused, required } from "../rule.ts";

// pkg/apis/core/validation/validation.go validateEndpointSubsets, validateEndpointAddress, validateEndpointPort.

const special: readonly (readonly [string, string])[] = [
  ["0.0.0.0", "may not be unspecified (0.0.0.0)"],
  ["::", "may not be unspecified (::)"],
  ["127.255.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"],
  ["::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"],
  ["169.254.255.1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"],
  ["febf::1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"],
  ["224.0.0.255", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"],
  ["ff12::1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"],
];

const addressRules = (list: string): readonly Rule[] => {
  const first = `subsets[0].${list}[0]`;
  return [
    {
      says: `an address of ${list} is an address`,
      accepts: [{ [`${first}.ip`]: "198.51.100.1" }, { [`${first}.ip`]: "2001:DB8::0001" }],
      refuses: [
        refused(
          { [`${first}`]: { hostname: "a" } },
          invalid(`${first}.ip`, "", notIP.form),
          invalid(`${first}.ip`, "", "must be a valid IP address"),
        ),
        refused({ [`${first}.ip`]: "198.51.100.01" }, invalid(`${first}.ip`, "198.51.100.01", notIP.zeros)),
        refused({ [`${first}.ip`]: "::ffff:1.2.3.4" }, invalid(`${first}.ip`, "::ffff:1.2.3.4", notIP.mapped)),
      ],
    },
    {
      says: `an address of ${list} is an ordinary one`,
      accepts: ["224.0.1.0", "126.0.0.1", "169.253.0.1", "fec0::1", "ff05::1", "::2"].map((ip) => ({
        [`${first}.ip`]: ip,
      })),
      refuses: special.map(([ip, detail]) => refused({ [`${first}.ip`]: ip }, invalid(`${first}.ip`, ip, detail))),
    },
    {
      says: `the name of a host of ${list} is a label`,
      accepts: ["x".repeat(63), ""].map((hostname) => ({ [first]: { ip: "10.0.0.1", hostname } })),
      refuses: [
        refused({ [first]: { ip: "10.0.0.1", hostname: "A" } }, invalid(`${first}.hostname`, "A", notDNSLabel)),
        refused({ [first]: { ip: "10.0.0.1", hostname: "a.b" } }, invalid(`${first}.hostname`, "a.b", dotsInLabel)),
      ],
    },
    {
      says: `the name of a node of ${list} is a subdomain`,
      accepts: { [first]: { ip: "10.0.0.1", nodeName: "a.b" } },
      refuses: refused(
        { [first]: { ip: "10.0.0.1", nodeName: "" } },
        invalid(`${first}.nodeName`, "", notDNSSubdomain),
      ),
    },
  ];
};

const port = "subsets[0].ports[0]";
const rules: readonly Rule[] = [
  {
    says: "a subset has addresses, ready or not",
    accepts: { "subsets[0]": { notReadyAddresses: [{ ip: "10.0.0.1" }] } },
    refuses: refused(
      { "subsets[0].addresses": [] },
      required("subsets[0]", "must specify `addresses` or `notReadyAddresses`"),
    ),
  },
  ...addressRules("addresses"),
  ...addressRules("notReadyAddresses"),
  {
    says: "several ports have names",
    accepts: {
      "subsets[0].ports": [
        { port: 1, name: "a" },
        { port: 1, name: "a" },
      ],
    },
    refuses: refused({ "subsets[0].ports": [{ port: 1 }, { port: 2, name: "a" }] }, required(`${port}.name`)),
  },
  {
    says: "the name of a port is a label",
    accepts: { [`${port}.name`]: "x".repeat(63) },
    refuses: refused({ [`${port}.name`]: "A" }, invalid(`${port}.name`, "A", notDNSLabel)),
  },
  {
    says: "a port is between 1 and 65535",
    accepts: { [`${port}.port`]: 65535 },
    refuses: [0, 65536].map((number) =>
      refused({ [`${port}.port`]: number }, invalid(`${port}.port`, number, notPortNumber)),
    ),
  },
  {
    says: "the protocol is one of three",
    accepts: [{ [`${port}.protocol`]: "UDP" }, { [`${port}.protocol`]: "SCTP" }],
    refuses: refused({ [`${port}.protocol`]: "udp" }, notSupported(`${port}.protocol`, "udp", ["SCTP", "TCP", "UDP"])),
  },
  {
    says: "the application's protocol is named like a label's key",
    accepts: { [`${port}.appProtocol`]: "example.com/a" },
    refuses: refused({ [`${port}.appProtocol`]: "-" }, invalid(`${port}.appProtocol`, "-", notQualifiedName)),
  },
];

export const endpoints: KindRules = {
  group: "",
  kind: "Endpoints",
  path: "/api/v1/namespaces/default/endpoints",
  valid: { metadata: { name: "rules" }, subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }] },
  create: rules,
  update: [rules[0]!],
};
