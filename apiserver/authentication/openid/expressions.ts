import {
  boolType,
  type CelType,
  compileProblem,
  createEnvironment,
  dynType,
  listType,
  mapType,
  nullType,
  type Program,
  stringType,
  toJson,
} from "../../../apimachinery/cel/mod.ts";
import { UserInfo } from "./user-info-type.ts";

/** An expression over `claims`, or over `user`, ready to be asked. */
export interface TokenExpression {
  readonly source: string;
  readonly program: Program;
}

export type CompiledExpression = { readonly expression: TokenExpression } | { readonly problem: string };

const variables = { claims: mapType(stringType, dynType), user: UserInfo };
type Variable = keyof typeof variables;

const environments: Partial<Record<Variable, ReturnType<typeof createEnvironment>>> = {};

function environmentOf(variable: Variable): ReturnType<typeof createEnvironment> {
  environments[variable] ??= createEnvironment({ variables: { [variable]: variables[variable] } });
  return environments[variable];
}

/** What mappings and rules may evaluate to (apiserver/pkg/authentication/cel). */
const results: Readonly<Record<"mapping" | "rule", readonly CelType[]>> = {
  mapping: [stringType, listType(stringType), listType(dynType), nullType, dynType],
  rule: [boolType],
};

export function compileFor(variable: Variable, kind: keyof typeof results, source: string): CompiledExpression {
  const compiled = environmentOf(variable).compile(source, { outputType: results[kind] });
  if (compiled.ok) return { expression: { source, program: compiled.program } };
  const typeOnly = compiled.message.startsWith("must evaluate to");
  return { problem: typeOnly ? compiled.message : compileProblem(compiled) };
}

/** The value as JSON. Throws what keeps it from being evaluated. */
export function evaluateExpression(
  { source, program }: TokenExpression,
  activation: Readonly<Record<string, unknown>>,
) {
  const outcome = program.evaluate(activation);
  if ("error" in outcome) throw new Error(`expression '${source}' resulted in error: ${outcome.error.message}`);
  return toJson(outcome.value);
}

/** Whether `variable.field` is read anywhere in the expression. */
export function readsField({ program }: TokenExpression, variable: string, field: string): boolean {
  const seen = (node: unknown): boolean => {
    if (typeof node !== "object" || node === null) return false;
    if (Array.isArray(node)) return node.some(seen);
    const part = node as Readonly<Record<string, unknown>>;
    if (part["kind"] === "select" && part["field"] === field && isNamed(part["operand"], variable)) return true;
    const args = part["args"];
    if (part["function"] === "_?._" && Array.isArray(args) && isNamed(args[0], variable)) {
      if ((args[1] as { value?: unknown } | undefined)?.value === field) return true;
    }
    return Object.values(part).some(seen);
  };
  return seen(program.checked.parsed.expression);
}

function isNamed(node: unknown, name: string): boolean {
  const { kind, name: found } = (node ?? {}) as { kind?: string; name?: string };
  return kind === "identifier" && found === name;
}
