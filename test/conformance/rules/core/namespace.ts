import { notQualifiedName } from "../messages.ts";
import { invalid, type KindRules, type Rule, refused } from "../rule.ts";

// pkg/apis/core/validation/validation.go ValidateNamespace, ValidateNamespaceStatusUpdate, ValidateNamespaceFinalizeUpdate.
// What is stored has a name of its own in each rule: a namespace does not go at once.

const neither = "name is neither a standard finalizer name nor is it fully qualified";

const phase = (says: string, name: string, right: string, wrong: string, detail: string, deleted = false): Rule => ({
  says,
  stored: { "metadata.name": name },
  deleted,
  accepts: { "status.phase": right },
  refuses: [wrong, "Other"].map((value) => refused({ "status.phase": value }, invalid("status.Phase", value, detail))),
});

export const namespace: KindRules = {
  group: "",
  kind: "Namespace",
  path: "/api/v1/namespaces",
  valid: { metadata: { name: "rules-namespace" } },
  create: [
    {
      says: "a finalizer is a standard one or has a domain",
      accepts: { "spec.finalizers": ["orphan", "foregroundDeletion", "kubernetes", "example.com/a"] },
      refuses: [
        refused({ "spec.finalizers": ["a"] }, invalid("spec.finalizers", "a", neither)),
        refused(
          { "spec.finalizers": ["example.com/-"] },
          invalid("spec.finalizers", "example.com/-", notQualifiedName),
        ),
      ],
    },
  ],
  subresources: {
    finalize: [
      {
        says: "a finalizer is a standard one or has a domain",
        stored: { "metadata.name": "rules-namespace-finalized" },
        accepts: [{ "spec.finalizers": [] }, { "spec.finalizers": ["orphan", "foregroundDeletion", "example.com/a"] }],
        refuses: [
          refused({ "spec.finalizers[+]": "a" }, invalid("spec.finalizers[1]", "a", neither)),
          refused(
            { "spec.finalizers[0]": "-" },
            invalid("spec.finalizers[0]", "-", notQualifiedName),
            invalid("spec.finalizers[0]", "-", neither),
          ),
        ],
      },
    ],
    status: [
      phase(
        "what is not deleted is active",
        "rules-namespace-active",
        "Active",
        "Terminating",
        "may only be 'Active' if `deletionTimestamp` is empty",
      ),
      phase(
        "what is deleted is terminating",
        "rules-namespace-terminating",
        "Terminating",
        "Active",
        "may only be 'Terminating' if `deletionTimestamp` is not empty",
        true,
      ),
    ],
  },
};
