import { type CelType, escapeFieldName, Optional, runtimeBudget, toValue } from "../../cel/mod.ts";
import type { FieldError } from "../../field/error.ts";
import { invalid } from "../../field/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../json/json.ts";
import type { Correlation } from "../correlation.ts";
import { nowhere } from "../outcome.ts";
import { itemsOf, type Props, propertyOf, someSchema, valuesOf } from "../props.ts";
import { type CompiledRule, compileRules } from "./compile.ts";
import { evaluateRules } from "./evaluate.ts";
import { ruleTypeOf } from "./schema.ts";

// Rules: apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go.

const noType = "rule compiler initialization error: failed to convert to declType for CEL validation rules";

/** The rules of one schema, and of the schemas within it. */
interface Node {
  readonly props: Props;
  /** Undefined where the schema does not say what values are: what rules there are cannot be asked. */
  readonly type: CelType | undefined;
  readonly rules: readonly CompiledRule[];
  /** There are rules, and no type for them to be about. */
  readonly unasked: boolean;
  readonly usesOldSelf: boolean;
  readonly items: Node | undefined;
  readonly values: Node | undefined;
  readonly properties: ReadonlyMap<string, Node>;
  readonly allOf: readonly Node[];
}

/** What the rules within a schema say of a value; with `old`, also of the change from it. */
export type RuleValidator = (
  value: JsonValue,
  old: JsonValue | undefined,
  options: {
    readonly place: string;
    readonly correlation?: Correlation | undefined;
    readonly budget?: number;
    /** Told what is wrong and let be, because it was so before. */
    readonly warn?: ((text: string) => void) | undefined;
  },
) => readonly FieldError[];

/** Compiles all rules of a schema, once; undefined where there are none. `isResource`: values are whole API objects. */
export function ruleValidator(props: Props, isResource: boolean): RuleValidator | undefined {
  if (!hasRules(props)) return undefined;
  let root: { readonly node: Node | undefined } | undefined;
  return (value, old, { place, correlation, budget = runtimeBudget, warn }) => {
    root ??= { node: nodeOf(props, props, ruleTypeOf(props, isResource)) };
    if (root.node === undefined) return [];
    const run: Run = { errors: [], budget, warn };
    visit(root.node, value, old, place, { current: correlation, parent: undefined }, run);
    return run.errors;
  };
}

export function hasRules(props: Props): boolean {
  return someSchema(props, (one) => (one["x-kubernetes-validations"]?.length ?? 0) > 0);
}

/** `said` holds the rules, `props` the structure that they are about: within allOf the two differ. */
function nodeOf(said: Props, props: Props, type: CelType | undefined): Node | undefined {
  if (!hasRules(said)) return undefined;
  const whole = { ...props, "x-kubernetes-validations": said["x-kubernetes-validations"] ?? [] };
  const rules = type === undefined ? [] : compileRules(whole, type);
  const element = type?.kind === "map" || type?.kind === "list" ? type.parameters.at(-1) : undefined;
  const inner = (one: Props | undefined, structure: Props | undefined): Node | undefined =>
    one === undefined || structure === undefined ? undefined : nodeOf(one, structure, element);
  const properties = new Map<string, Node>();
  for (const [name, property] of Object.entries(said.properties ?? {})) {
    const structure = propertyOf(props, name);
    const fieldType = structure === undefined ? undefined : typeOfField(type, name, structure);
    const node = fieldType === undefined ? undefined : nodeOf(property, structure!, fieldType);
    if (node !== undefined) properties.set(name, node);
  }
  return {
    props,
    type,
    rules,
    unasked: type === undefined && whole["x-kubernetes-validations"].length > 0,
    usesOldSelf: rules.some(({ usesOldSelf }) => usesOldSelf),
    items: inner(itemsOf(said), itemsOf(props)),
    values: inner(valuesOf(said), valuesOf(props)),
    properties,
    allOf: (said.allOf ?? []).flatMap((one) => nodeOf(one, props, type) ?? []),
  };
}

function typeOfField(type: CelType | undefined, name: string, structure: Props): CelType | undefined {
  const escaped = escapeFieldName(name);
  return escaped === undefined ? ruleTypeOf(structure, false) : type?.field?.(escaped);
}

