import type { FieldError } from "../field/error.ts";
import { invalid, tooLong } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { byteLength, isPrintable } from "../text/go-quote.ts";

/** Bytes that a manager's name may have. */
const maxFieldManagerBytes = 128;

/**
 * Who writes when a request does not say it: the user agent up to the first slash, without what cannot be printed
 * (apiserver/pkg/endpoints/handlers/create.go, prefixFromUserAgent). "kubectl/v1.36.0 (linux/amd64)" is "kubectl".
 */
export function managerFromUserAgent(userAgent: string): string {
  let name = "";
  let sizeBytes = 0;
  for (const character of userAgent.split("/", 1)[0]!) {
    if (!isPrintable(character)) continue;
    sizeBytes += byteLength(character);
    if (sizeBytes > maxFieldManagerBytes) break;
    name += character;
  }
  return name;
}

/** Broken rules of a request's `fieldManager` (apimachinery/pkg/apis/meta/v1/validation, ValidateFieldManager). */
export function validateFieldManager(name: string, path: Path | string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(name) > maxFieldManagerBytes) errors.push(tooLong(path, maxFieldManagerBytes));
  if (/^[\x20-\x7e]*$/.test(name)) return errors;
  let positionBytes = 0;
  for (const character of name) {
    if (!isPrintable(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      errors.push(invalid(path, name, `invalid character U+${code} (at position ${positionBytes})`));
    }
    positionBytes += byteLength(character);
  }
  return errors;
}

/** Bytes that the name of a subresource may have. */
const maxSubresourceBytes = 256;

/** Broken rules of `metadata.managedFields` (apimachinery/pkg/apis/meta/v1/validation, ValidateManagedFields). */
export function validateManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: Path,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, entry] of (entries ?? []).entries()) {
    const at = path.index(i);
    const { operation = "", fieldsType = "", manager = "", subresource = "" } = entry;
    if (operation !== "Apply" && operation !== "Update") {
      errors.push(invalid(at.child("operation"), operation, "must be `Apply` or `Update`"));
    }
    if (fieldsType !== "" && fieldsType !== "FieldsV1") {
      errors.push(invalid(at.child("fieldsType"), fieldsType, "must be `FieldsV1`"));
    }
    errors.push(...validateFieldManager(manager, at.child("manager")));
    if (byteLength(subresource) > maxSubresourceBytes)
      errors.push(tooLong(at.child("subresource"), maxSubresourceBytes));
  }
  return errors;
}
