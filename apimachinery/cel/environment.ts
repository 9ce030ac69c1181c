import { check } from "./check/checker.ts";
import type { CheckEnvironment, StructType } from "./check/environment.ts";
import { type FunctionDeclaration, functionTable } from "./check/function.ts";
import { validateLiterals } from "./check/literals.ts";
import type { CallEstimator } from "./cost/estimate.ts";
import { kubernetesCosts } from "./cost/kubernetes.ts";
import { kubernetesEstimates } from "./cost/kubernetes-estimate.ts";
import type { CostRule } from "./cost/runtime.ts";
import { PlanError, plan } from "./evaluate/planner.ts";
import { kubernetesLibraries } from "./libraries/kubernetes.ts";
import type { Library } from "./libraries/library.ts";
import { standardLibrary } from "./libraries/standard.ts";
import { Program } from "./program.ts";
import type { Macro } from "./syntax/macro.ts";
import { parse } from "./syntax/parser.ts";
import { formatIssues, type Issue, Source } from "./syntax/source.ts";
import { type CelType, formatType } from "./types/type.ts";
import { CelError } from "./values/error.ts";
import { type Result, StructValue, type Value } from "./values/value.ts";

export interface EnvironmentOptions {
  /** What expressions can name, with its type. */
  readonly variables?: Readonly<Record<string, CelType>>;
  /** Beyond the language itself; default: what Kubernetes 1.36 offers to every expression. */
  readonly libraries?: readonly Library[];
  /** Types whose values expressions can make, beyond those of the libraries: `Object`, `Object.spec`. */
  readonly structs?: (name: string) => StructType | undefined;
  /** The namespace of names; default: none. */
  readonly container?: string;
  /** Items of a list literal, keys and values of a map literal have one type. Default true, as Kubernetes has it. */
  readonly homogeneousLiterals?: boolean;
  /** a.`b-c`; Kubernetes has it off. */
  readonly escapedIdentifiers?: boolean;
}

export interface CompileOptions {
  /** What the expression must be: one of these types exactly. With dyn among them, anything goes. */
  readonly outputType?: CelType | readonly CelType[];
  /** Skip type checks: wrong names and types then fail where they are evaluated. Default false. */
  readonly unchecked?: boolean;
  /** Expand macros. Default true. */
  readonly macros?: boolean;
  /** Work out constant parts once; they cost nothing then. Default true, as Kubernetes has it. */
  readonly fold?: boolean;
}

export type Compiled =
  | { readonly ok: true; readonly program: Program }
  | {
      readonly ok: false;
      readonly issues: readonly Issue[];
      /** As cel-go prints it: each mistake with its line and a mark below it. */
      readonly message: string;
      /** It checks and yet cannot be made a program, as where a regular expression in it is none: upstream tells it apart. */
      readonly unplanned?: true;
    };

/** Upstream's words for an expression that does not compile. */
export function compileProblem({
  message,
  unplanned,
}: {
  readonly message: string;
  readonly unplanned?: true;
}): string {
  return unplanned === true ? message : `compilation failed: ${message}`;
}

interface Tables {
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly macros: ReadonlyMap<string, Macro>;
  readonly types: ReadonlyMap<string, CelType>;
  readonly structs: ReadonlyMap<string, StructType>;
  readonly costs: ReadonlyMap<string, CostRule>;
  readonly estimates: ReadonlyMap<string, CallEstimator>;
}

const joined = new WeakMap<readonly Library[], Tables>();

/** The same list of libraries is joined once: environments are cheap. */
function tablesOf(added: readonly Library[]): Tables {
  const known = joined.get(added);
  if (known !== undefined) return known;
  const libraries = [standardLibrary, ...added];
  const tables: Tables = {
    functions: functionTable(libraries.flatMap(({ functions }) => functions ?? [])),
    macros: new Map(libraries.flatMap(({ macros }) => [...(macros ?? [])])),
    types: new Map(libraries.flatMap(({ types }) => [...(types ?? [])])),
    structs: new Map(libraries.flatMap(({ structs }) => [...(structs ?? [])])),
    costs: new Map([...kubernetesCosts, ...libraries.flatMap(({ costs }) => [...(costs ?? [])])]),
    estimates: new Map([...kubernetesEstimates, ...libraries.flatMap(({ estimates }) => [...(estimates ?? [])])]),
  };
  joined.set(added, tables);
  return tables;
}

