import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { Quantity } from "../../../apimachinery/quantity/quantity.ts";
import { negativeMessage, validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import {
  labelSelectorHasInvalidLabelValue,
  validateLabelSelector,
} from "../../../apimachinery/validation/label-fields.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import { nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/storage-v1.ts";
import { goSelector } from "../../go-values.ts";
import { addMessages } from "../../validation.ts";

export type CSIStorageCapacity = types.CSIStorageCapacity;

const fieldsPath = { class: path("storageClassName"), topology: path("nodeTopology"), capacity: path("capacity") };

/** How much a driver can still make of a class in a part of the cluster (ValidateCSIStorageCapacity). */
export const CSIStorageCapacity = defineBuiltIn<CSIStorageCapacity>("storage.k8s.io/v1/csistoragecapacities", {
  unconditionalUpdate: false,
  columns: [
    nameColumn,
    textColumn("StorageClassName", ({ storageClassName }) => storageClassName),
    textColumn("Capacity", ({ capacity }) => capacity ?? "<unset>"),
  ],
  validate({ storageClassName, nodeTopology, capacity }, old) {
    const errors: FieldError[] = [];
    const allowInvalidLabelValue = labelSelectorHasInvalidLabelValue(old?.nodeTopology);
    errors.push(...validateLabelSelector(nodeTopology, fieldsPath.topology, { allowInvalidLabelValue }));
    addMessages(errors, nameIsDNSSubdomain(storageClassName ?? "", false), fieldsPath.class, storageClassName ?? "");
    if (capacity !== undefined && Quantity.parse(capacity).sign() < 0) {
      errors.push(invalid(fieldsPath.capacity, capacity, negativeMessage));
    }
    if (old === undefined) return errors;
    errors.push(...validateImmutableField(goSelector(nodeTopology), goSelector(old.nodeTopology), fieldsPath.topology));
    errors.push(...validateImmutableField(storageClassName, old.storageClassName, fieldsPath.class));
    return errors;
  },
});
