import { longerThan, notDNS1035Label, notDNSSubdomain, outside } from "../messages.ts";
import { invalid, type KindRules, notSupported, type Rule, refused, required } from "../rule.ts";

const priority = "spec.groupPriorityMinimum";
const remote = { "spec.service": { namespace: "default", name: "a" }, "spec.insecureSkipTLSVerify": undefined };
const ofName = (wanted: string): string => `must be \`spec.version+"."+spec.group\`: "${wanted}"`;

const names: readonly Rule[] = [
  {
    says: "the name is of the version and the group",
    accepts: { "metadata.name": "v2.rules.example", "spec.version": "v2" },
    refuses: [
      refused({ "metadata.name": "a" }, invalid("metadata.name", "a", ofName("v1.rules.example"))),
      refused({ "metadata.name": "a%b" }, invalid("metadata.name", "a%b", "may not contain '%'")),
      refused({ "metadata.generateName": "v1." }, invalid("metadata.generateName", "v1.", ofName("v1.rules.example"))),
    ],
  },
  {
    says: "only v1 has no group",
    accepts: { "metadata.name": "v2.rules.example", "spec.version": "v2" },
    refuses: refused(
      { "metadata.name": "v2.", "spec.group": undefined, "spec.version": "v2" },
      required("spec.group", "only v1 may have an empty group and it better be legacy kube"),
    ),
  },
  {
    says: "a group is a DNS subdomain",
    accepts: { "metadata.name": `v1.${"a".repeat(253)}`, "spec.group": "a".repeat(253) },
    refuses: [
      refused({ "metadata.name": "v1.A", "spec.group": "A" }, invalid("spec.group", "A", notDNSSubdomain)),
      refused(
        { "metadata.name": `v1.${"a".repeat(254)}`, "spec.group": "a".repeat(254) },
        invalid("spec.group", "a".repeat(254), longerThan(253)),
      ),
    ],
  },
  {
    says: "a version is a label of DNS that begins with a letter",
    accepts: { "metadata.name": `${"v".repeat(63)}.rules.example`, "spec.version": "v".repeat(63) },
    refuses: [
      refused(
        { "metadata.name": "1.rules.example", "spec.version": "1" },
        invalid("spec.version", "1", notDNS1035Label),
      ),
      refused(
        { "metadata.name": `${"v".repeat(64)}.rules.example`, "spec.version": "v".repeat(64) },
        invalid("spec.version", "v".repeat(64), longerThan(63)),
      ),
      refused(
        { "metadata.name": ".rules.example", "spec.version": undefined },
        invalid("spec.version", "", notDNS1035Label),
      ),
    ],
  },
];

const spec: readonly Rule[] = [
  {
    says: "a group's priority is between 1 and 20000",
    accepts: [{ [priority]: 1 }, { [priority]: 20_000 }],
    refuses: [0, 20_001].map((value) =>
      refused({ [priority]: value }, invalid(priority, value, "must be positive and less than 20000")),
    ),
  },
  {
    says: "a version's priority is between 1 and 1000",
    accepts: [{ "spec.versionPriority": 1 }, { "spec.versionPriority": 1_000 }],
    refuses: [0, 1_001].map((value) =>
      refused(
        { "spec.versionPriority": value },
        invalid("spec.versionPriority", value, "must be positive and less than 1000"),
      ),
    ),
  },
  {
    says: "what the server answers itself is not told how to be reached",
    accepts: { "spec.insecureSkipTLSVerify": false },
    refuses: [
      refused(
        { "spec.caBundle": "YWJj" },
        invalid("spec.caBundle", "3 bytes", "local APIServices may not have a caBundle"),
      ),
      refused(
        { "spec.insecureSkipTLSVerify": true },
        invalid("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify"),
      ),
    ],
  },
  {
    says: "a service has a namespace, a name and a port between 1 and 65535",
    accepts: [
      { ...remote, "spec.service.port": 1 },
      { ...remote, "spec.service.port": 65_535 },
    ],
    refuses: [
      refused({ ...remote, "spec.service.namespace": undefined }, required("spec.service.namespace")),
      refused({ ...remote, "spec.service.name": undefined }, required("spec.service.name")),
      ...[0, 65_536].map((port) =>
        refused(
          { ...remote, "spec.service.port": port },
          invalid("spec.service.port", port, `port is not valid: ${outside(1, 65_535)}`),
        ),
      ),
    ],
  },
  {
    says: "a service is verified by a bundle, or not at all",
    accepts: [
      { ...remote, "spec.insecureSkipTLSVerify": true },
      { ...remote, "spec.caBundle": "YWJj" },
    ],
    refuses: refused(
      { ...remote, "spec.insecureSkipTLSVerify": true, "spec.caBundle": "YWJj" },
      invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present"),
    ),
  },
];

/** The rules hold for what is changed as well. */
const asChange = ({ says }: Rule): boolean => says.includes("priority") || says.includes("service");

export const apiService: KindRules = {
  group: "apiregistration.k8s.io",
  kind: "APIService",
  path: "/apis/apiregistration.k8s.io/v1/apiservices",
  valid: {
    metadata: { name: "v1.rules.example" },
    spec: { group: "rules.example", version: "v1", groupPriorityMinimum: 100, versionPriority: 10 },
  },
  create: [...names, ...spec],
  update: spec.filter(asChange),
  subresources: {
    status: [
      {
        says: "a condition is True, False or Unknown",
        accepts: ["True", "False", "Unknown"].map((status) => ({ "status.conditions[0].status": status })),
        refuses: refused(
          { "status.conditions[0].status": "Maybe" },
          notSupported("status.conditions[0].status", "Maybe", ["True", "False", "Unknown"]),
        ),
      },
    ],
  },
};
