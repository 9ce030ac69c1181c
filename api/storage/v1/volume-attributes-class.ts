import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/storage-v1.ts";
import { addParameterErrors, addProvisionerErrors } from "./validation.ts";

export type VolumeAttributesClass = types.VolumeAttributesClass;

/** Attributes that a volume may change while it is used (ValidateVolumeAttributesClass). */
export const VolumeAttributesClass = defineBuiltIn<VolumeAttributesClass>("storage.k8s.io/v1/volumeattributesclasses", {
  returnDeletedObject: true,
  columns: [nameColumn, textColumn("DriverName", ({ driverName }) => driverName), ageColumn],
  validate({ driverName, parameters }, old) {
    const errors: FieldError[] = [];
    if (old !== undefined && driverName !== old.driverName) {
      errors.push(forbidden(path("driverName"), "updates to driverName are forbidden."));
    }
    if (old !== undefined && !semanticEqual(parameters, old.parameters)) {
      errors.push(forbidden(path("parameters"), "updates to parameters are forbidden."));
    }
    addProvisionerErrors(errors, driverName ?? "", path("driverName"));
    addParameterErrors(errors, parameters, { place: path("parameters"), mayBeEmpty: false });
    return errors;
  },
});
