import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { duplicate, invalid, required, tooLong, tooMany } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { byteLength, goQuote } from "../../../../apimachinery/text/go-quote.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../../../apimachinery/validation/dns.ts";
import { isCIdentifier } from "../../../../apimachinery/validation/formats.ts";
import { isCSIDriverName } from "../../../core/v1/pod/validation/volume-checks.ts";
import { addMessages } from "../../../validation.ts";

// What rules of resource.k8s.io share: pkg/apis/resource/validation.

export type Errors = FieldError[];

const maxPoolName = 253;
const maxDomain = 63;
const maxIdentifier = 32;
/** Longer keys of attributes and capacities are shortened in paths. */
export const maxQualifiedKey = maxDomain + 1 + maxIdentifier;

export function addDriverErrors(errors: Errors, name: string, place: Path): void {
  errors.push(...isCSIDriverName(name, place));
}

export function addLabelErrors(errors: Errors, name: string, place: Path): void {
  addMessages(errors, isDNS1123Label(name), place, name);
}

export function addPoolErrors(errors: Errors, name: string, place: Path): void {
  if (name === "") {
    errors.push(required(place));
    return;
  }
  if (byteLength(name) > maxPoolName) errors.push(tooLong(place, maxPoolName));
  for (const part of name.split("/")) addMessages(errors, isDNS1123Subdomain(part), place, part);
}

/** `name`, or `domain/name`. */
export function addQualifiedNameErrors(errors: Errors, name: string, place: Path): void {
  const [first = "", second, ...more] = name.split("/");
  if (more.length > 0) return;
  if (second === undefined) {
    addIdentifierErrors(errors, first, place);
    return;
  }
  if (first === "") errors.push(invalid(place, "", "the domain must not be empty"));
  else addDriverErrors(errors, first, place);
  if (second === "") errors.push(invalid(place, "", "the name must not be empty"));
  else addIdentifierErrors(errors, second, place);
}

export function addFullyQualifiedNameErrors(errors: Errors, name: string, place: Path): void {
  addQualifiedNameErrors(errors, name, place);
  if (!name.includes("/")) {
    errors.push(invalid(place, name, "a fully qualified name must be a domain and a name separated by a slash"));
  }
}

function addIdentifierErrors(errors: Errors, name: string, place: Path): void {
  if (byteLength(name) > maxIdentifier) errors.push(tooLong(place, maxIdentifier));
  addMessages(errors, isCIdentifier(name), place, name);
}

const uuid = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

export function addUidErrors(errors: Errors, uid: string, place: Path): void {
  const problem = uuidProblem(uid);
  if (problem !== undefined) errors.push(invalid(place, uid, `error validating uid: ${problem}`));
  else if (uid.length !== 36 || uid !== uid.toLowerCase()) {
    const form =
      "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters";
    errors.push(invalid(place, uid, form));
  }
}

/** As github.com/google/uuid judges: with or without hyphens, in braces, or as a URN. */
function uuidProblem(text: string): string | undefined {
  switch (text.length) {
    case 32:
      return /^[0-9a-fA-F]*$/.test(text) ? undefined : "invalid UUID format";
    case 36:
      return uuid.test(text) ? undefined : "invalid UUID format";
    case 38:
      if (!text.startsWith("{") || !text.endsWith("}")) return "invalid bracketed UUID format";
      return uuid.test(text.slice(1, -1)) ? undefined : "invalid UUID format";
    case 45:
      if (text.slice(0, 9).toLowerCase() !== "urn:uuid:") return `invalid urn prefix: ${goQuote(text.slice(0, 9))}`;
      return uuid.test(text.slice(9)) ? undefined : "invalid UUID format";
    default:
      return `invalid UUID length: ${byteLength(text)}`;
  }
}

interface ListRules<T> {
  /** Default: any number. */
  readonly max?: number;
  /** What must differ from item to item, as it is shown. */
  readonly key?: (item: T) => unknown;
  readonly each: (errors: Errors, item: T, place: Path) => void;
}

/** Too long a list is judged no further. */
export function addListErrors<T>(errors: Errors, list: readonly T[] = [], place: Path, rules: ListRules<T>): void {
  const { max, key, each } = rules;
  if (max !== undefined && list.length > max) {
    errors.push(tooMany(place, list.length, max));
    return;
  }
  for (const [i, item] of list.entries()) each(errors, item, place.index(i));
  if (key === undefined) return;
  const seen = new Set<string>();
  for (const [i, item] of list.entries()) {
    const shown = key(item);
    const text = JSON.stringify(shown);
    if (seen.has(text)) errors.push(duplicate(place.index(i), shown));
    seen.add(text);
  }
}

interface MapRules<T> {
  readonly max?: number;
  readonly keyMax: number;
  readonly key: (errors: Errors, key: string, place: Path) => void;
  readonly each?: (errors: Errors, item: T, place: Path) => void;
}

export function addMapErrors<T>(
  errors: Errors,
  map: Readonly<Record<string, T>> = {},
  place: Path,
  { max, keyMax, key, each }: MapRules<T>,
): void {
  const entries = Object.entries(map);
  if (max !== undefined && entries.length > max) {
    errors.push(tooMany(place, entries.length, max));
    return;
  }
  for (const [name, item] of entries) {
    key(errors, name, place);
    each?.(errors, item, place.key(shortened(name, keyMax)));
  }
}

function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const rest = max - 3;
  return `${text.slice(0, Math.floor((rest + 1) / 2))}...${text.slice(text.length - Math.floor(rest / 2))}`;
}

/** JSON that others understand: an object of at most `max` bytes. `unchanged`: it was let in before, whatever its size. */
export function addRawErrors(
  errors: Errors,
  value: unknown,
  place: Path,
  { max, unchanged }: { readonly max: number; readonly unchanged: boolean },
): void {
  if (value === undefined || value === null) errors.push(required(place));
  else if (!unchanged && byteLength(JSON.stringify(value)) > max) errors.push(tooLong(place, max));
  else if (typeof value !== "object" || Array.isArray(value)) {
    errors.push(invalid(place, "<value omitted>", "must be a valid JSON object"));
  }
}
