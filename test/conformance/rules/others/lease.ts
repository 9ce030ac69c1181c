import { negative } from "../messages.ts";
import { invalid, type KindRules, type Rule, refused } from "../rule.ts";

// pkg/apis/coordination/validation/validation.go ValidateLeaseSpec. What the gate CoordinatedLeaderElection holds back goes
// unseen.

const rules: readonly Rule[] = [
  {
    says: "a lease lasts some time",
    accepts: { "spec.leaseDurationSeconds": 1 },
    refuses: [0, -1].map((seconds) =>
      refused(
        { "spec.leaseDurationSeconds": seconds },
        invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"),
      ),
    ),
  },
  {
    says: "holders have changed a number of times",
    accepts: { "spec.leaseTransitions": 0 },
    refuses: refused({ "spec.leaseTransitions": -1 }, invalid("spec.leaseTransitions", -1, negative)),
  },
];

export const lease: KindRules = {
  group: "coordination.k8s.io",
  kind: "Lease",
  path: "/apis/coordination.k8s.io/v1/namespaces/default/leases",
  valid: { metadata: { name: "rules" } },
  create: [
    ...rules,
    {
      says: "a strategy and a preferred holder are taken away",
      accepts: { "spec.strategy": "a", "spec.preferredHolder": "b" },
      refuses: refused(
        { "spec.strategy": "a", "spec.leaseTransitions": -1 },
        invalid("spec.leaseTransitions", -1, negative),
      ),
    },
  ],
  update: rules,
};
