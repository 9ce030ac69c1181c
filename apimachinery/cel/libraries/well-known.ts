import type { StructType } from "../check/environment.ts";
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  stringType,
  timestampType,
  uintType,
  wrapperType,
} from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { duration, timestamp } from "../values/numbers.ts";
import { second } from "../values/time.ts";
import { ArrayList, LiteralMap, type Result, Uint, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";

function struct(
  type: CelType,
  fields: Readonly<Record<string, CelType>>,
  make: (fields: ReadonlyMap<string, Value>) => Result,
): StructType {
  return { type, field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined), make };
}

/** A wrapper's value is the value it wraps. */
function wrapper(type: CelType, zero: Value, check: (value: Value) => boolean = () => true): StructType {
  return struct(wrapperType(type), { value: type }, (fields) => {
    const value = fields.get("value") ?? zero;
    return check(value) ? value : new CelError("range error");
  });
}

const int32 = (value: Value): boolean => typeof value === "bigint" && value >= -(2n ** 31n) && value < 2n ** 31n;
const uint32 = (value: Value): boolean => value instanceof Uint && value.value < 2n ** 32n;

function spanFields(fields: ReadonlyMap<string, Value>): bigint {
  return (
    ((fields.get("seconds") as bigint | undefined) ?? 0n) * second + ((fields.get("nanos") as bigint | undefined) ?? 0n)
  );
}

function float(fields: ReadonlyMap<string, Value>): Result {
  return Math.fround((fields.get("value") as number | undefined) ?? 0);
}

const anyValue: Readonly<Record<string, CelType>> = {
  null_value: dynType,
  number_value: doubleType,
  string_value: stringType,
  bool_value: boolType,
  struct_value: mapType(stringType, dynType),
  list_value: listType(dynType),
};

function first(fields: ReadonlyMap<string, Value>): Result {
  const [entry] = fields;
  return entry === undefined || entry[0] === "null_value" ? null : entry[1];
}

const structs: readonly (readonly [name: string, struct: StructType])[] = [
  ["BoolValue", wrapper(boolType, false)],
  ["BytesValue", wrapper(bytesType, new Uint8Array())],
  ["DoubleValue", wrapper(doubleType, 0)],
  ["FloatValue", struct(wrapperType(doubleType), { value: doubleType }, float)],
  ["Int32Value", wrapper(intType, 0n, int32)],
  ["Int64Value", wrapper(intType, 0n)],
  ["StringValue", wrapper(stringType, "")],
  ["UInt32Value", wrapper(uintType, new Uint(0n), uint32)],
  ["UInt64Value", wrapper(uintType, new Uint(0n))],
  ["Value", struct(dynType, anyValue, first)],
  [
    "Struct",
    struct(
      mapType(stringType, dynType),
      { fields: mapType(stringType, dynType) },
      (f) => f.get("fields") ?? new LiteralMap(),
    ),
  ],
  ["ListValue", struct(listType(dynType), { values: listType(dynType) }, (f) => f.get("values") ?? new ArrayList([]))],
  ["Duration", struct(durationType, { seconds: intType, nanos: intType }, (f) => duration(spanFields(f)))],
  ["Timestamp", struct(timestampType, { seconds: intType, nanos: intType }, (f) => timestamp(spanFields(f)))],
];

/** protobuf's well-known types: `google.protobuf.Int64Value{value: 1}` is an int that null may stand for. */
export const wellKnownLibrary: Library = {
  name: "google.protobuf",
  types: new Map([["google.protobuf.NullValue", nullType]]),
  structs: new Map(structs.map(([name, type]) => [`google.protobuf.${name}`, type])),
};
