import { type FunctionDeclaration, functionTable, type Overload } from "../check/function.ts";
import {
  boolType,
  bytesType,
  CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  opaqueType,
  stringType,
  timestampType,
  typeParameter,
  typeType,
  uintType,
  wrapperType,
} from "../types/type.ts";
import { parseDuration, parseTimestamp } from "../values/time.ts";
import { ArrayList, LiteralMap, Uint, type Value } from "../values/value.ts";

type Json = Record<string, unknown>;

const primitives: Readonly<Record<string, CelType>> = {
  BOOL: boolType,
  INT64: intType,
  UINT64: uintType,
  DOUBLE: doubleType,
  STRING: stringType,
  BYTES: bytesType,
};
const messages: Readonly<Record<string, CelType>> = {
  "google.protobuf.BoolValue": wrapperType(boolType),
  "google.protobuf.BytesValue": wrapperType(bytesType),
  "google.protobuf.DoubleValue": wrapperType(doubleType),
  "google.protobuf.FloatValue": wrapperType(doubleType),
  "google.protobuf.Int32Value": wrapperType(intType),
  "google.protobuf.Int64Value": wrapperType(intType),
  "google.protobuf.StringValue": wrapperType(stringType),
  "google.protobuf.UInt32Value": wrapperType(uintType),
  "google.protobuf.UInt64Value": wrapperType(uintType),
  "google.protobuf.Value": dynType,
  "google.protobuf.Any": dynType,
  "google.protobuf.Struct": mapType(stringType, dynType),
  "google.protobuf.ListValue": listType(dynType),
  "google.protobuf.Duration": durationType,
  "google.protobuf.Timestamp": timestampType,
};

/** A cel.expr.Type in JSON. `undefined` where it is of a message that is not here. */
export function readType(type: Json): CelType | undefined {
  const [kind, value] = Object.entries(type)[0] ?? ["dyn", {}];
  switch (kind) {
    case "primitive":
      return primitives[value as string];
    case "wrapper":
      return wrapperType(primitives[value as string]!);
    case "wellKnown":
      return { TIMESTAMP: timestampType, DURATION: durationType, ANY: dynType }[value as string];
    case "null":
      return nullType;
    case "dyn":
      return dynType;
    case "type":
      return typeType;
    case "typeParam":
      return typeParameter(value as string);
    case "messageType":
      return messages[value as string];
    case "listType": {
      const item = readType((value as Json)["elemType"] as Json);
      return item && listType(item);
    }
    case "mapType": {
      const key = readType((value as Json)["keyType"] as Json);
      const item = readType((value as Json)["valueType"] as Json);
      return key && item && mapType(key, item);
    }
    case "abstractType": {
      const { name, parameterTypes = [] } = value as { name: string; parameterTypes?: Json[] };
      const parameters = parameterTypes.map(readType);
      return parameters.includes(undefined) ? undefined : opaqueType(name, ...(parameters as CelType[]));
    }
  }
  return undefined;
}

const typeNames: Readonly<Record<string, CelType>> = {
  bool: boolType,
  bytes: bytesType,
  double: doubleType,
  int: intType,
  list: listType(dynType),
  map: mapType(dynType, dynType),
  null_type: nullType,
  string: stringType,
  type: typeType,
  uint: uintType,
  "google.protobuf.Timestamp": timestampType,
  "google.protobuf.Duration": durationType,
  optional_type: new CelType("opaque", "optional_type"),
};

/** A cel.expr.Value in JSON. `undefined` where it holds a message that is not here. */
export function readValue(json: Json): Value | undefined {
  const [kind, value] = Object.entries(json)[0]!;
  switch (kind) {
    case "nullValue":
      return null;
    case "boolValue":
    case "stringValue":
      return value as boolean | string;
    case "doubleValue":
      return Number(value);
    case "int64Value":
      return BigInt(value as string);
    case "uint64Value":
      return new Uint(BigInt(value as string));
    case "bytesValue":
      return new Uint8Array(Buffer.from(value as string, "base64"));
    case "typeValue":
      return typeNames[value as string] ?? new CelType("object", value as string);
    case "listValue": {
      const items = (((value as Json)["values"] as Json[] | undefined) ?? []).map(readValue);
      return items.includes(undefined) ? undefined : new ArrayList(items as Value[]);
    }
    case "mapValue": {
      const entries = ((value as Json)["entries"] as { key: Json; value: Json }[] | undefined) ?? [];
      const read = entries.map((entry) => [readValue(entry.key), readValue(entry.value)] as const);
      return read.some((pair) => pair.includes(undefined)) ? undefined : LiteralMap.of(read as [Value, Value][]);
    }
    case "objectValue":
      return readObject(value as Json);
  }
  return undefined;
}

function readObject(json: Json): Value | undefined {
  const { value } = json as { value?: unknown };
  switch ((json["@type"] as string).replace("type.googleapis.com/google.protobuf.", "")) {
    case "Duration":
      return parseDuration(value as string) as Value;
    case "Timestamp":
      return parseTimestamp(value as string);
    case "BoolValue":
    case "StringValue":
      return value as boolean | string;
    case "DoubleValue":
    case "FloatValue":
      return Number(value);
    case "Int32Value":
    case "Int64Value":
      return BigInt(value as string);
    case "UInt32Value":
    case "UInt64Value":
      return new Uint(BigInt(value as string));
    case "BytesValue":
      return new Uint8Array(Buffer.from(value as string, "base64"));
    case "Value":
    case "Struct":
    case "ListValue":
      return fromDoubles(value);
  }
  return undefined;
}

/** JSON as protobuf has it: every number a double. */
function fromDoubles(json: unknown): Value {
  if (Array.isArray(json)) return new ArrayList(json.map(fromDoubles));
  if (typeof json === "object" && json !== null) {
    return LiteralMap.of(Object.entries(json).map(([key, value]) => [key, fromDoubles(value)] as const));
  }
  return json as null | boolean | number | string;
}

interface DeclaredOverload {
  readonly overloadId: string;
  readonly params?: Json[];
  readonly resultType: Json;
  readonly isInstanceFunction?: boolean;
}

/** Functions that a vector declares; they have no implementation, since such vectors are only checked. */
export function readFunctions(environment: readonly Json[]): readonly FunctionDeclaration[] {
  const declared = environment.filter((each) => "function" in each) as {
    name: string;
    function: { overloads: DeclaredOverload[] };
  }[];
  const functions = declared.map(({ name, function: { overloads } }) => ({
    name,
    overloads: overloads.map(
      ({ overloadId, params = [], resultType, isInstanceFunction = false }): Overload => ({
        id: overloadId,
        member: isInstanceFunction,
        parameters: params.map((type) => readType(type) ?? dynType),
        result: readType(resultType) ?? dynType,
      }),
    ),
  }));
  return [...functionTable(functions).values()];
}
