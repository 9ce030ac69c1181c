import type { FieldErrorType } from "../../../apimachinery/field/error.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/**
 * What is other than in the object that is changed, by place: `{ "spec.ports[0].port": 0, "metadata.labels[a/b]": "c" }`.
 * Brackets hold an index of a list, `[+]` what comes after its last item, or a key that has dots. `undefined` takes the
 * place away; what is missing on the way is made.
 */
export type Change = Readonly<Record<string, Json | undefined>>;

/** As it stands in `details.causes` of an Invalid answer. */
export interface Cause {
  readonly reason: FieldErrorType;
  readonly message: string;
  readonly field: string;
}

/** What breaks the rule, and the answer. */
export interface Refusal {
  readonly change: Change;
  readonly answer:
    | { readonly causes: readonly Cause[] | ((sent: JsonObject) => readonly Cause[]) }
    | { readonly status: object }
    | { readonly matches: RegExp };
}

/** One rule of validation, by what just keeps it and what breaks it. */
export interface Rule {
  /** A sentence. */
  readonly says: string;
  /** Where the rule is of an update, or of a status: how what is stored differs from the valid object. */
  readonly stored?: Change;
  /** What is put to a subresource of it before: how it differs from what is stored. */
  readonly before?: { readonly subresource: string; readonly change: Change };
  /** What is stored is being deleted, held back by a finalizer. */
  readonly deleted?: boolean;
  readonly accepts: Change | readonly Change[];
  readonly refuses: Refusal | readonly Refusal[];
}

/** The rules of one kind; every request goes over the wire to a real server. */
export interface KindRules {
  readonly group: string;
  readonly kind: string;
  /** The collection: `/api/v1/namespaces/default/pods`. */
  readonly path: string;
  /** Tried on a server whose services have addresses of both families. Default: IPv4 alone. */
  readonly dualStack?: boolean;
  /** Accepted as it stands. Its name is free again after each rule. */
  readonly valid: JsonObject;
  /** The server writes it meanwhile: what is put tells no resourceVersion. */
  readonly shared?: true;
  /** The server completes what is stored: it is done where this is so. */
  readonly isComplete?: (object: JsonObject) => boolean;
  /** Each changes the valid object, and creates it. */
  readonly create?: readonly Rule[];
  /** Each changes the stored object, and puts it. */
  readonly update?: readonly Rule[];
  /** Each changes the stored object, or its scale, and puts it to the subresource of this name. */
  readonly subresources?: Readonly<Record<string, readonly Rule[]>>;
}

/** Kinds that are told together. */
export interface Area {
  readonly kinds: readonly KindRules[];
  /**
   * Calls that no request can bring to a field error, by file: the line, and why. What is refused earlier (by decoding, by
   * defaults, by an earlier rule) is checked all the same, as upstream does.
   */
  readonly unreachable: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** 422 with exactly these causes, in this order. */
export function refused(change: Change, ...causes: readonly Cause[]): Refusal {
  return { change, answer: { causes } };
}

/** As `refused`, where the causes show what the server has made up: the object that is put tells it. */
export function refusedAs(change: Change, causes: (sent: JsonObject) => readonly Cause[]): Refusal {
  return { change, answer: { causes } };
}

/** 422 with a message like this, where it tells the time. */
export function refusedLike(change: Change, matches: RegExp): Refusal {
  return { change, answer: { matches } };
}

/** Another refusal; the Status whole, as `failure` of the support makes it. */
export function refusedWith(change: Change, status: object): Refusal {
  return { change, answer: { status } };
}

// Causes, in upstream's words (apimachinery/pkg/util/validation/field/errors.go). A shown value is given as JSON text shows it.

const cause = (reason: FieldErrorType, field: string, title: string, ...more: readonly string[]): Cause => ({
  reason,
  message: [title, ...more.filter((part) => part !== "")].join(": "),
  field,
});

export const invalid = (field: string, value: Json, detail: string): Cause =>
  cause("FieldValueInvalid", field, "Invalid value", JSON.stringify(value), detail);

/** For values that Go shows in its own way: `shown` stands in the message as it is. */
export const invalidShown = (field: string, shown: string, detail: string): Cause =>
  cause("FieldValueInvalid", field, "Invalid value", shown, detail);

export const typeInvalid = (field: string, value: Json, detail: string): Cause =>
  cause("FieldValueTypeInvalid", field, "Invalid value", JSON.stringify(value), detail);

export const required = (field: string, detail = ""): Cause =>
  cause("FieldValueRequired", field, "Required value", detail);

export const duplicate = (field: string, value: Json): Cause =>
  cause("FieldValueDuplicate", field, "Duplicate value", JSON.stringify(value));

export const notFound = (field: string, value: Json): Cause =>
  cause("FieldValueNotFound", field, "Not found", JSON.stringify(value));

export const forbidden = (field: string, detail: string): Cause =>
  cause("FieldValueForbidden", field, "Forbidden", detail);

export const notSupported = (field: string, value: Json, supported: readonly string[]): Cause =>
  cause(
    "FieldValueNotSupported",
    field,
    "Unsupported value",
    JSON.stringify(value),
    `supported values: ${supported.map((one) => JSON.stringify(one)).join(", ")}`,
  );

export const tooLong = (field: string, detail: string): Cause => cause("FieldValueTooLong", field, "Too long", detail);

export const tooShort = (field: string, detail: string): Cause =>
  cause("FieldValueTooShort", field, "Too short", detail);

export const tooMany = (field: string, actual: number, detail: string): Cause =>
  cause("FieldValueTooMany", field, "Too many", String(actual), detail);

export const tooFew = (field: string, actual: number, detail: string): Cause =>
  cause("FieldValueTooFew", field, "Too few", String(actual), detail);

export const internal = (field: string, detail: string): Cause =>
  cause("InternalError", field, "Internal error", detail);
