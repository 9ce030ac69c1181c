import type { SubjectAccessReviewSpec } from "../../../api/generated/types/authorization-v1.ts";
import {
  boolType,
  type CelType,
  compileProblem,
  createEnvironment,
  declareFields,
  type Environment,
  listType,
  mapType,
  type Program,
  stringType,
} from "../../../apimachinery/cel/mod.ts";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, formatAggregate, invalid, required, tooMany } from "../../../apimachinery/field/errors.ts";

const maxConditions = 64;
const texts = listType(stringType);
const requirement = (name: string): CelType =>
  declareFields(`kubernetes.${name}`, { key: stringType, operator: stringType, values: texts });
const selector = (name: string): CelType =>
  declareFields(`kubernetes.${name}Attributes`, {
    rawSelector: stringType,
    requirements: listType(requirement(`${name}Requirement`)),
  });
const resourceFields = ["namespace", "verb", "group", "version", "resource", "subresource", "name"] as const;

/** What is asked: a SubjectAccessReview's spec (apiserver/pkg/authorization/cel). */
const request: CelType = declareFields("kubernetes.SubjectAccessReviewSpec", {
  resourceAttributes: declareFields("kubernetes.ResourceAttributes", {
    ...Object.fromEntries(resourceFields.map((name) => [name, stringType])),
    fieldSelector: selector("FieldSelector"),
    labelSelector: selector("LabelSelector"),
  }),
  nonResourceAttributes: declareFields("kubernetes.NonResourceAttributes", { path: stringType, verb: stringType }),
  user: stringType,
  groups: texts,
  extra: mapType(stringType, texts),
  uid: stringType,
});

let environment: Environment | undefined;

function environmentOf(): Environment {
  environment ??= createEnvironment({ variables: { request } });
  return environment;
}

export interface MatchCondition {
  readonly source: string;
  readonly program: Program;
}

/** Compiles conditions and collects what is wrong with them (apiserver/pkg/apis/apiserver/validation, compileMatchConditions). */
export function compileMatchConditions(sources: readonly string[], path: string) {
  const conditions: MatchCondition[] = [];
  const errors: FieldError[] = [];
  if (sources.length > maxConditions) {
    return { conditions, errors: [tooMany(`${path}.matchConditions`, sources.length, maxConditions)] };
  }
  for (const [i, source] of sources.entries()) {
    const at = `${path}.matchConditions[${i}].expression`;
    if (source.trim() === "") errors.push(required(at));
    else if (sources.indexOf(source) < i) errors.push(duplicate(at, source));
    else {
      const compiled = environmentOf().compile(source, { outputType: boolType });
      if (compiled.ok) conditions.push({ source, program: compiled.program });
      else if (compiled.message.startsWith("must evaluate to")) errors.push(invalid(at, source, compiled.message));
      else errors.push(invalid(at, source, compileProblem(compiled)));
    }
  }
  return { conditions, errors };
}

/** Whether all hold. One that does not hold decides, whatever another fails with; else a failure throws (authorization/cel, CELMatcher). */
export function matchesAll(conditions: readonly MatchCondition[], request: SubjectAccessReviewSpec): boolean {
  const failures: string[] = [];
  const asked = withEmptyFields(request);
  for (const { source, program } of conditions) {
    const outcome = program.evaluate({ request: asked });
    if ("error" in outcome) {
      failures.push(`cel evaluation error: expression '${source}' resulted in error: ${outcome.error.message}`);
    } else if (outcome.value !== true) return false;
  }
  if (failures.length > 0) throw new Error(formatAggregate(failures));
  return true;
}

/** Fields that are empty may be read all the same; selectors only where there are some (convertObjectToUnstructured). */
function withEmptyFields(spec: SubjectAccessReviewSpec): object {
  const { user = "", uid = "", groups = [], extra = {}, resourceAttributes, nonResourceAttributes } = spec;
  const empty = Object.fromEntries(resourceFields.map((name) => [name, ""]));
  return {
    ...{ user, uid, groups, extra },
    ...(resourceAttributes === undefined ? {} : { resourceAttributes: { ...empty, ...resourceAttributes } }),
    ...(nonResourceAttributes === undefined ? {} : { nonResourceAttributes }),
  };
}
