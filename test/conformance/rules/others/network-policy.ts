import { longLabelValue, notCIDR, notLabelValue, notPortNumber, notQualifiedName, portName } from "../messages.ts";
import {
  type Cause,
  forbidden,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";

// pkg/apis/networking/validation/validation.go ValidateNetworkPolicySpec and below.

/** What is said of selectors of labels: apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabelSelector. */
const selector = (place: string, change: (value: Json) => Readonly<Record<string, Json>>): Rule => {
  const expression = (value: Json) => change({ matchExpressions: [value] });
  const at = `${place}.matchExpressions[0]`;
  const wrong = (value: Json, ...causes: readonly Cause[]) => refused(expression(value), ...causes);
  return {
    says: `${place} selects labels`,
    accepts: [
      change({ matchLabels: { "a.b/C": "x".repeat(63) } }),
      ...["In", "NotIn"].map((operator) => expression({ key: "a", operator, values: [""] })),
      ...["Exists", "DoesNotExist"].map((operator) => expression({ key: "a", operator })),
    ],
    refuses: [
      refused(change({ matchLabels: { "-": "" } }), invalid(`${place}.matchLabels`, "-", notQualifiedName)),
      refused(
        change({ matchLabels: { a: "x".repeat(64) } }),
        invalid(`${place}.matchLabels`, "x".repeat(64), longLabelValue),
      ),
      ...["In", "NotIn"].map((operator) =>
        wrong({ key: "a", operator }, required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")),
      ),
      ...["Exists", "DoesNotExist"].map((operator) =>
        wrong(
          { key: "a", operator, values: ["b"] },
          forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        ),
      ),
      wrong({ key: "a", operator: "Gt" }, invalid(`${at}.operator`, "Gt", "not a valid selector operator")),
      wrong({ key: "-", operator: "Exists" }, invalid(`${at}.key`, "-", notQualifiedName)),
      wrong({ key: "a", operator: "In", values: ["-"] }, invalid(`${at}.values[0]`, "-", notLabelValue)),
    ],
  };
};

const rulesOf = (direction: string, peers: string): readonly Rule[] => {
  const place = `spec.${direction}[0]`;
  const port = (value: Json) => ({ [place]: { ports: [value] } });
  const peer = (value: Json) => ({ [place]: { [peers]: [value] } });
  const portAt = `${place}.ports[0]`;
  const peerAt = `${place}.${peers}[0]`;
  const cidr = `${peerAt}.ipBlock.cidr`;
  const except = `${peerAt}.ipBlock.except[0]`;
  return [
    {
      says: `the protocol of ${direction} is one of three`,
      accepts: ["TCP", "UDP", "SCTP"].map((protocol) => port({ protocol })),
      refuses: refused(port({ protocol: "tcp" }), notSupported(`${portAt}.protocol`, "tcp", ["TCP", "UDP", "SCTP"])),
    },
    {
      says: `a port of ${direction} is one, or the name of one`,
      accepts: [port({ port: 1 }), port({ port: 65535 }), port({ port: "x".repeat(15) })],
      refuses: [
        refused(port({ port: 0 }), invalid(`${portAt}.port`, 0, notPortNumber)),
        refused(port({ port: 65536 }), invalid(`${portAt}.port`, 65536, notPortNumber)),
        refused(port({ port: "1" }), invalid(`${portAt}.port`, "1", portName.letter)),
      ],
    },
    {
      says: `a range of ports of ${direction} has a number for either end`,
      accepts: [port({ port: 1, endPort: 1 }), port({ port: 1, endPort: 65535 })],
      refuses: [
        refused(
          port({ port: 2, endPort: 1 }),
          invalid(`${portAt}.endPort`, 2, "must be greater than or equal to `port`"),
        ),
        refused(port({ port: 1, endPort: 65536 }), invalid(`${portAt}.endPort`, 65536, notPortNumber)),
        refused(
          port({ port: "a", endPort: 1 }),
          invalid(`${portAt}.endPort`, 1, "may not be specified when `port` is non-numeric"),
        ),
        refused(
          port({ endPort: 1 }),
          invalid(`${portAt}.endPort`, 1, "may not be specified when `port` is not specified"),
        ),
      ],
    },
    {
      says: `a peer of ${direction} is told by selectors or by a block`,
      accepts: [peer({ podSelector: {}, namespaceSelector: {} }), peer({ ipBlock: { cidr: "0.0.0.0/0" } })],
      refuses: [
        refused(peer({}), required(peerAt, "must specify a peer")),
        ...["podSelector", "namespaceSelector"].map((field) =>
          refused(
            peer({ [field]: {}, ipBlock: { cidr: "0.0.0.0/0" } }),
            forbidden(peerAt, "may not specify both ipBlock and another peer"),
          ),
        ),
      ],
    },
    selector(`${peerAt}.podSelector`, (value) => peer({ podSelector: value })),
    selector(`${peerAt}.namespaceSelector`, (value) => peer({ namespaceSelector: value })),
    {
      says: `a block of ${direction} is a range`,
      accepts: [peer({ ipBlock: { cidr: "198.18.0.0/15" } }), peer({ ipBlock: { cidr: "2001:db8::/32" } })],
      refuses: [
        refused(peer({ ipBlock: { cidr: "", except: ["a"] } }), required(cidr)),
        refused(peer({ ipBlock: { cidr: "a", except: ["a"] } }), invalid(cidr, "a", notCIDR.form)),
        refused(peer({ ipBlock: { cidr: "198.018.0.0/15" } }), invalid(cidr, "198.018.0.0/15", notCIDR.zeros)),
        refused(peer({ ipBlock: { cidr: "198.18.0.1/15" } }), invalid(cidr, "198.18.0.1/15", notCIDR.bits)),
      ],
    },
    {
      says: `what is taken from a block of ${direction} is a part of it, and not all`,
      accepts: peer({ ipBlock: { cidr: "198.18.0.0/15", except: ["198.19.0.0/16"] } }),
      refuses: [
        refused(peer({ ipBlock: { cidr: "198.18.0.0/15", except: ["a"] } }), invalid(except, "a", notCIDR.form)),
        ...["198.18.0.0/15", "198.20.0.0/16", "198.0.0.0/8", "2001:db8::/32"].map((hole) =>
          refused(
            peer({ ipBlock: { cidr: "198.18.0.0/15", except: [hole] } }),
            invalid(except, hole, "must be a strict subset of `cidr`"),
          ),
        ),
      ],
    },
  ];
};

const all: readonly Rule[] = [
  selector("spec.podSelector", (value) => ({ "spec.podSelector": value })),
  ...rulesOf("ingress", "from"),
  ...rulesOf("egress", "to"),
  {
    says: "a type is one of two",
    accepts: { "spec.policyTypes": ["Egress", "Ingress"] },
    refuses: [
      refused(
        { "spec.policyTypes": ["ingress"] },
        notSupported("spec.policyTypes[0]", "ingress", ["Ingress", "Egress"]),
      ),
      refused(
        { "spec.policyTypes": ["Ingress", "Egress", "a"] },
        invalid("spec.policyTypes", ["Ingress", "Egress", "a"], "may not specify more than two policyTypes"),
      ),
    ],
  },
];

export const networkPolicy: KindRules = {
  group: "networking.k8s.io",
  kind: "NetworkPolicy",
  path: "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
  valid: { metadata: { name: "rules" }, spec: { podSelector: {} } },
  create: all,
  update: [all[0]!],
};
