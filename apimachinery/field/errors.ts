import { goJson } from "../text/go-json.ts";
import { goQuote } from "../text/go-quote.ts";
import type { FieldError, FieldErrorType } from "./error.ts";
import type { Path } from "./path.ts";

type Place = Path | string;

/** Stands for a value that the message shall not show. */
export const omittedValue: unique symbol = Symbol("omitted value");

/** A text that stands behind a pointer in Go, or has a type of its own: messages show it as JSON and not by `%q`. */
export function jsonText(text: string): unknown {
  return { toJSON: () => text };
}

function make(type: FieldErrorType, place: Place, value: unknown, detail: string): FieldError {
  return { type, field: String(place), value, detail };
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** A malformed value: wrong pattern, out of bounds. */
export function invalid(place: Place, value: unknown, detail: string): FieldError {
  return make("FieldValueInvalid", place, value, detail);
}

/** A value of the wrong type. */
export function typeInvalid(place: Place, value: unknown, detail: string): FieldError {
  return make("FieldValueTypeInvalid", place, value, detail);
}

/** Nothing where something must be. */
export function required(place: Place, detail = ""): FieldError {
  return make("FieldValueRequired", place, "", detail);
}

/** Two values where each must be unique. */
export function duplicate(place: Place, value: unknown): FieldError {
  return make("FieldValueDuplicate", place, value, "");
}

/** A value outside of the allowed set; the message lists the set in the given order. */
export function notSupported(place: Place, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? "" : `supported values: ${supported.map(goQuote).join(", ")}`;
  return make("FieldValueNotSupported", place, value, detail);
}

/** A good value that is not allowed under the conditions. */
export function forbidden(place: Place, detail: string): FieldError {
  return make("FieldValueForbidden", place, "", detail);
}

/** A reference to what does not exist. */
export function notFound(place: Place, value: unknown): FieldError {
  return make("FieldValueNotFound", place, value, "");
}

/** More than `maxBytes` bytes; a negative limit is not named. */
export function tooLong(place: Place, maxBytes: number): FieldError {
  const detail = maxBytes >= 0 ? `may not be more than ${count(maxBytes, "byte", "bytes")}` : "value is too long";
  return make("FieldValueTooLong", place, omittedValue, detail);
}

/** More than `max` characters. */
export function tooLongCharacters(place: Place, max: number): FieldError {
  const detail = max >= 0 ? `may not be more than ${count(max, "character", "characters")}` : "value is too long";
  return make("FieldValueTooLong", place, omittedValue, detail);
}

/** Fewer than `min` characters. */
export function tooShort(place: Place, value: string, min: number): FieldError {
  const detail = min >= 0 ? `must be at least ${count(min, "character", "characters")}` : "value is too short";
  return make("FieldValueTooShort", place, value, detail);
}

/** More items than allowed; a negative `actual` is not shown. */
export function tooMany(place: Place, actual: number, max: number): FieldError {
  const detail = max >= 0 ? `must have at most ${count(max, "item", "items")}` : "has too many items";
  return make("FieldValueTooMany", place, actual >= 0 ? actual : omittedValue, detail);
}

/** Fewer items than needed. */
export function tooFew(place: Place, actual: number, min: number): FieldError {
  const detail = min >= 0 ? `must have at least ${count(min, "item", "items")}` : "has too few items";
  return make("FieldValueTooFew", place, actual, detail);
}

/** A failure that the client's input did not cause. */
export function internalError(place: Place, error: Error | string): FieldError {
  return make("InternalError", place, undefined, typeof error === "string" ? error : error.message);
}

const titles: Readonly<Record<FieldErrorType, string>> = {
  FieldValueNotFound: "Not found",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooShort: "Too short",
  FieldValueTooMany: "Too many",
  FieldValueTooFew: "Too few",
  FieldValueTypeInvalid: "Invalid value",
  InternalError: "Internal error",
};

function showsValue(type: FieldErrorType): boolean {
  switch (type) {
    case "FieldValueRequired":
    case "FieldValueForbidden":
    case "FieldValueTooLong":
    case "FieldValueTooShort":
    case "InternalError":
      return false;
    default:
      return true;
  }
}

function showValue(value: unknown): string {
  if (typeof value === "string") return goQuote(value);
  return goJson(value);
}

/** What is wrong, without the field's name: the `message` of a StatusCause (field.Error.ErrorBody). */
export function fieldErrorBody(error: FieldError): string {
  let body = titles[error.type];
  if (showsValue(error.type) && error.value !== omittedValue) body += `: ${showValue(error.value)}`;
  return error.detail === "" ? body : `${body}: ${error.detail}`;
}

/** `spec.replicas: Invalid value: -1: must be greater than or equal to 0` (field.Error.Error). */
export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

/** All errors as one text: bare if there is one, else `[a, b]`, each text once (field.ErrorList.ToAggregate). */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  return formatAggregate(errors.map(formatFieldError));
}

/** Several messages as one, as utilerrors.Aggregate prints them: repeated ones fold, several stand in brackets. */
export function formatAggregate(messages: readonly string[]): string {
  const unique = [...new Set(messages)];
  return unique.length === 1 ? unique[0]! : unique.length === 0 ? "" : `[${unique.join(", ")}]`;
}
