import {
  anyList,
  anyMap,
  boolType,
  bytesType,
  CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  nullType,
  optionalType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from "../types/type.ts";
import { CelError } from "./error.ts";
import {
  Duration,
  ListValue,
  MapValue,
  OpaqueValue,
  Optional,
  type Result,
  Timestamp,
  Uint,
  type Value,
} from "./value.ts";

const anyOptional = optionalType(dynType);

/** What `type(value)` answers. */
export function typeOf(value: Value): CelType {
  switch (typeof value) {
    case "string":
      return stringType;
    case "bigint":
      return intType;
    case "boolean":
      return boolType;
    case "number":
      return doubleType;
  }
  if (value === null) return nullType;
  if (value instanceof MapValue) return value.objectType ?? anyMap;
  if (value instanceof ListValue) return anyList;
  if (value instanceof Uint) return uintType;
  if (value instanceof Duration) return durationType;
  if (value instanceof Timestamp) return timestampType;
  if (value instanceof Uint8Array) return bytesType;
  if (value instanceof Optional) return anyOptional;
  if (value instanceof CelType) return typeType;
  return (value as OpaqueValue).type;
}

function isOpen(type: CelType | undefined): boolean {
  return type === undefined || type.kind === "dyn" || type.kind === "parameter";
}

function isResultOf(value: Result | undefined, type: CelType): boolean {
  return value !== undefined && !(value instanceof CelError) && isOfType(value, type);
}

/** The first item speaks for all, as in cel-go. */
function hasItemsOf(list: ListValue, item: CelType | undefined): boolean {
  return isOpen(item) || list.size() === 0 || isResultOf(list.at(0), item!);
}

function hasEntriesOf(map: MapValue, { parameters: [key, value] }: CelType): boolean {
  if (isOpen(key) && isOpen(value)) return true;
  const [first] = map.keys();
  if (first === undefined) return true;
  return (isOpen(key) || isOfType(first, key!)) && (isOpen(value) || isResultOf(map.get(first), value!));
}

/** Whether a value can be an argument where an overload declares `type`. */
export function isOfType(value: Value, type: CelType): boolean {
  switch (type.kind) {
    case "dyn":
    case "parameter":
    case "error":
      return true;
    case "string":
      return typeof value === "string";
    case "int":
      return typeof value === "bigint";
    case "bool":
      return typeof value === "boolean";
    case "double":
      return typeof value === "number";
    case "uint":
      return value instanceof Uint;
    case "null":
      return value === null;
    case "bytes":
      return value instanceof Uint8Array;
    case "list":
      return value instanceof ListValue && hasItemsOf(value, type.parameters[0]);
    case "map":
      return value instanceof MapValue && hasEntriesOf(value, type);
    case "duration":
      return value instanceof Duration;
    case "timestamp":
      return value instanceof Timestamp;
    case "type":
      return value instanceof CelType;
    case "opaque":
    case "object":
      if (value instanceof Optional) return type.name === "optional_type";
      if (value instanceof MapValue)
        return type.kind === "object" && (value.objectType?.name ?? type.name) === type.name;
      return value instanceof OpaqueValue && value.type.name === type.name;
  }
}
