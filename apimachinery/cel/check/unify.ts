import { CelType, dynType, isOptionalType } from "../types/type.ts";

/** What type parameters stand for so far, by name. */
export type Substitution = Map<string, CelType>;

export function isDynamic(type: CelType): boolean {
  return type.kind === "dyn" || type.kind === "error";
}

/** The type with every bound parameter replaced; unbound ones stay, or become dyn. */
export function substitute(bound: Substitution, type: CelType, unboundToDyn: boolean): CelType {
  if (type.kind === "parameter") {
    const to = bound.get(type.name);
    if (to !== undefined) return substitute(bound, to, unboundToDyn);
    return unboundToDyn ? dynType : type;
  }
  if (type.parameters.length === 0 || !type.parameters.some(hasParameter)) return type;
  return new CelType(type.kind, type.name, {
    parameters: type.parameters.map((parameter) => substitute(bound, parameter, unboundToDyn)),
    nullable: type.nullable,
    ...(type.field === undefined ? {} : { field: type.field }),
    ...(type.declaration === undefined ? {} : { declaration: type.declaration }),
  });
}

export function hasParameter(type: CelType): boolean {
  return type.kind === "parameter" || type.parameters.some(hasParameter);
}

/** The substitution under which the lists agree pairwise, `undefined` where none does. */
export function assignAll(
  bound: Substitution,
  left: readonly CelType[],
  right: readonly CelType[],
): Substitution | undefined {
  if (left.length !== right.length) return undefined;
  const next = new Map(bound);
  return left.every((type, index) => assignable(next, type, right[index]!)) ? next : undefined;
}

function assignable(bound: Substitution, left: CelType, right: CelType): boolean {
  if (right.kind === "parameter") {
    const { valid, known } = substitutable(bound, left, right);
    if (valid) return true;
    if (known) return false;
  }
  if (left.kind === "parameter") return substitutable(bound, right, left).valid;
  if (isDynamic(left) || isDynamic(right)) return true;
  if (left.kind === "null") return acceptsNull(right);
  if (right.kind === "null") return acceptsNull(left);
  switch (left.kind) {
    case "type":
      return right.kind === "type";
    case "opaque":
    case "list":
    case "map":
      return (
        left.kind === right.kind &&
        left.name === right.name &&
        left.parameters.length === right.parameters.length &&
        left.parameters.every((parameter, index) => assignable(bound, parameter, right.parameters[index]!))
      );
    default:
      return left.kind === right.kind && left.name === right.name;
  }
}

function acceptsNull(type: CelType): boolean {
  if (type.nullable) return true;
  return ["null", "opaque", "object", "duration", "timestamp"].includes(type.kind);
}

/** Whether `type` can stand for the parameter, binding it where it was free or becomes more general. */
function substitutable(bound: Substitution, type: CelType, parameter: CelType): { valid: boolean; known: boolean } {
  if (type.equals(parameter)) return { valid: true, known: true };
  const known = bound.get(parameter.name);
  if (known !== undefined) {
    if (type.equals(known)) return { valid: true, known: true };
    if (!assignable(bound, type, known)) return { valid: false, known: true };
    const general = mostGeneral(type, known);
    if (isFreeOf(bound, parameter, general)) bound.set(parameter.name, general);
    return { valid: true, known: true };
  }
  if (!isFreeOf(bound, parameter, type)) return { valid: false, known: false };
  bound.set(parameter.name, type);
  return { valid: true, known: false };
}

export function mostGeneral(left: CelType, right: CelType): CelType {
  return isLessSpecific(left, right) ? left : right;
}

function isLessSpecific(left: CelType, right: CelType): boolean {
  if (left.kind === "dyn" || left.kind === "parameter") return true;
  if (right.kind === "dyn" || right.kind === "parameter" || left.kind !== right.kind) return false;
  switch (left.kind) {
    case "opaque":
    case "list":
    case "map":
      return (
        left.name === right.name &&
        left.parameters.length === right.parameters.length &&
        left.parameters.every((parameter, index) => isLessSpecific(parameter, right.parameters[index]!))
      );
    case "type":
      return true;
    default:
      return left.equals(right);
  }
}

/** The occurs check: a parameter that stood for a type with itself inside would have no end. */
function isFreeOf(bound: Substitution, parameter: CelType, type: CelType): boolean {
  if (type.kind === "parameter") {
    if (type.name === parameter.name) return false;
    const to = bound.get(type.name);
    return to === undefined || isFreeOf(bound, parameter, to);
  }
  return type.parameters.every((inner) => isFreeOf(bound, parameter, inner));
}

export function unwrapOptional(type: CelType): { type: CelType; optional: boolean } {
  return isOptionalType(type) ? { type: type.parameters[0]!, optional: true } : { type, optional: false };
}
