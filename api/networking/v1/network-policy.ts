import type { FieldError } from "../../../apimachinery/field/error.ts";
import { holdsSentEmpty } from "../../../apimachinery/schema/sent-empty.ts";
import { formatLabelSelector } from "../../../apimachinery/selectors/label-selector.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/networking-v1.ts";
import { policyErrors } from "./network-policy-validation.ts";

export type NetworkPolicy = types.NetworkPolicy;

/** Which traffic pods let in and out (pkg/apis/networking/v1/defaults.go, validation ValidateNetworkPolicy). */
export const NetworkPolicy = defineBuiltIn<NetworkPolicy>("networking.k8s.io/v1/networkpolicies", {
  generation: true,
  columns: [nameColumn, textColumn("Pod-Selector", ({ spec }) => formatLabelSelector(spec.podSelector)), ageColumn],
  setDefaults: changing(({ spec }) => {
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
  }),
  // Compared by reflect.DeepEqual (networkpolicy/strategy.go): an empty list that is sent is a change of what has none.
  prepareForUpdate: changing(({ metadata, spec }, old) => {
    if (holdsSentEmpty(spec)) metadata.generation = (old.metadata.generation ?? 0) + 1;
  }),
  validate: (policy, old): readonly FieldError[] => policyErrors(policy.spec, old?.spec),
});