/** Names, functions and types for expressions. Immutable; compile as often as you like. */
export class Environment {
  readonly #options: EnvironmentOptions;
  /** What the libraries bring, joined once and shared by environments that extend this one. */
  readonly tables: Tables;
  readonly #variables: ReadonlyMap<string, CelType>;
  readonly #optionalSyntax: boolean;
  readonly #check: CheckEnvironment;

  constructor(options: EnvironmentOptions, base?: Environment) {
    this.#options = options;
    const libraries = [standardLibrary, ...(options.libraries ?? kubernetesLibraries)];
    const tables = base?.tables ?? tablesOf(options.libraries ?? kubernetesLibraries);
    this.tables = tables;
    this.#optionalSyntax = libraries.some(({ optionalSyntax }) => optionalSyntax === true);
    this.#variables = new Map(Object.entries(options.variables ?? {}));
    this.#check = {
      container: options.container ?? "",
      findVariable: (name) => this.#variables.get(name),
      findType: (name) => tables.types.get(name) ?? this.#struct(name)?.type,
      findStruct: (name) => this.#struct(name),
      findFunction: (name) => tables.functions.get(name),
    };
  }

  /** The same environment with more variables. */
  extend(variables: Readonly<Record<string, CelType>>): Environment {
    return new Environment({ ...this.#options, variables: { ...this.#options.variables, ...variables } }, this);
  }

  #struct(name: string): StructType | undefined {
    return this.tables.structs.get(name) ?? this.#options.structs?.(name);
  }

  /** Parses, checks and plans an expression. */
  compile(text: string, { outputType, unchecked = false, macros = true, fold = true }: CompileOptions = {}): Compiled {
    const source = new Source(text);
    const failed = (issues: readonly Issue[]): Compiled => ({
      ok: false,
      issues,
      message: formatIssues(source, issues),
    });
    const { escapedIdentifiers = false } = this.#options;
    const parsed = parse(source, {
      macros: macros ? this.tables.macros : new Map(),
      optionalSyntax: this.#optionalSyntax,
      escapedIdentifiers,
    });
    if (!parsed.ok) return failed(parsed.issues);
    const { checked, issues } = check(parsed.parsed, this.#check);
    if (!unchecked) {
      if (issues.length > 0) return failed(issues);
      const wrong = this.#options.homogeneousLiterals === false ? [] : validateLiterals(checked);
      if (wrong.length > 0) return failed(wrong);
      const mismatch = outputMismatch(checked.type, outputType);
      if (mismatch !== undefined)
        return { ok: false, issues: [{ message: mismatch, line: -1, column: -1 }], message: mismatch };
    }
    try {
      const planned = plan(checked, {
        costs: this.tables.costs,
        container: this.#check.container,
        fold,
        makeStruct: (name, fields) => this.#makeStruct(name, fields),
      });
      return {
        ok: true,
        program: new Program(checked, planned, { variables: this.#variables, estimates: this.tables.estimates }),
      };
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      const message = `program instantiation failed: ${error.message}`;
      return { ok: false, issues: [{ message, line: -1, column: -1 }], message, unplanned: true };
    }
  }

  #makeStruct(name: string, fields: ReadonlyMap<string, Value>): Result {
    const struct = this.#struct(name);
    if (struct === undefined) return new CelError(`unknown type: ${name}`);
    return struct.make === undefined ? new StructValue(struct.type, fields) : struct.make(fields);
  }
}

function outputMismatch(found: CelType, wanted: CompileOptions["outputType"]): string | undefined {
  if (wanted === undefined) return undefined;
  const types = Array.isArray(wanted) ? (wanted as readonly CelType[]) : [wanted as CelType];
  if (types.some((type) => type.kind === "dyn" || type.equals(found))) return undefined;
  if (types.length === 1) return `must evaluate to ${formatType(types[0]!)}`;
  return `must evaluate to one of [${types.map(formatType).join(" ")}]`;
}

export function createEnvironment(options: EnvironmentOptions = {}): Environment {
  return new Environment(options);
}
