import type { MutableResourceList, ResourceList } from "../../../api/core/v1/pod/resource-list.ts";
import { isNegative, isPositive } from "../../../api/core/v1/pod/resource-list.ts";
import { add, amountsText, exceeded, increase, mask, withoutZeros } from "../../../api/core/v1/quota/amounts.ts";
import { type QuotaContext, type QuotaEvaluator, scopeSelectorsOf } from "../../../api/core/v1/quota/evaluator.ts";
import type { ResourceQuota, ScopedResourceSelectorRequirement } from "../../../api/generated/types/core-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { refused } from "../refusal.ts";
import type { LimitedResource } from "./configuration.ts";

type Selector = ScopedResourceSelectorRequirement;

/** A write that may use something, and how that is counted. */
export interface Request {
  readonly attributes: AdmissionAttributes;
  readonly evaluator: QuotaEvaluator;
  readonly context: QuotaContext;
  readonly limited: readonly LimitedResource[];
}

/**
 * The quotas as they are once the write has happened; those that it does not concern are the same values. Throws Forbidden
 * where one does not suffice (admission/plugin/resourcequota CheckRequest). Pure.
 */
export function checkRequest(quotas: readonly ResourceQuota[], request: Request): readonly ResourceQuota[] {
  const { attributes, evaluator, context } = request;
  const object = attributes.object as ApiObject;
  const selected: Selector[] = [];
  const restricted = new Set<string>();
  const interesting: ResourceQuota[] = [];
  for (const quota of quotas) {
    const selectors = scopeSelectorsOf(quota);
    const matching = selectors.filter((selector) => evaluator.matchesScope(selector, object));
    selected.push(...matching);
    const names = evaluator.matchingResources(Object.keys(quota.status?.hard ?? {}), context);
    if (names.length === 0 || matching.length < selectors.length) continue;
    checkCountable(quota, names, request);
    interesting.push(quota);
    for (const name of names) restricted.add(name);
  }
  const usage = evaluator.usage(object, context);
  const negative = Object.keys(usage).filter((name) => isNegative(usage[name]!));
  if (negative.length > 0) {
    throw refused(attributes, `quota usage is negative for resource(s): ${negative.sort().join(",")}`);
  }
  const deltas = deltasOf(interesting, usage, request);
  if (deltas.every(({ delta }) => Object.keys(delta).length === 0)) return quotas;
  checkCovered(request, usage, { restricted, selected });
  const changed = new Map(deltas.flatMap(({ quota, delta }) => (quota === undefined ? [] : [[quota, delta] as const])));
  return quotas.map((quota) => {
    const delta = changed.get(quota);
    return delta === undefined || Object.keys(delta).length === 0 ? quota : charge(quota, delta, attributes);
  });
}

/** Refuses what cannot be counted: the object does not say it, or the quota does not know its usage yet. */
function checkCountable(quota: ResourceQuota, names: readonly string[], { attributes, evaluator }: Request): void {
  const { name } = quota.metadata;
  const missing = evaluator.constraint(names, attributes.object as ApiObject);
  if (missing !== undefined) throw refused(attributes, `failed quota: ${name}: ${missing}`);
  if (names.some((resource) => quota.status?.used?.[resource] === undefined)) {
    throw refused(attributes, `status unknown for quota: ${name}, resources: ${[...names].sort().join(",")}`);
  }
}

interface Delta {
  /** Undefined: there is no quota, only the question whether there should be one. */
  readonly quota: ResourceQuota | undefined;
  readonly delta: ResourceList;
}

/** What each quota is charged: of an update only what becomes more, unless the object did not belong to it before. */
function deltasOf(quotas: readonly ResourceQuota[], usage: ResourceList, request: Request): readonly Delta[] {
  const { attributes, evaluator, context } = request;
  const { operation, oldObject } = attributes;
  if (operation !== "UPDATE" || oldObject === undefined) {
    const delta = withoutZeros(usage);
    return quotas.length === 0 ? [{ quota: undefined, delta }] : quotas.map((quota) => ({ quota, delta }));
  }
  const more = withoutZeros(increase(usage, evaluator.usage(oldObject, context)));
  if (quotas.length === 0) return [{ quota: undefined, delta: more }];
  return quotas.map((quota) => {
    const before = scopeSelectorsOf(quota).every((selector) => evaluator.matchesScope(selector, oldObject));
    return { quota, delta: before ? more : withoutZeros(usage) };
  });
}

interface Covering {
  readonly restricted: ReadonlySet<string>;
  readonly selected: readonly Selector[];
}

/** Some things may only be used where a quota covers them. */
function checkCovered({ attributes, evaluator, limited }: Request, usage: ResourceList, covering: Covering): void {
  if (limited.length === 0) return;
  const { group, plural } = attributes.definition;
  const parts = limited
    .filter(({ apiGroup = "", resource }) => apiGroup === group && resource === plural)
    .flatMap(({ matchContains = [] }) => matchContains);
  const uncovered = Object.keys(usage)
    .filter((name) => isPositive(usage[name]!) && parts.some((part) => name.includes(part)))
    .filter((name) => !covering.restricted.has(name));
  if (uncovered.length > 0) throw refused(attributes, `insufficient quota to consume: ${uncovered.sort().join(",")}`);
  if (!evaluator.knowsScopes) return;
  const scopes = limited
    .flatMap(({ matchScopes = [] }) => matchScopes)
    .filter((selector) => evaluator.matchesScope(selector, attributes.object as ApiObject))
    .filter(({ scopeName }) => !covering.selected.some((one) => one.scopeName === scopeName));
  // Upstream returns an error that is no refusal: the client sees an internal one.
  if (scopes.length > 0) throw new Error(`insufficient quota to match these scopes: [${scopes.map(goText).join(" ")}]`);
}

function goText({ scopeName, operator, values = [] }: Selector): string {
  return `{${scopeName} ${operator} [${values.join(" ")}]}`;
}

function charge(quota: ResourceQuota, delta: ResourceList, attributes: AdmissionAttributes): ResourceQuota {
  const { hard = {}, used = {} } = quota.status ?? {};
  const requested = mask(delta, Object.keys(hard));
  const after: MutableResourceList = { ...add(used, requested) };
  if (attributes.subresource !== "status") {
    const over = exceeded(mask(after, Object.keys(requested)), hard);
    if (over.length > 0) {
      const texts = [requested, used, hard].map((list) => amountsText(mask(list, over)));
      const [asked, before, limit] = texts;
      throw refused(
        attributes,
        `exceeded quota: ${quota.metadata.name}, requested: ${asked}, used: ${before}, limited: ${limit}`,
      );
    }
  }
  return { ...quota, status: { ...quota.status, used: after } };
}
