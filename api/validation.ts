import type { FieldError } from "../apimachinery/field/error.ts";
import { invalid } from "../apimachinery/field/errors.ts";
import type { Path } from "../apimachinery/field/path.ts";
import type { Messages } from "../apimachinery/validation/messages.ts";

/** Where a field is: a path, or what makes one, for places deep in lists that are told only when there is an error. */
export type Place = Path | (() => Path);

/** Adds one `Invalid` for each message. */
export function addMessages(errors: FieldError[], messages: Messages, place: Place, value: unknown): void {
  for (const message of messages) errors.push(invalid(typeof place === "function" ? place() : place, value, message));
}

/** Ambiguous forms of addresses are refused (feature gate StrictIPCIDRValidation, on since 1.36), but for what is stored. */
export function strictly(validOld: readonly string[] = []): {
  readonly strict: true;
  readonly validOld: readonly string[];
} {
  return { strict: true, validOld };
}
