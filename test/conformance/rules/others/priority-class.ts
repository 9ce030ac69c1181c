import { forbidden, invalid, type KindRules, notSupported, refused, required } from "../rule.ts";

// pkg/apis/scheduling/validation/validation.go ValidatePriorityClass, ValidatePriorityClassUpdate.

const reserved = "priority class names with 'system-' prefix are reserved for system use only. error: ";
const node = { "metadata.name": "system-node-critical" };
const cluster = { "metadata.name": "system-cluster-critical" };

export const priorityClass: KindRules = {
  group: "scheduling.k8s.io",
  kind: "PriorityClass",
  path: "/apis/scheduling.k8s.io/v1/priorityclasses",
  valid: { metadata: { name: "rules" }, value: 1 },
  create: [
    {
      says: "a user's priority is a billion at most",
      accepts: [{ value: 1_000_000_000 }, { value: -2_147_483_648 }],
      refuses: refused(
        { value: 1_000_000_001 },
        forbidden("value", "maximum allowed value of a user defined priority is 1000000000"),
      ),
    },
    {
      says: "the system's classes are known, and so are their values",
      accepts: { "metadata.name": "systemic" },
      refuses: [
        refused(
          { "metadata.name": "system-a" },
          forbidden("metadata.name", `${reserved}system-a is not a known system priority class`),
        ),
        refused(
          { ...node, value: 2_000_000_000 },
          forbidden("metadata.name", `${reserved}value of system-node-critical PriorityClass must be 2000001000`),
        ),
        refused(
          { ...cluster, value: 2_000_001_000 },
          forbidden("metadata.name", `${reserved}value of system-cluster-critical PriorityClass must be 2000000000`),
        ),
        refused(
          { ...node, value: 2_000_001_000, globalDefault: true },
          forbidden("metadata.name", `${reserved}globalDefault of system-node-critical PriorityClass must be false`),
        ),
      ],
    },
    {
      says: "a class lets its pods take others' place, or never",
      accepts: ["PreemptLowerPriority", "Never"].map((preemptionPolicy) => ({ preemptionPolicy })),
      refuses: [
        refused({ preemptionPolicy: "" }, required("preemptionPolicy")),
        refused(
          { preemptionPolicy: "never" },
          notSupported("preemptionPolicy", "never", ["PreemptLowerPriority", "Never"]),
        ),
      ],
    },
  ],
  update: [
    {
      says: "the priority and the policy stay",
      stored: { preemptionPolicy: "Never" },
      accepts: { description: "a" },
      refuses: [
        refused({ value: 2 }, forbidden("value", "may not be changed in an update.")),
        refused({ value: undefined }, forbidden("value", "may not be changed in an update.")),
        refused({ preemptionPolicy: "a" }, invalid("preemptionPolicy", "a", "field is immutable")),
        refused(
          { preemptionPolicy: undefined },
          invalid("preemptionPolicy", "PreemptLowerPriority", "field is immutable"),
        ),
      ],
    },
  ],
};
