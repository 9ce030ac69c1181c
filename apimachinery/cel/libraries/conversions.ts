import { type FunctionDeclaration, globalFunction } from "../check/function.ts";
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  stringType,
  timestampType,
  typeOfType,
  typeParameter,
  uintType,
} from "../types/type.ts";
import { CelError, integerOverflow, timestampOverflow, unsignedOverflow } from "../values/error.ts";
import { formatDouble, parseDouble, parseInteger } from "../values/go-number.ts";
import { typeOf } from "../values/kind.ts";
import { intOfDouble, maxInt, maxUint, minInt, timestamp, uint, uintOfDouble } from "../values/numbers.ts";
import { utf8Bytes, utf8Text } from "../values/text.ts";
import { floorDivide, formatDuration, formatTimestamp, parseDuration, parseTimestamp, second } from "../values/time.ts";
import { Duration, type Result, type Timestamp, Uint, type Value } from "../values/value.ts";

function cannot(from: CelType, to: CelType): CelError {
  return new CelError(`type conversion error from '${from.name}' to '${to.name}'`);
}

const noValue = (to: CelType): CelError => cannot(stringType, to);
const itself = ([value]: readonly Value[]): Result => value!;
const a = typeParameter("A");

function textToInt([text]: readonly Value[]): Result {
  const value = parseInteger(text as string);
  return value === undefined || value < minInt || value > maxInt ? noValue(intType) : value;
}

function textToUint([text]: readonly Value[]): Result {
  const value = /^\d+$/.test(text as string) ? BigInt(text as string) : undefined;
  return value === undefined || value > maxUint ? noValue(uintType) : new Uint(value);
}

function textToBool([text]: readonly Value[]): Result {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text as string)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text as string) ? false : noValue(boolType);
}

/** What `time.Parse` reads but lies outside the years 1 to 9999 is out of range, not malformed. */
function textToTimestamp([text]: readonly Value[]): Result {
  const value = parseTimestamp(text as string);
  if (value !== undefined) return value;
  const rest = /^\d{4}(-\d{2}-\d{2}T.*)$/.exec(text as string);
  return rest !== null && parseTimestamp(`2000${rest[1]}`) !== undefined && /^(0000|0001|9999)/.test(text as string)
    ? timestampOverflow
    : noValue(timestampType);
}

export const conversions: readonly FunctionDeclaration[] = [
  globalFunction("type", ["type", [a], typeOfType(a), ([value]) => typeOf(value!)]),
  globalFunction("dyn", ["to_dyn", [a], dynType, itself]),
  globalFunction(
    "bool",
    ["bool_to_bool", [boolType], boolType, itself],
    ["string_to_bool", [stringType], boolType, textToBool],
  ),
  globalFunction(
    "bytes",
    ["bytes_to_bytes", [bytesType], bytesType, itself],
    ["string_to_bytes", [stringType], bytesType, ([text]) => utf8Bytes(text as string)],
  ),
  globalFunction(
    "double",
    ["double_to_double", [doubleType], doubleType, itself],
    ["int64_to_double", [intType], doubleType, ([value]) => Number(value as bigint)],
    ["string_to_double", [stringType], doubleType, ([text]) => parseDouble(text as string) ?? noValue(doubleType)],
    ["uint64_to_double", [uintType], doubleType, ([value]) => Number((value as Uint).value)],
  ),
  globalFunction(
    "duration",
    ["duration_to_duration", [durationType], durationType, itself],
    ["int64_to_duration", [intType], durationType, ([value]) => new Duration(value as bigint)],
    [
      "string_to_duration",
      [stringType],
      durationType,
      ([text]) => parseDuration(text as string) ?? noValue(durationType),
    ],
  ),
  globalFunction(
    "int",
    ["int64_to_int64", [intType], intType, itself],
    ["double_to_int64", [doubleType], intType, ([value]) => intOfDouble(value as number)],
    ["duration_to_int64", [durationType], intType, ([value]) => (value as Duration).nanos],
    ["string_to_int64", [stringType], intType, textToInt],
    ["timestamp_to_int64", [timestampType], intType, ([value]) => floorDivide((value as Timestamp).nanos, second)],
    [
      "uint64_to_int64",
      [uintType],
      intType,
      ([value]) => ((value as Uint).value > maxInt ? integerOverflow : (value as Uint).value),
    ],
  ),
  globalFunction(
    "string",
    ["string_to_string", [stringType], stringType, itself],
    ["bool_to_string", [boolType], stringType, ([value]) => String(value)],
    [
      "bytes_to_string",
      [bytesType],
      stringType,
      ([bytes]) => utf8Text(bytes as Uint8Array) ?? new CelError("invalid UTF-8 in bytes, cannot convert to string"),
    ],
    ["double_to_string", [doubleType], stringType, ([value]) => formatDouble(value as number)],
    ["duration_to_string", [durationType], stringType, ([value]) => formatDuration(value as Duration)],
    ["int64_to_string", [intType], stringType, ([value]) => String(value)],
    ["timestamp_to_string", [timestampType], stringType, ([value]) => formatTimestamp(value as Timestamp)],
    ["uint64_to_string", [uintType], stringType, ([value]) => String((value as Uint).value)],
  ),
  globalFunction(
    "timestamp",
    ["timestamp_to_timestamp", [timestampType], timestampType, itself],
    ["int64_to_timestamp", [intType], timestampType, ([value]) => timestamp((value as bigint) * second)],
    ["string_to_timestamp", [stringType], timestampType, textToTimestamp],
  ),
  globalFunction(
    "uint",
    ["uint64_to_uint64", [uintType], uintType, itself],
    ["double_to_uint64", [doubleType], uintType, ([value]) => uintOfDouble(value as number)],
    [
      "int64_to_uint64",
      [intType],
      uintType,
      ([value]) => ((value as bigint) < 0n ? unsignedOverflow : uint(value as bigint)),
    ],
    ["string_to_uint64", [stringType], uintType, textToUint],
  ),
];

/** Calls of these with a constant are worked out once, before any evaluation. */
export const conversionNames: ReadonlySet<string> = new Set(conversions.map(({ name }) => name));
