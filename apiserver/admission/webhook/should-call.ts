import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { Selector } from "../../../apimachinery/selectors/label-selector.ts";
import { SelectorError } from "../../../apimachinery/selectors/label-selector.ts";
import type { Clock } from "../../../base/clock.ts";
import type { ObjectReader } from "../../registry/access.ts";
import { bothSelect } from "../dynamic/both-select.ts";
import { equivalentsOf, type ServedResources } from "../dynamic/equivalents.ts";
import { ruleMatches } from "../dynamic/rules.ts";
import { isNamespaces, namespaceLabels, namespaceOf, resourceOf } from "../dynamic/target.ts";
import type { VersionedObjects } from "../dynamic/versioned.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import type { Hook } from "./hooks.ts";
import type { WebhookMetrics } from "./metrics.ts";

export interface MatchDeps {
  readonly reader: ObjectReader;
  readonly served: ServedResources;
  readonly metrics: WebhookMetrics;
  readonly clock: Clock;
}

/** A webhook that is to be called, and the write's objects as it sees them. */
export interface Invocation {
  readonly hook: Hook;
  readonly as: ResourceDefinition;
  readonly objects: VersionedObjects;
}

/** What a webhook's rules have it see a write as; undefined: not at all. Conditions and selectors are still to be asked. */
export function ruled(
  hook: Hook,
  attributes: AdmissionAttributes,
  served: ServedResources,
): ResourceDefinition | undefined {
  const { definition, subresource } = attributes;
  const own = resourceOf(definition);
  if (hook.rules.some((rule) => ruleMatches(rule, attributes, own))) return definition;
  if (!hook.equivalent) return undefined;
  const others = equivalentsOf(served, definition, subresource);
  for (const rule of others.length === 0 ? [] : hook.rules) {
    for (const other of others) if (ruleMatches(rule, attributes, resourceOf(other))) return other;
  }
  return undefined;
}

/**
 * Whether a webhook is to be called, by its rules, selectors and conditions (admission/plugin/webhook/generic ShouldCallHook).
 * Throws ApiError where that cannot be told, and what `objectsAs` throws.
 */
export async function shouldCall(
  hook: Hook,
  attributes: AdmissionAttributes,
  deps: MatchDeps,
  objectsAs: (as: ResourceDefinition) => Promise<VersionedObjects>,
): Promise<Invocation | undefined> {
  const as = ruled(hook, attributes, deps.served);
  if (as === undefined || !selected(hook, attributes, deps.reader)) return undefined;
  const objects = await objectsAs(as);
  const invocation = { hook, as, objects };
  if (hook.conditions === undefined) return invocation;
  const start = deps.clock.monotonicMs();
  const result = await hook.conditions({ attributes, resource: resourceOf(as), objects });
  const seconds = (deps.clock.monotonicMs() - start) / 1000;
  deps.metrics.conditions.observe(hook.name, attributes.operation, result, seconds);
  if ("error" in result) {
    const { group, plural } = attributes.definition;
    throw ApiError.forbidden({ group, resource: plural }, attributes.name, result.error);
  }
  if (!result.matches) deps.metrics.excluded(hook.name, attributes.operation);
  return result.matches ? invocation : undefined;
}

/** A selector that cannot be told matters only where the other one selects. */
function selected(hook: Hook, attributes: AdmissionAttributes, reader: ObjectReader): boolean {
  return bothSelect(
    () => namespaceMatches(hook, attributes, reader),
    () => objectMatches(hook, attributes),
  );
}

function namespaceMatches(hook: Hook, attributes: AdmissionAttributes, reader: ObjectReader): boolean {
  if (namespaceOf(attributes) === "" && !isNamespaces(attributes)) return true;
  const selector = readable(hook.namespaceSelector);
  return selector.empty || selector.matches(namespaceLabels(reader, attributes));
}

/** Either of the objects that a write has: a webhook is asked about what leaves its selection, too. */
function objectMatches(hook: Hook, { object, oldObject }: AdmissionAttributes): boolean {
  const selector = readable(hook.objectSelector);
  const selects = (one: ApiObject | undefined): boolean => one !== undefined && selector.matches(one.metadata?.labels);
  return selector.empty || selects(object as ApiObject | undefined) || selects(oldObject);
}

function readable(selector: () => Selector): Selector {
  try {
    return selector();
  } catch (error) {
    throw error instanceof SelectorError ? ApiError.internal(error) : error;
  }
}
