import type { FieldError } from "../field/error.ts";
import { forbidden, invalid, notSupported, required, tooLong } from "../field/errors.ts";
import { type Path, path } from "../field/path.ts";
import { byteLength, isPrintable } from "../text/go-quote.ts";

// Rules and texts: apimachinery/pkg/apis/meta/v1/validation/validation.go.

export interface WriteOptions {
  readonly dryRun?: readonly string[];
  readonly fieldManager?: string;
  readonly fieldValidation?: string;
}

export interface PatchOptions extends WriteOptions {
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly dryRun?: readonly string[];
  readonly gracePeriodSeconds?: number;
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

const fieldManagerMaxBytes = 128;

export function validateFieldManager(manager: string, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(manager) > fieldManagerMaxBytes) errors.push(tooLong(place, fieldManagerMaxBytes));
  if (/^[\x20-\x7e]*$/.test(manager)) return errors;
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      errors.push(invalid(place, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += byteLength(character);
  }
  return errors;
}

export function validateDryRun(place: Path, dryRun: readonly string[]): readonly FieldError[] {
  return dryRun.every((value) => value === "All") ? [] : [notSupported(place, dryRun, ["All"])];
}

export function validateFieldValidation(place: Path, value: string): readonly FieldError[] {
  const known = ["", "Ignore", "Strict", "Warn"];
  return known.includes(value) ? [] : [notSupported(place, value, known)];
}

/** CreateOptions. */
export function validateCreateOptions(options: WriteOptions): readonly FieldError[] {
  return [
    ...validateFieldManager(options.fieldManager ?? "", path("fieldManager")),
    ...validateDryRun(path("dryRun"), options.dryRun ?? []),
    ...validateFieldValidation(path("fieldValidation"), options.fieldValidation ?? ""),
  ];
}

/** UpdateOptions: the same rules. */
export const validateUpdateOptions: (options: WriteOptions) => readonly FieldError[] = validateCreateOptions;

/** PatchOptions; server-side apply needs its manager, the other patches know no force. */
export function validatePatchOptions(options: PatchOptions, kind: "apply" | "other"): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (kind === "apply" && !options.fieldManager)
    errors.push(required(path("fieldManager"), "is required for apply patch"));
  if (kind === "other" && options.force !== undefined) {
    errors.push(forbidden(path("force"), "may not be specified for non-apply patch"));
  }
  return [...errors, ...validateCreateOptions(options)];
}

const policies = ["Foreground", "Background", "Orphan"];

export function validateDeleteOptions(options: DeleteOptions): readonly FieldError[] {
  const errors: FieldError[] = [];
  const place = path("propagationPolicy");
  const policy = options.propagationPolicy;
  if (options.orphanDependents !== undefined && policy !== undefined) {
    errors.push(invalid(place, policy, "orphanDependents and deletionPropagation cannot be both set"));
  }
  if (policy !== undefined && !policies.includes(policy))
    errors.push(notSupported(place, policy, [...policies, "nil"]));
  errors.push(...validateDryRun(path("dryRun"), options.dryRun ?? []));
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential) errors.push(...aloneErrors(options));
  return errors;
}

function aloneErrors(options: DeleteOptions): FieldError[] {
  const place = path("ignoreStoreReadErrorWithClusterBreakingPotential");
  const others = {
    dryRun: (options.dryRun ?? []).length > 0,
    propagationPolicy: options.propagationPolicy !== undefined,
    orphanDependents: options.orphanDependents !== undefined,
    gracePeriodSeconds: options.gracePeriodSeconds !== undefined,
    preconditions: options.preconditions !== undefined,
  };
  return Object.entries(others)
    .filter(([, set]) => set)
    .map(([name]) => invalid(place, true, `cannot be set together with .${name}`));
}

/** TableOptions' includeObject. */
export function validateIncludeObject(value: string): readonly FieldError[] {
  if (["", "Metadata", "None", "Object"].includes(value)) return [];
  return [invalid(path("includeObject"), value, "must be 'Metadata', 'Object', 'None', or empty")];
}
