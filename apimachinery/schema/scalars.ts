import type { JsonValue } from "../json/json.ts";
import { canonicalBase64 } from "./base64.ts";
import {
  canonicalDuration,
  canonicalMicroTime,
  canonicalQuantity,
  canonicalResource,
  canonicalTime,
} from "./canonical.ts";
import { DecodeError } from "./decode-error.ts";
import type { ScalarSchema } from "./schema.ts";

/** Why a value is not of the scalar's type. */
export interface Refusal {
  /** The number is refused for its value, not for being one: the message quotes it. */
  readonly withDigits: boolean;
  /** Go's name of the type, where an unmarshaler of upstream's reads the value as something else. */
  readonly typeName?: string;
  /** The whole error, where it does not speak of types. */
  readonly problem?: DecodeError;
}

/** Canonicalizes one scalar; never called with what a field or list does with null. */
export type CanonicalScalar = (value: JsonValue) => string | number | boolean | Refusal;

const wrong: Refusal = { withDigits: false };
const wrongNumber: Refusal = { withDigits: true };
const notText: Refusal = { withDigits: false, typeName: "string" };
const notInt32: Refusal = { withDigits: false, typeName: "int32" };
const wrongInt32: Refusal = { withDigits: true, typeName: "int32" };

export function canonicalScalar(schema: ScalarSchema): CanonicalScalar {
  switch (schema.type) {
    case "boolean":
      return (value) => (typeof value === "boolean" ? value : wrong);
    case "integer":
      return schema.format === "int32" ? int32 : int64;
    case "number":
      return (value) => (typeof value === "number" ? value : isBig(value) ? Number(value) : wrong);
    case "int-or-string":
      return intOrString;
    case "string":
      return stringOf(schema.format);
  }
}

function stringOf(format: string | undefined): CanonicalScalar {
  switch (format) {
    case "byte":
      return base64;
    case "quantity":
      return quantityOf(canonicalQuantity);
    case "date-time":
      return textOf(canonicalTime);
    case "micro-time":
      return textOf(canonicalMicroTime);
    case "duration":
      return textOf(canonicalDuration);
    default:
      return (value) => (typeof value === "string" ? value : wrong);
  }
}

/** What exact parsing makes of integers beyond 2^53; JsonValue does not name it. */
function isBig(value: unknown): value is bigint {
  return typeof value === "bigint";
}

function int32(value: JsonValue): number | Refusal {
  if (typeof value !== "number") return isBig(value) ? wrongNumber : wrong;
  return (value | 0) === value ? value | 0 : wrongNumber;
}

const maxInt64 = 2 ** 63;

/** Beyond 2^53 the nearest number that JavaScript holds: no int64 of the API comes near. */
function int64(value: JsonValue): number | Refusal {
  if (isBig(value)) return Number(value);
  if (typeof value !== "number") return wrong;
  if (!Number.isInteger(value) || value > maxInt64 || value < -maxInt64) return wrongNumber;
  return value === 0 ? 0 : value;
}

function intOrString(value: JsonValue): string | number | Refusal {
  if (typeof value === "string") return value;
  if (typeof value !== "number") return isBig(value) ? wrongInt32 : notInt32;
  return (value | 0) === value ? value | 0 : wrongInt32;
}

function base64(value: JsonValue): string | Refusal {
  if (typeof value !== "string") return wrong;
  const result = canonicalBase64(value);
  if (typeof result === "string") return result;
  const message = `illegal base64 data at input byte ${result}`;
  const problem = new DecodeError(message, { whenRestored: `error decoding from json: ${message}` });
  return { withDigits: false, problem };
}

/** resource.Quantity reads whatever JSON stands there as the text of a quantity. */
function quantityOf(canonical: (value: string | number | bigint) => string): CanonicalScalar {
  return (value) =>
    attempt(
      canonical,
      typeof value === "string" || typeof value === "number" || isBig(value) ? value : JSON.stringify(value),
    );
}

/** A quantity in a core/v1 ResourceList. */
export const resourceQuantity: CanonicalScalar = quantityOf(canonicalResource);

function textOf(canonical: (text: string) => string): CanonicalScalar {
  return (value) => (typeof value === "string" ? attempt(canonical, value) : notText);
}

function attempt<T>(canonical: (value: T) => string, value: T): string | Refusal {
  try {
    return canonical(value);
  } catch (cause) {
    return {
      withDigits: false,
      problem: new DecodeError(cause instanceof Error ? cause.message : String(cause), { cause }),
    };
  }
}
