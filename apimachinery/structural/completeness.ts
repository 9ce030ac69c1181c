import type { FieldError } from "../field/error.ts";
import { required } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import { itemsOf, type Props, propertyOf } from "./props.ts";

/** What allOf, anyOf, oneOf and not restrict must be specified outside of them (schema/complete.go). */
export function completenessErrors(props: Props, place: Path, errors: FieldError[]): void {
  valuesComplete(props, props, place, place, errors);
}

function valuesComplete(value: Props, structure: Props, at: Path, from: Path, errors: FieldError[]): void {
  if (value.not !== undefined) nestedComplete(value.not, structure, at, from.child("not"), errors);
  for (const name of ["allOf", "anyOf", "oneOf"] as const) {
    value[name]?.forEach((one, i) => {
      nestedComplete(one, structure, at, from.child(name).index(i), errors);
    });
  }
}

function nestedComplete(value: Props, structure: Props | undefined, at: Path, from: Path, errors: FieldError[]): void {
  if (structure === undefined) {
    errors.push(required(at, `because it is defined in ${from}`));
    return;
  }
  valuesComplete(value, structure, at, from, errors);
  const items = itemsOf(value);
  if (items !== undefined) nestedComplete(items, itemsOf(structure), at.child("items"), from.child("items"), errors);
  for (const [name, property] of Object.entries(value.properties ?? {})) {
    const place = at.child("properties").key(name);
    nestedComplete(property, propertyOf(structure, name), place, from.child("properties").key(name), errors);
  }
}
