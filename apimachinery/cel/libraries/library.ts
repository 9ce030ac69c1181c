import type { StructType } from "../check/environment.ts";
import type { FunctionDeclaration } from "../check/function.ts";
import type { CallEstimator } from "../cost/estimate.ts";
import type { CostRule } from "../cost/runtime.ts";
import type { Macro } from "../syntax/macro.ts";
import type { CelType } from "../types/type.ts";

/** Functions, macros and types that come together. */
export interface Library {
  readonly name: string;
  readonly functions?: readonly FunctionDeclaration[];
  readonly macros?: ReadonlyMap<string, Macro>;
  /** Names of types that expressions can refer to. */
  readonly types?: ReadonlyMap<string, CelType>;
  /** Types whose values expressions can make. */
  readonly structs?: ReadonlyMap<string, StructType>;
  /** What calls of the library's functions cost, by name; 1 where it does not say. */
  readonly costs?: ReadonlyMap<string, CostRule>;
  /** What such calls can cost, and how large their results can be. */
  readonly estimates?: ReadonlyMap<string, CallEstimator>;
  /** Brings `a.?b` and its like. */
  readonly optionalSyntax?: boolean;
}
