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

/**
 * What of a policy's expressions does not fit the kinds that it names: groups, versions and resources without `*`, among
 * those whose structure is known here, the built-in ones. Empty where all is well. Pure.
 */
export function typeWarnings(policy: ValidatingAdmissionPolicy): readonly ExpressionWarning[] {
  const resources = resourcesOf(policy);
  const warnings: ExpressionWarning[] = [];
  const check = (text: string | undefined, fieldRef: string): void => {
    if (!text) return;
    const found = resources.flatMap((resource) => problemOf(policy, resource, text) ?? []);
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
  resource: ResourceDefinition,
  text: string,
): string | undefined {
  const hasParams = spec.paramKind !== undefined;
  const paramResource = builtInResources.find(
    (one) => one.kind === spec.paramKind?.kind && apiVersionOf(one) === spec.paramKind?.apiVersion,
  );
  const types = { object: typeOf(resource), params: paramResource === undefined ? dynType : typeOf(paramResource) };
  const expressions = new PolicyExpressions({ composes: true, types });
  const declared = { hasParams, hasAuthorizer: true };
  for (const { name, expression } of spec.variables ?? []) expressions.define(name, expression, declared);
  const compiled = expressions.compile(text, declared, "anything");
  if (!("problem" in compiled)) return undefined;
  const { group, version, kind } = resource;
  return `${group}/${version}, Kind=${kind}: ${compiled.problem.replace(/^compilation failed: /, "")}\n`;
}

function apiVersionOf({ group, version }: ResourceDefinition): string {
  return group === "" ? version : `${group}/${version}`;
}

const types = new WeakMap<ResourceDefinition, CelType>();

function typeOf(resource: ResourceDefinition): CelType {
  let type = types.get(resource);
  if (type === undefined) {
    type = declTypeOf(resource.schema, { name: resource.kind }) ?? dynType;
    types.set(resource, type);
  }
  return type;
}

/** By group, version and kind. */
function resourcesOf({ spec }: ValidatingAdmissionPolicy): readonly ResourceDefinition[] {
  const found = new Set<ResourceDefinition>();
  for (const rule of spec.matchConstraints?.resourceRules ?? []) {
    for (const resource of namedBy(rule)) found.add(resource);
  }
  const key = ({ group, version, kind }: ResourceDefinition): string => `${group}\0${version}\0${kind}`;
  return [...found].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function namedBy({ apiGroups = [], apiVersions = [], resources = [] }: NamedRuleWithOperations): ResourceDefinition[] {
  if ([...apiGroups, ...apiVersions].some((name) => name.includes("*"))) return [];
  const plain = resources.filter((name) => !/[*/]/.test(name));
  return builtInResources
    .filter(
      ({ group, version, plural }) =>
        apiGroups.includes(group) && apiVersions.includes(version) && plain.includes(plural),
    )
    .slice(0, maxTypes);
}
