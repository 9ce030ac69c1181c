import type { FieldError } from "../../../apimachinery/field/error.ts";
import { notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import type { PersistentVolumeClaim } from "../../generated/types/core-v1.ts";
import { addMessages } from "../../validation.ts";
import { isNativeResource } from "./pod/resource-names.ts";
import { addNegativeErrors } from "./volume-access.ts";

const statusPath = path("status");
const resizeStates = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
];

/** pkg/apis/core/validation ValidatePersistentVolumeClaimStatusUpdate. */
export function claimStatusErrors({ spec, status }: PersistentVolumeClaim): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.accessModes?.length) errors.push(required(path("Spec", "accessModes")));
  for (const [name, amount] of Object.entries(status.capacity ?? {})) {
    addNegativeErrors(errors, amount, statusPath.child("capacity").key(name));
  }
  const states = statusPath.child("allocatedResourceStatuses");
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    addNameErrors(errors, name, states);
    // Upstream shows the resource, not its state.
    if (!resizeStates.includes(state)) errors.push(notSupported(states, name, resizeStates));
  }
  const allocated = statusPath.child("allocatedResources");
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    if (addNameErrors(errors, name, allocated)) addNegativeErrors(errors, amount, allocated.key(name));
  }
  return errors;
}

/** Storage, or what has a domain of its own. False where the name is neither. */
function addNameErrors(errors: FieldError[], name: string, place: Path): boolean {
  const messages = isQualifiedName(name);
  addMessages(errors, messages, place, name);
  if (messages.length > 0) return false;
  if (!isNativeResource(name) || name === "storage") return true;
  errors.push(notSupported(place, name, ["storage"]));
  return false;
}
