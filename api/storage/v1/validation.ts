import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required, tooLong } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { byteLength } from "../../../apimachinery/text/go-quote.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import { addMessages } from "../../validation.ts";

// What several kinds share: pkg/apis/storage/validation/validation.go, pkg/apis/core/validation ValidateCSIDriverName.

const maxParameters = 512;
const maxParametersBytes = 256 * 1024;

export function addProvisionerErrors(errors: FieldError[], provisioner: string, place: Path): void {
  if (provisioner === "") errors.push(required(place));
  else addMessages(errors, isQualifiedName(provisioner.toLowerCase()), place, provisioner.toLowerCase());
}

export interface ParameterRules {
  readonly place: Path;
  readonly mayBeEmpty: boolean;
}

export function addParameterErrors(
  errors: FieldError[],
  parameters: Readonly<Record<string, string>> = {},
  { place, mayBeEmpty }: ParameterRules,
): void {
  const entries = Object.entries(parameters);
  if (entries.length > maxParameters) {
    errors.push(tooLong(place, maxParameters));
    return;
  }
  let size = 0;
  for (const [key, value] of entries) {
    if (key === "") errors.push(invalid(place, key, "field can not be empty."));
    size += byteLength(key) + byteLength(value);
  }
  if (size > maxParametersBytes) errors.push(tooLong(place, maxParametersBytes));
  if (!mayBeEmpty && entries.length === 0) errors.push(required(place, "must contain at least one key/value pair"));
}

export function addDriverNameErrors(errors: FieldError[], name: string, place: Path): void {
  if (name === "") {
    errors.push(required(place));
    return;
  }
  if (byteLength(name) > 63) errors.push(tooLong(place, 63));
  addMessages(errors, isDNS1123Subdomain(name.toLowerCase()), place, name);
}
