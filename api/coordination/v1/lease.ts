import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/coordination-v1.ts";
import { addMessages } from "../../validation.ts";

// Rules: pkg/apis/coordination/validation/validation.go, pkg/registry/coordination/lease/strategy.go.

export type Lease = types.Lease;

const specPath = path("spec");

/** Who leads, or that a node lives: held until it is not renewed in time. */
export const Lease = defineResource<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.coordination.v1.Lease"),
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [nameColumn, textColumn("Holder", ({ spec }) => spec.holderIdentity ?? ""), ageColumn],
  // Feature gate CoordinatedLeaderElection is off: its two fields stay only where they were.
  prepareForCreate: changing(({ spec }) => {
    delete spec.strategy;
    delete spec.preferredHolder;
  }),
  prepareForUpdate: changing(({ spec }, old) => {
    if (old.spec.strategy === undefined) delete spec.strategy;
    if (old.spec.preferredHolder === undefined) delete spec.preferredHolder;
  }),
  validate,
});

function validate({ spec }: Lease): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy } = spec;
  if (duration !== undefined && duration <= 0) {
    errors.push(invalid(specPath.child("leaseDurationSeconds"), duration, "must be greater than 0"));
  }
  if (transitions !== undefined && transitions < 0) {
    const detail = "must be greater than or equal to 0";
    errors.push(invalid(specPath.child("leaseTransitions"), transitions, detail));
  }
  if (strategy !== undefined) addStrategyErrors(errors, strategy);
  if (spec.preferredHolder && !strategy) {
    const detail = "may only be specified if `strategy` is defined";
    errors.push(forbidden(specPath.child("preferredHolder"), detail));
  }
  return errors;
}

function addStrategyErrors(errors: FieldError[], strategy: string): void {
  // The name stands twice in upstream's path too.
  const place = specPath.child("strategy", "strategy");
  if (strategy.includes("/")) addMessages(errors, isQualifiedName(strategy), place, strategy);
  else if (strategy !== "OldestEmulationVersion") {
    errors.push(notSupported(place, strategy, ["OldestEmulationVersion"]));
  }
}
