import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
  ScopeSelector,
} from "../../generated/types/core-v1.ts";
import { internalValue } from "../../internal-values.ts";
import type { ResourceList } from "./pod/resource-list.ts";
import { isHugePages, isStandardResource } from "./pod/resource-names.ts";
import { validateQuantity, validateResourceName } from "./pod/validation/resources.ts";

// Rules: pkg/apis/core/validation ValidateResourceQuota, …Update, …StatusUpdate; pkg/apis/core/helper.

const podScopes = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity"];
const scopes = [...podScopes, "PriorityClass", "VolumeAttributesClass"];
const podCompute = ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
const conflicting: readonly (readonly [string, string])[] = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

export function resourceQuotaErrors(
  { spec = {}, status = {} }: ResourceQuota,
  old: ResourceQuota | undefined,
  subresource: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (subresource !== "status") addSpecErrors(errors, spec);
  if (subresource === "status" || old === undefined) {
    addListErrors(errors, status.hard, path("status", "hard"));
    addListErrors(errors, status.used, path("status", "used"));
  } else if (!sameSets(spec.scopes, old.spec?.scopes)) {
    errors.push(invalid(path("spec", "scopes"), spec.scopes ?? null, "field is immutable"));
  }
  return errors;
}

function addSpecErrors(errors: FieldError[], spec: ResourceQuotaSpec): void {
  addListErrors(errors, spec.hard, path("spec", "hard"));
  addScopeErrors(errors, spec);
  if (spec.scopeSelector !== undefined) addSelectorErrors(errors, spec, spec.scopeSelector);
}

function addListErrors(errors: FieldError[], list: ResourceList = {}, place: Path): void {
  for (const name in list) {
    const at = place.key(name);
    validateResourceName({ errors }, name, at);
    if (!name.includes("/") && !isQuotaResource(name)) {
      errors.push(invalid(at, name, "must be a standard resource for quota"));
    }
    validateQuantity({ errors }, name, list[name]!, at);
  }
}

/** What quotas count without an object's name in front (IsStandardQuotaResourceName). */
function isQuotaResource(name: string): boolean {
  if (isHugePages(name) || name.startsWith("requests.hugepages-")) return true;
  return isStandardResource(name) && name !== "storage";
}

function isValidFor(scope: string, resource: string): boolean {
  if (scope === "BestEffort") return resource === "pods";
  if (scope === "VolumeAttributesClass") {
    return resource === "persistentvolumeclaims" || resource === "requests.storage";
  }
  if (podScopes.includes(scope) || scope === "PriorityClass") {
    return resource === "pods" || podCompute.includes(resource);
  }
  return true;
}

function addScopeErrors(errors: FieldError[], spec: ResourceQuotaSpec): void {
  const wanted = spec.scopes ?? [];
  const place = path("spec", "scopes");
  for (const scope of wanted) {
    if (!scopes.includes(scope)) errors.push(invalid(place, wanted, "unsupported scope"));
    for (const _ of unsuited(spec, scope)) errors.push(invalid(place, wanted, "unsupported scope applied to resource"));
  }
  addConflictErrors(errors, wanted, place, wanted);
}

function unsuited({ hard = {} }: ResourceQuotaSpec, scope: string): readonly string[] {
  return Object.keys(hard).filter((name) => isQuotaResource(name) && !isValidFor(scope, name));
}

function addConflictErrors(errors: FieldError[], wanted: readonly string[], place: Path, shown: unknown): void {
  for (const pair of conflicting) {
    if (pair.every((scope) => wanted.includes(scope))) errors.push(invalid(place, shown, "conflicting scopes"));
  }
}

function addSelectorErrors(errors: FieldError[], spec: ResourceQuotaSpec, selector: ScopeSelector): void {
  const place = path("spec", "scopeSelector", "matchExpressions");
  const expressions = selector.matchExpressions ?? [];
  for (const expression of expressions) {
    const { scopeName } = expression;
    if (!scopes.includes(scopeName)) {
      errors.push(invalid(place.child("scopeName"), scopeName, "unsupported scope"));
    }
    for (const _ of unsuited(spec, scopeName)) {
      errors.push(
        invalid(
          place,
          internalValue("ScopeSelector", { matchExpressions: expressions }),
          "unsupported scope applied to resource",
        ),
      );
    }
    addOperatorErrors(errors, expression, place);
  }
  const names = expressions.map(({ scopeName }) => scopeName);
  addConflictErrors(errors, names, place, spec.scopes ?? null);
}

function addOperatorErrors(
  errors: FieldError[],
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  place: Path,
): void {
  if (podScopes.includes(scopeName) && operator !== "Exists") {
    const names =
      "ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    errors.push(invalid(place.child("operator"), operator, `must be 'Exists' when scope is any of ${names}`));
  }
  if (operator === "In" || operator === "NotIn") {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) errors.push(required(place.child("values"), detail));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) errors.push(invalid(place.child("values"), values, detail));
  } else errors.push(invalid(place.child("operator"), operator, "not a valid selector operator"));
}

function sameSets(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.every((one) => b.includes(one)) && b.every((one) => a.includes(one));
}