interface Run {
  readonly errors: FieldError[];
  /** What is left of the request's budget; below zero nothing more is asked. */
  budget: number;
  readonly warn: ((text: string) => void) | undefined;
}

/** What stood in a value's place before, or in that of the nearest value that can be told apart. */
interface Before {
  readonly current: Correlation | undefined;
  readonly parent: Correlation | undefined;
}

function isUnchanged({ current, parent }: Before): boolean {
  return (current ?? parent)?.equal === true;
}

function visit(
  node: Node,
  value: JsonValue,
  old: JsonValue | undefined,
  place: string,
  before: Before,
  run: Run,
): void {
  if (value === null || run.budget < 0) return;
  ask(node, value, old, place, before, run);
  for (const one of node.allOf) {
    if (run.budget < 0) return;
    visit(one, value, old, place, { current: undefined, parent: before.parent }, run);
  }
  if (run.budget < 0) return;
  if (Array.isArray(value)) visitItems(node, value, old, place, before, run);
  else if (isJsonObject(value)) visitFields(node, value, isJsonObject(old) ? old : undefined, place, before, run);
}

function ask(node: Node, value: JsonValue, old: JsonValue | undefined, place: string, before: Before, run: Run): void {
  if (node.unasked) run.errors.push(invalid(place === "" ? nowhere : place, node.props.type ?? "", noType));
  if (node.rules.length === 0) return;
  const self = toValue(value, node.type);
  const hadSelf = old !== undefined && old !== null;
  const oldSelf = hadSelf && node.usesOldSelf ? toValue(old, node.type) : undefined;
  const { errors, budget } = evaluateRules(node.rules, {
    value,
    type: node.props.type ?? "",
    place,
    activation: { self, oldSelf },
    optionalActivation: {
      self,
      oldSelf: oldSelf === undefined ? Optional.none : new Optional(oldSelf as never),
    },
    hasOldSelf: hadSelf,
    budget: run.budget,
    isUnchanged: () => isUnchanged(before),
    warn: run.warn,
  });
  run.errors.push(...errors);
  run.budget = budget;
}

function visitItems(
  node: Node,
  list: readonly JsonValue[],
  old: JsonValue | undefined,
  place: string,
  before: Before,
  run: Run,
): void {
  if (node.items === undefined) return;
  const keys = node.props["x-kubernetes-list-type"] === "map" ? node.props["x-kubernetes-list-map-keys"] : undefined;
  const olds = Array.isArray(old) && keys !== undefined ? old : [];
  for (let i = 0; i < list.length && run.budget >= 0; i++) {
    const item = list[i]!;
    const oldItem = olds.find((one) => isSameItem(one, item, keys!));
    const inner = before.current === undefined ? before : { current: before.current.index(i), parent: before.current };
    visit(node.items, item, oldItem, `${place}[${i}]`, inner, run);
  }
}

function isSameItem(a: JsonValue, b: JsonValue, keys: readonly string[]): boolean {
  return isJsonObject(a) && isJsonObject(b) && keys.every((key) => a[key] === b[key]);
}

function visitFields(
  node: Node,
  object: JsonObject,
  old: JsonObject | undefined,
  place: string,
  before: Before,
  run: Run,
): void {
  for (const key in object) {
    if (run.budget < 0) return;
    const property = node.properties.get(key);
    const inner = property ?? (propertyOf(node.props, key) === undefined ? node.values : undefined);
    if (inner === undefined) continue;
    const oldValue = old !== undefined && Object.hasOwn(old, key) ? old[key] : undefined;
    const at = property === undefined ? `${place}[${key}]` : place === "" ? key : `${place}.${key}`;
    visit(inner, object[key]!, oldValue, at, fieldBefore(before, key), run);
  }
}

function fieldBefore({ current, parent }: Before, key: string): Before {
  if (current === undefined) return { current, parent };
  // Kind and version of a whole object are never let be.
  if (parent === undefined && (key === "apiVersion" || key === "kind"))
    return { current: undefined, parent: undefined };
  return { current: current.key(key), parent: current };
}
