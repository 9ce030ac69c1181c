import type { FieldError } from "../../../apimachinery/field/error.ts";
import type { Path } from "../../../apimachinery/field/path.ts";

/** What an expression may read, and what it must give. */
export interface Declared {
  readonly hasParams: boolean;
  readonly hasAuthorizer?: boolean;
  readonly hasPatchTypes?: boolean;
  /** Expressions that are stored already: they may use what has been taken away from new ones since. */
  readonly stored: ReadonlySet<string>;
  readonly result: "bool" | "string" | "string or null" | "anything" | "Object" | "JSON patch";
}

/** The expressions of one policy, which may read its variables. */
export interface PolicyExpressions {
  /** Declares a variable for all that come after it. */
  addVariable(name: string, text: string, declared: Omit<Declared, "result">, place: Path): readonly FieldError[];
  validate(text: string, declared: Declared, place: Path): readonly FieldError[];
}

export function policyExpressions(): PolicyExpressions {
  return { addVariable: () => [], validate: () => [] };
}

/** An expression beside variables. */
export function validateExpression(text: string, declared: Declared, place: Path): readonly FieldError[] {
  return policyExpressions().validate(text, declared, place);
}
