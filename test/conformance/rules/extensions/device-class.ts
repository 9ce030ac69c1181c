import { notDNSSubdomain } from "../messages.ts";
import { invalid, type KindRules, type Rule, refused, tooMany } from "../rule.ts";
import { configurationRules, selectorListRules } from "./device-names.ts";

const extended = "spec.extendedResourceName";

const own: readonly Rule[] = [
  {
    says: "an extended resource's name has a domain that is not of Kubernetes",
    accepts: { [extended]: "rules.example/gpu" },
    refuses: ["cpu", "kubernetes.io/gpu", "requests.example/", "a.b/-"].map((name) =>
      refused({ [extended]: name }, invalid(extended, name, "must be a valid extended resource name")),
    ),
  },
];

const named: readonly Rule[] = [
  {
    says: "a name is a DNS subdomain, and a prefix of one is looked at when it is whole",
    accepts: [{ "metadata.name": "a".repeat(253) }, { "metadata.generateName": "A" }],
    refuses: [
      refused({ "metadata.name": "A" }, invalid("metadata.name", "A", notDNSSubdomain)),
      refused(
        { "metadata.name": "a".repeat(254) },
        invalid("metadata.name", "a".repeat(254), "must be no more than 253 bytes"),
      ),
    ],
  },
];

const large = { "spec.config": [{ opaque: { driver: "a", parameters: {} } }] };

export const deviceClass: KindRules = {
  group: "resource.k8s.io",
  kind: "DeviceClass",
  path: "/apis/resource.k8s.io/v1/deviceclasses",
  valid: { metadata: { name: "rules" }, spec: {} },
  create: [...named, ...own, ...selectorListRules("spec.selectors"), ...configurationRules("spec.config")],
  update: [
    ...own,
    {
      says: "what is changed keeps the rules as well",
      stored: large,
      accepts: [{}, { "spec.selectors": [{ cel: { expression: "true" } }] }],
      refuses: refused(
        { "spec.config": Array(33).fill(large["spec.config"][0]!) },
        tooMany("spec.config", 33, "must have at most 32 items"),
      ),
    },
  ],
};
