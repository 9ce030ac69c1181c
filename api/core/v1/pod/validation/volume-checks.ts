import type { FieldError } from "../../../../../apimachinery/field/error.ts";
import { invalid, required, tooLong } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { byteLength } from "../../../../../apimachinery/text/go-quote.ts";
import { isDNS1123Subdomain } from "../../../../../apimachinery/validation/dns.ts";
import type { Check } from "./check.ts";

/** A file's permissions, 0 to 0777. */
export function checkFileMode(check: Check, place: Path, mode: number | undefined): void {
  if (mode !== undefined && (mode > 0o777 || mode < 0)) {
    check.errors.push(invalid(place, mode, "must be a number between 0 and 0777 (octal), both inclusive"));
  }
}

/** A CSI driver's name: a DNS subdomain in any case of at most 63 bytes (ValidateCSIDriverName). */
export function isCSIDriverName(name: string, place: Path): FieldError[] {
  if (name === "") return [required(place)];
  const errors = isDNS1123Subdomain(name.toLowerCase()).map((message) => invalid(place, name, message));
  return byteLength(name) > 63 ? [tooLong(place, 63), ...errors] : errors;
}
