import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { validateNonnegativeField } from "../../../apimachinery/validation/immutable.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import { ageColumn, nameColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/storage-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { addMessages } from "../../validation.ts";
import { addDriverNameErrors } from "./validation.ts";

export type CSINode = types.CSINode;

const driversPath = path("spec", "drivers");
const nodeIDMaxLength = 256;

/** The drivers that are installed on a node (pkg/apis/storage/validation ValidateCSINode). */
export const CSINode = defineBuiltIn<CSINode>("storage.k8s.io/v1/csinodes", {
  returnDeletedObject: true,
  unconditionalUpdate: false,
  columns: [nameColumn, { name: "Drivers", type: "integer", cell: ({ spec }) => spec.drivers?.length ?? 0 }, ageColumn],
  validate({ spec }, old) {
    const errors: FieldError[] = [];
    const drivers = spec.drivers ?? [];
    for (const [i, driver] of drivers.entries()) {
      addDriverErrors(errors, driver, i);
      if (drivers.findIndex(({ name }) => name === driver.name) < i) {
        errors.push(duplicate(driversPath.index(i).child("name"), driver.name));
      }
    }
    for (const before of old?.spec.drivers ?? []) {
      for (const now of drivers.filter(({ name }) => name === before.name)) {
        const { allocatable: _now, ...fixed } = now;
        const { allocatable: _before, ...fixedBefore } = before;
        if (semanticEqual(fixed, fixedBefore)) continue;
        errors.push(invalid(driversPath, internalValue("CSINodeDriver", fixed), "field is immutable"));
      }
    }
    return errors;
  },
});

function addDriverErrors(errors: FieldError[], driver: types.CSINodeDriver, i: number): void {
  const place = driversPath.index(i);
  const { name = "", nodeID = "", allocatable, topologyKeys = [] } = driver;
  addDriverNameErrors(errors, name, place.child("name"));
  if (nodeID === "") errors.push(required(place.child("nodeID")));
  if (Buffer.byteLength(nodeID) > nodeIDMaxLength) {
    errors.push(invalid(place.child("nodeID"), nodeID, `must be ${nodeIDMaxLength} characters or less`));
  }
  if (allocatable?.count !== undefined) {
    errors.push(...validateNonnegativeField(allocatable.count, place.child("allocatable", "count")));
  }
  for (const [j, key] of topologyKeys.entries()) {
    if (key === "") errors.push(required(place));
    if (topologyKeys.indexOf(key) < j) errors.push(duplicate(place, key));
    addMessages(errors, isQualifiedName(key), place, key);
  }
}
