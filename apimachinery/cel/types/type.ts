/** The shapes a type can have. `error` is the checker's own: it fits everything, so that one mistake is reported once. */
export type TypeKind =
  | "dyn"
  | "null"
  | "bool"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "duration"
  | "timestamp"
  | "list"
  | "map"
  | "object"
  | "opaque"
  | "type"
  | "parameter"
  | "error";

/** What a schema says of a type beyond its shape: sizes for the cost estimate, equality of lists, fields of objects. */
export interface Declaration {
  /** Most code points, bytes, items or entries that a value can have. */
  readonly maxElements?: number;
  /** Size of the smallest JSON text of a value, in bytes: how many fit in one request. */
  readonly minSerializedSize?: number;
  /** `set` and `map` lists compare and concatenate without regard to order. */
  readonly listType?: "atomic" | "set" | "map";
  readonly mapKeys?: readonly string[];
  /** Fields of an object by the name that expressions use, with their name in JSON. */
  readonly fields?: ReadonlyMap<string, { readonly json: string; readonly type: CelType }>;
  /** Strings that are the only values. */
  readonly enum?: readonly unknown[];
}

export interface TypeOptions {
  readonly parameters?: readonly CelType[];
  /** null is a value of the type too (the wrapper types of protobuf). */
  readonly nullable?: boolean;
  /** Fields of an object by the name that expressions use. */
  readonly field?: (name: string) => CelType | undefined;
  readonly declaration?: Declaration;
}

const noParameters: readonly CelType[] = [];

/** A CEL type; also a value of CEL (`type(x) == int`). Two types are the same where kind, name and parameters are. */
export class CelType {
  readonly kind: TypeKind;
  /** As `type(x)` prints it: `int`, `google.protobuf.Duration`, `Object.spec`. */
  readonly name: string;
  readonly parameters: readonly CelType[];
  readonly nullable: boolean;
  readonly field: ((name: string) => CelType | undefined) | undefined;
  readonly declaration: Declaration | undefined;

  constructor(kind: TypeKind, name: string, { parameters, nullable, field, declaration }: TypeOptions = {}) {
    this.kind = kind;
    this.name = name;
    this.parameters = parameters ?? noParameters;
    this.nullable = nullable ?? false;
    this.field = field;
    this.declaration = declaration;
  }

  equals(other: CelType): boolean {
    if (this === other) return true;
    if (this.kind !== other.kind || this.name !== other.name || this.nullable !== other.nullable) return false;
    if (this.parameters.length !== other.parameters.length) return false;
    return this.parameters.every((parameter, index) => parameter.equals(other.parameters[index]!));
  }

  /** The same type with what a schema says of it. */
  declared(declaration: Declaration): CelType {
    return new CelType(this.kind, this.name, {
      parameters: this.parameters,
      nullable: this.nullable,
      ...(this.field === undefined ? {} : { field: this.field }),
      declaration: { ...this.declaration, ...declaration },
    });
  }

  toString(): string {
    return formatType(this);
  }
}

const simple = (kind: TypeKind, name: string = kind): CelType => new CelType(kind, name);

export const dynType: CelType = simple("dyn");
export const nullType: CelType = simple("null", "null_type");
export const boolType: CelType = simple("bool");
export const intType: CelType = simple("int");
export const uintType: CelType = simple("uint");
export const doubleType: CelType = simple("double");
export const stringType: CelType = simple("string");
export const bytesType: CelType = simple("bytes");
export const durationType: CelType = simple("duration", "google.protobuf.Duration");
export const timestampType: CelType = simple("timestamp", "google.protobuf.Timestamp");
export const errorType: CelType = simple("error", "!error!");
export const typeType: CelType = simple("type");

export function listType(item: CelType): CelType {
  return new CelType("list", "list", { parameters: [item] });
}

export function mapType(key: CelType, value: CelType): CelType {
  return new CelType("map", "map", { parameters: [key, value] });
}

export function optionalType(value: CelType): CelType {
  return new CelType("opaque", "optional_type", { parameters: [value] });
}

export function opaqueType(name: string, ...parameters: CelType[]): CelType {
  return new CelType("opaque", name, { parameters });
}

export function objectType(
  name: string,
  field: (name: string) => CelType | undefined,
  declaration?: Declaration,
): CelType {
  return new CelType("object", name, declaration === undefined ? { field } : { field, declaration });
}

export function typeOfType(of: CelType): CelType {
  return new CelType("type", "type", { parameters: [of] });
}

export function typeParameter(name: string): CelType {
  return new CelType("parameter", name);
}

export function wrapperType(of: CelType): CelType {
  return new CelType(of.kind, of.name, { nullable: true });
}

/** The list and map of anything, as runtime values have them. */
export const anyList: CelType = listType(dynType);
export const anyMap: CelType = mapType(dynType, dynType);

export function isOptionalType(type: CelType): boolean {
  return type.kind === "opaque" && type.name === "optional_type";
}

/** As the checker's messages spell it: `list(int)`, `map(string, dyn)`, `optional_type(string)`. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case "duration":
    case "timestamp":
      return type.kind;
    case "null":
      return "null";
    case "error":
      return "!error!";
    case "parameter":
      return type.name;
  }
  if (type.nullable) return `wrapper(${type.name})`;
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(formatType).join(", ")})`;
}
