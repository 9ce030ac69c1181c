import { PolicyExpressions } from "../../api/admissionregistration/v1/expressions.ts";
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
} from "../../api/generated/types/admissionregistration-v1.ts";
import { builtInResources } from "../../api/mod.ts";
import { type CelType, declTypeOf, dynType } from "../../apimachinery/cel/mod.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";

// apiserver/pkg/admission/plugin/policy/validating/typechecking.go.

/** Kinds that a policy is checked against, at most, a rule. */
const maxTypes = 10;

/** A kind that a policy is about, and what expressions see of its objects. */
export interface CheckedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly type: CelType;
}

/** What a policy's expressions are checked against. */
export interface PolicyTypes {
  /** By group, version and kind. */
  readonly kinds: readonly CheckedKind[];
  /** Of its parameters, where that is known. */
  readonly params: CelType | undefined;
}

/** A resource that is not built in; undefined where there is none, or nobody knows its structure. */
export interface CustomKinds {
  byPlural(group: string, version: string, plural: string): Promise<CheckedKind | undefined>;
  byKind(group: string, version: string, kind: string): Promise<CheckedKind | undefined>;
}

/** The kinds that a policy names: by groups, versions and resources without `*`. */
export async function typesOf({ spec }: ValidatingAdmissionPolicy, custom: CustomKinds): Promise<PolicyTypes> {
  const kinds = new Map<string, CheckedKind>();
  for (const rule of spec.matchConstraints?.resourceRules ?? []) {
    let count = 0;
    for (const [group, version, plural] of namedBy(rule)) {
      const built = builtInResources.find(
        (one) => one.group === group && one.version === version && one.plural === plural,
      );
      const found = built === undefined ? await custom.byPlural(group, version, plural) : checked(built);
      if (found === undefined) continue;
      kinds.set(keyOf(found), found);
      if (++count === maxTypes) break;
    }
  }
  const sorted = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
  return { kinds: sorted, params: await paramsType(spec.paramKind, custom) };
}

const keyOf = ({ group, version, kind }: CheckedKind): string => `${group}\0${version}\0${kind}`;

async function paramsType(
  paramKind: { readonly apiVersion?: string; readonly kind?: string } | undefined,
  custom: CustomKinds,
): Promise<CelType | undefined> {
  if (paramKind === undefined) return undefined;
  const { apiVersion = "", kind = "" } = paramKind;
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const built = builtInResources.find((one) => one.group === group && one.version === version && one.kind === kind);
  const found = built === undefined ? await custom.byKind(group, version, kind) : checked(built);
  return found?.type;
}

/** What of a policy's expressions does not fit the kinds that it is about. Empty where all is well. Pure. */
export function typeWarnings(policy: ValidatingAdmissionPolicy, types: PolicyTypes): readonly ExpressionWarning[] {
  const warnings: ExpressionWarning[] = [];
  const check = (text: string | undefined, fieldRef: string): void => {
    if (!text) return;
    const found = types.kinds.flatMap((kind) => problemOf(policy, kind, types.params, text) ?? []);
    if (found.length > 0) warnings.push({ fieldRef, warning: found.join("\n") });
  };
  for (const [i, { expression, messageExpression }] of (policy.spec.validations ?? []).entries()) {
    check(expression, `spec.validations[${i}].expression`);
    check(messageExpression, `spec.validations[${i}].messageExpression`);
  }
  return warnings;
}

function problemOf(
  { spec }: ValidatingAdmissionPolicy,
  { group, version, kind, type }: CheckedKind,
  params: CelType | undefined,
  text: string,
): string | undefined {
  const expressions = new PolicyExpressions({ composes: true, types: { object: type, params: params ?? dynType } });
  const declared = { hasParams: spec.paramKind !== undefined, hasAuthorizer: true };
  for (const { name, expression } of spec.variables ?? []) expressions.define(name, expression, declared);
  const compiled = expressions.compile(text, declared, "anything");
  if (!("problem" in compiled)) return undefined;
  return `${group}/${version}, Kind=${kind}: ${compiled.problem.replace(/^compilation failed: /, "")}\n`;
}

const known = new WeakMap<ResourceDefinition, CheckedKind>();

function checked(resource: ResourceDefinition): CheckedKind {
  let kind = known.get(resource);
  if (kind === undefined) {
    const { group, version } = resource;
    const type = declTypeOf(resource.schema, { name: resource.kind }) ?? dynType;
    kind = { group, version, kind: resource.kind, type };
    known.set(resource, kind);
  }
  return kind;
}

function* namedBy({ apiGroups = [], apiVersions = [], resources = [] }: NamedRuleWithOperations) {
  if ([...apiGroups, ...apiVersions].some((name) => name.includes("*"))) return;
  const plain = resources.filter((name) => !/[*/]/.test(name)).toSorted();
  for (const group of apiGroups.toSorted()) {
    for (const version of apiVersions.toSorted()) {
      for (const plural of plain) yield [group, version, plural] as const;
    }
  }
}
