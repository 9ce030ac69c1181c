import type { Uint } from "../values/value.ts";

export type Literal = null | boolean | bigint | number | string | Uint8Array | Uint;

/** An expression. `id` is unique in its tree; positions are looked up by it. The checker resolves names in place. */
export type Expression =
  | LiteralExpression
  | IdentifierExpression
  | SelectExpression
  | CallExpression
  | ListExpression
  | MapExpression
  | StructExpression
  | ComprehensionExpression;

export interface LiteralExpression {
  readonly kind: "literal";
  readonly id: number;
  readonly value: Literal;
}

export interface IdentifierExpression {
  readonly kind: "identifier";
  readonly id: number;
  readonly name: string;
}

export interface SelectExpression {
  readonly kind: "select";
  readonly id: number;
  readonly operand: Expression;
  readonly field: string;
  /** `has(operand.field)` */
  readonly testOnly: boolean;
}

export interface CallExpression {
  readonly kind: "call";
  readonly id: number;
  readonly function: string;
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
}

export interface ListExpression {
  readonly kind: "list";
  readonly id: number;
  readonly items: readonly Expression[];
  /** Indices of `?item`. */
  readonly optional: ReadonlySet<number>;
}

export interface MapEntry {
  readonly id: number;
  readonly key: Expression;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface MapExpression {
  readonly kind: "map";
  readonly id: number;
  readonly entries: readonly MapEntry[];
}

export interface StructField {
  readonly id: number;
  readonly name: string;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface StructExpression {
  readonly kind: "struct";
  readonly id: number;
  readonly typeName: string;
  readonly fields: readonly StructField[];
}

/**
 * The one loop of CEL; macros expand to it. For each item of `range`: where `condition` holds, `accumulator` becomes
 * `step`; the answer is `result`. `variable2` is there in the two-variable form (index or key, then value).
 */
export interface ComprehensionExpression {
  readonly kind: "comprehension";
  readonly id: number;
  readonly range: Expression;
  readonly variable: string;
  readonly variable2: string | undefined;
  readonly accumulator: string;
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}

/** The accumulator of the macros: no identifier that a user can write. */
export const accumulatorName = "@result";

/** Operators as functions. */
export const operators = {
  conditional: "_?_:_",
  and: "_&&_",
  or: "_||_",
  not: "!_",
  equals: "_==_",
  notEquals: "_!=_",
  less: "_<_",
  lessEquals: "_<=_",
  greater: "_>_",
  greaterEquals: "_>=_",
  add: "_+_",
  subtract: "_-_",
  multiply: "_*_",
  divide: "_/_",
  modulo: "_%_",
  negate: "-_",
  index: "_[_]",
  optionalIndex: "_[?_]",
  optionalSelect: "_?._",
  in: "@in",
  notStrictlyFalse: "@not_strictly_false",
} as const;
