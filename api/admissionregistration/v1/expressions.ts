import {
  boolType,
  type CelType,
  compileProblem,
  dynType,
  jsonPatchType,
  listType,
  mutationObjectType,
  nullType,
  objectType,
  type Program,
  stringType,
} from "../../../apimachinery/cel/mod.ts";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { internalError, invalid } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { admissionEnvironment, type Declarations, type ObjectTypes } from "./environment.ts";

// Rules and texts: apiserver/pkg/admission/plugin/cel compile.go and composition.go.

/** What an expression must give. */
export type ResultKind = "bool" | "string" | "string or null" | "anything" | "Object" | "JSON patch";

const results: Readonly<Record<ResultKind, readonly CelType[]>> = {
  bool: [boolType],
  string: [stringType],
  "string or null": [stringType, nullType],
  anything: [],
  Object: [mutationObjectType],
  "JSON patch": [listType(jsonPatchType)],
};

export type CompiledExpression =
  | { readonly program: Program; readonly text: string }
  | {
      readonly problem: string;
      readonly text: string;
      /** Upstream takes it for a failure of its own. */
      readonly internal?: true;
    };

/** What an expression may read, and what it must give. */
export interface Declared {
  readonly hasParams: boolean;
  readonly hasAuthorizer?: boolean;
  readonly hasPatchTypes?: boolean;
  /** Expressions that are stored already: they may use what has been taken away from new ones since. */
  readonly stored: ReadonlySet<string>;
  readonly result: ResultKind;
}

/** The expressions of one policy or webhook: they share its variables, each of which sees those before it. */
export class PolicyExpressions {
  readonly #types: ObjectTypes | undefined;
  readonly #variables = new Map<string, CelType>();
  readonly #variablesType: CelType = objectType("kubernetes.variables", (name) => this.#variables.get(name));
  readonly #composes: boolean;

  /** `composes`: there are variables. `types`: those of the objects, where they are known. */
  constructor({ composes, types }: { readonly composes: boolean; readonly types?: ObjectTypes }) {
    this.#composes = composes;
    this.#types = types;
  }

  compile(text: string, declarations: Partial<Declarations>, result: ResultKind): CompiledExpression {
    const { hasParams = false, hasAuthorizer = false, hasPatchTypes = false } = declarations;
    const base = admissionEnvironment({ hasParams, hasAuthorizer, hasPatchTypes }, this.#types);
    const environment = this.#composes ? base.extend({ variables: this.#variablesType }) : base;
    const compiled = environment.compile(text);
    if (!compiled.ok) {
      const internal = compiled.unplanned === true ? { internal: true as const } : {};
      return { text, problem: compileProblem(compiled), ...internal };
    }
    const { program } = compiled;
    const wanted = results[result];
    if (wanted.length === 0 || wanted.some((type) => type.equals(program.outputType))) return { text, program };
    const names = wanted.map(nameOf);
    const what = names.length === 1 ? names[0] : `one of [${names.join(" ")}]`;
    return { text, problem: `must evaluate to ${what} but got ${nameOf(program.outputType)}` };
  }

  /** Compiles a variable and declares it to all that come after it; one that does not compile can be anything. */
  define(name: string, text: string, declarations: Partial<Declarations>): CompiledExpression {
    const compiled = this.compile(text, declarations, "anything");
    this.#variables.set(name, "program" in compiled ? compiled.program.outputType : dynType);
    return compiled;
  }

  addVariable(name: string, text: string, declared: Omit<Declared, "result">, place: Path): readonly FieldError[] {
    return errorsOf(this.define(name, text, declared), place);
  }

  validate(text: string, declared: Declared, place: Path): readonly FieldError[] {
    return errorsOf(this.compile(text, declared, declared.result), place);
  }
}

/** As cel-go's Type.String names it. */
function nameOf({ name, parameters }: CelType): string {
  return parameters.length === 0 ? name : `${name}(${parameters.map(nameOf).join(", ")})`;
}

function errorsOf(compiled: CompiledExpression, place: Path): readonly FieldError[] {
  if (!("problem" in compiled)) return [];
  const { text, problem, internal } = compiled;
  return [internal === true ? internalError(place, problem) : invalid(place, text, problem)];
}

/** An expression beside variables. */
export function validateExpression(text: string, declared: Declared, place: Path): readonly FieldError[] {
  return new PolicyExpressions({ composes: false }).validate(text, { hasAuthorizer: true, ...declared }, place);
}
