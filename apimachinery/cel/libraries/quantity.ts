import { Quantity, QuantityError } from "../../quantity/quantity.ts";
import { globalFunction, memberFunction } from "../check/function.ts";
import { boolType, doubleType, intType, stringType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { maxInt, minInt } from "../values/numbers.ts";
import { OpaqueValue, type Result, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";
import { closedType, receive } from "./values.ts";

export const quantityType = closedType("kubernetes.Quantity");

export class QuantityValue extends OpaqueValue {
  readonly type = quantityType;
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }

  equals(other: Value): boolean {
    return other instanceof QuantityValue && this.quantity.equals(other.quantity);
  }
}

function parse([text]: readonly Value[]): Result {
  try {
    return new QuantityValue(Quantity.parse(text as string));
  } catch (error) {
    if (error instanceof QuantityError) return new CelError(error.message);
    throw error;
  }
}

/** The whole number that a quantity is; `undefined` where it is none, or beyond int64. */
function whole({ quantity }: QuantityValue): bigint | undefined {
  const value = quantity.scaledBigInt(0);
  if (value < minInt || value > maxInt || !Quantity.of(value).equals(quantity)) return undefined;
  return value;
}

function two(use: (left: Quantity, right: Quantity) => Result) {
  return receive(QuantityValue, ({ quantity }, [other]) => {
    if (other instanceof QuantityValue) return use(quantity, other.quantity);
    return typeof other === "bigint"
      ? use(quantity, Quantity.of(other, "DecimalExponent"))
      : new CelError("no such overload");
  });
}

const [q, pair] = [[quantityType], [quantityType, quantityType]];

/** Upstream: apiserver/pkg/cel/library/quantity.go. */
export const quantityLibrary: Library = {
  name: "kubernetes.quantity",
  types: new Map([[quantityType.name, quantityType]]),
  functions: [
    globalFunction("quantity", ["string_to_quantity", [stringType], quantityType, parse]),
    globalFunction("isQuantity", [
      "is_quantity_string",
      [stringType],
      boolType,
      (args) => !(parse(args) instanceof CelError),
    ]),
    globalFunction("sign", [
      "quantity_sign",
      q,
      intType,
      receive(QuantityValue, ({ quantity }) => BigInt(quantity.sign())),
    ]),
    memberFunction("isGreaterThan", ["quantity_is_greater_than", pair, boolType, two((x, y) => x.compare(y) > 0)]),
    memberFunction("isLessThan", ["quantity_is_less_than", pair, boolType, two((x, y) => x.compare(y) < 0)]),
    memberFunction("compareTo", ["quantity_compare_to", pair, intType, two((x, y) => BigInt(Math.sign(x.compare(y))))]),
    memberFunction("asApproximateFloat", [
      "quantity_get_float",
      q,
      doubleType,
      receive(QuantityValue, ({ quantity }) => quantity.approximate()),
    ]),
    memberFunction("asInteger", [
      "quantity_get_int",
      q,
      intType,
      receive(QuantityValue, (value) => whole(value) ?? new CelError("cannot convert value to integer")),
    ]),
    memberFunction("isInteger", [
      "quantity_is_integer",
      q,
      boolType,
      receive(QuantityValue, (value) => whole(value) !== undefined),
    ]),
    memberFunction(
      "add",
      ["quantity_add", pair, quantityType, two((x, y) => new QuantityValue(x.add(y)))],
      ["quantity_add_int", [quantityType, intType], quantityType, two((x, y) => new QuantityValue(x.add(y)))],
    ),
    memberFunction(
      "sub",
      ["quantity_sub", pair, quantityType, two((x, y) => new QuantityValue(x.subtract(y)))],
      ["quantity_sub_int", [quantityType, intType], quantityType, two((x, y) => new QuantityValue(x.subtract(y)))],
    ),
  ],
};
