import {
  type CelType,
  compileProblem,
  createEnvironment,
  type Environment,
  optionalType,
  type Program,
  type SizeEstimator,
} from "../../cel/mod.ts";
import { FieldPathError, findField } from "../field-path.ts";
import type { Props, ValidationRule } from "../props.ts";
import { sizesWithin } from "./sizes.ts";

// Rules and texts: apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go.

/** One rule ready for use, or what is wrong with it. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: Program | undefined;
  readonly error: string | undefined;
  /** The most that one evaluation can cost. */
  readonly maxCost: number;
  /** How many values of the schema fit into one request. */
  readonly maxCardinality: number;
  readonly usesOldSelf: boolean;
  readonly message: Program | undefined;
  readonly messageError: string | undefined;
  readonly messageMaxCost: number;
  /** Where within the value an error is reported; empty: at the value itself. */
  readonly fieldPath: string;
}

const maxRequestBytes = 3 * 1024 * 1024;

let base: Environment | undefined;

/** Compiles the rules of one schema, whose values are of `type`. */
export function compileRules(props: Props, type: CelType): readonly CompiledRule[] {
  const rules = props["x-kubernetes-validations"] ?? [];
  if (rules.length === 0) return [];
  base ??= createEnvironment();
  const always = base.extend({ self: type, oldSelf: type });
  const perhaps = base.extend({ self: type, oldSelf: optionalType(type) });
  const maxCardinality = Math.floor(maxRequestBytes / ((type.declaration?.minSerializedSize ?? 0) + 1));
  const sizes = sizesWithin(type);
  return rules.map((rule) =>
    compileRule(props, rule, { environment: rule.optionalOldSelf === true ? perhaps : always, maxCardinality, sizes }),
  );
}

interface RuleContext {
  readonly environment: Environment;
  readonly maxCardinality: number;
  readonly sizes: SizeEstimator;
}

function compileRule(
  props: Props,
  rule: ValidationRule,
  { environment, maxCardinality, sizes }: RuleContext,
): CompiledRule {
  const nothing = {
    rule,
    program: undefined,
    error: undefined,
    maxCost: 0,
    maxCardinality: 0,
    usesOldSelf: false,
    message: undefined,
    messageError: undefined,
    messageMaxCost: 0,
    fieldPath: "",
  };
  if (rule.rule.trim() === "") return nothing;
  const compiled = environment.compile(rule.rule);
  if (!compiled.ok) return { ...nothing, error: compileProblem(compiled) };
  const { program } = compiled;
  if (program.outputType.kind !== "bool") return { ...nothing, error: "cel expression must evaluate to a bool" };
  return {
    ...nothing,
    program,
    maxCost: program.estimateCost(sizes).max,
    maxCardinality,
    usesOldSelf: program.variables.includes("oldSelf"),
    ...compileMessage(rule.messageExpression ?? "", environment, sizes),
    fieldPath: normalizedPath(rule.fieldPath ?? "", props),
  };
}

type CompiledMessage = Pick<CompiledRule, "message" | "messageError" | "messageMaxCost">;

function compileMessage(text: string, environment: Environment, sizes: SizeEstimator): CompiledMessage {
  const none = { message: undefined, messageError: undefined, messageMaxCost: 0 };
  if (text === "") return none;
  const compiled = environment.compile(text);
  if (!compiled.ok)
    return { ...none, messageError: `messageExpression ${compileProblem(compiled).replace(/^program /, "")}` };
  const { program } = compiled;
  if (program.outputType.kind !== "string") {
    return { ...none, messageError: "messageExpression must evaluate to a string" };
  }
  return { ...none, message: program, messageMaxCost: program.estimateCost(sizes).max };
}

function normalizedPath(text: string, props: Props): string {
  if (text === "") return "";
  try {
    return String(findField(text, props).path ?? "");
  } catch (error) {
    if (error instanceof FieldPathError) return "";
    throw error;
  }
}
