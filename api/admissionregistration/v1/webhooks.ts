import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { isDNS1035Label } from "../../../apimachinery/validation/dns.ts";
import { isFullyQualifiedName } from "../../../apimachinery/validation/domains.ts";
import { validateLabelSelector } from "../../../apimachinery/validation/label-fields.ts";
import { validateWebhookClientConfig } from "../../../apimachinery/validation/webhook-client-config.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { validateMatchConditions } from "./match-conditions.ts";
import { failurePolicies, matchPolicies, reinvocationPolicies, validateRule } from "./rules.ts";

// Rules: pkg/apis/admissionregistration/validation, of webhooks of both kinds.

export type Webhook = types.ValidatingWebhook & Partial<Pick<types.MutatingWebhook, "reinvocationPolicy">>;

const reviewVersions = ["v1", "v1beta1"];
const harmless = ["None", "NoneOnDryRun"];
const sideEffects = ["None", "NoneOnDryRun", "Some", "Unknown"];

/** What an update need not keep, because what is stored does not either. */
interface Leniency {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly repeatedNames: boolean;
  readonly labelValues: boolean;
  readonly matchConditions: boolean;
}

export function validateWebhooks(
  webhooks: readonly Webhook[] = [],
  old: readonly Webhook[] | undefined,
): readonly FieldError[] {
  const lenient = leniency(webhooks, old);
  const known = new Set(
    (old ?? []).flatMap((hook) => (hook.matchConditions ?? []).map(({ expression }) => expression)),
  );
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, hook] of webhooks.entries()) {
    const place = path("webhooks").index(i);
    errors.push(...validateWebhook(hook, lenient, place));
    if (!lenient.matchConditions) {
      const at = place.child("matchConditions");
      errors.push(...validateMatchConditions(hook.matchConditions, { hasParams: false, stored: known }, at));
    }
    errors.push(
      ...validateReviewVersions(hook.admissionReviewVersions ?? [], lenient, place.child("admissionReviewVersions")),
    );
    if (lenient.repeatedNames || !hook.name) continue;
    if (names.has(hook.name)) errors.push(duplicate(place.child("name"), hook.name));
    names.add(hook.name);
  }
  return errors;
}

function validateWebhook(hook: Webhook, lenient: Leniency, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [...isFullyQualifiedName(place.child("name"), hook.name ?? "")];
  for (const [i, rule] of (hook.rules ?? []).entries()) {
    errors.push(...validateRule(rule, place.child("rules").index(i)));
  }
  const oneOf = (field: "failurePolicy" | "matchPolicy", supported: readonly string[]): void => {
    if (!supported.includes(hook[field])) errors.push(notSupported(place.child(field), hook[field], supported));
  };
  oneOf("failurePolicy", failurePolicies);
  oneOf("matchPolicy", matchPolicies);
  const allowed = lenient.sideEffects ? sideEffects : harmless;
  if (hook.sideEffects === undefined) {
    errors.push(required(place.child("sideEffects"), `must specify one of ${allowed.join(", ")}`));
  } else if (!allowed.includes(hook.sideEffects)) {
    errors.push(notSupported(place.child("sideEffects"), hook.sideEffects, allowed));
  }
  const seconds = hook.timeoutSeconds;
  if (seconds > 30 || seconds < 1) {
    const detail = "the timeout value must be between 1 and 30 seconds";
    errors.push(invalid(place.child("timeoutSeconds"), seconds, detail));
  }
  const options = { allowInvalidLabelValue: lenient.labelValues };
  errors.push(...validateLabelSelector(hook.namespaceSelector, place.child("namespaceSelector"), options));
  errors.push(...validateLabelSelector(hook.objectSelector, place.child("objectSelector"), options));
  const { reinvocationPolicy } = hook;
  if (reinvocationPolicy !== undefined && !reinvocationPolicies.includes(reinvocationPolicy)) {
    errors.push(notSupported(place.child("reinvocationPolicy"), reinvocationPolicy, reinvocationPolicies));
  }
  errors.push(...validateWebhookClientConfig(hook.clientConfig, place.child("clientConfig")));
  return errors;
}

function validateReviewVersions(versions: readonly string[], lenient: Leniency, place: Path): readonly FieldError[] {
  if (versions.length === 0) return [required(place, `must specify one of ${reviewVersions.join(", ")}`)];
  const errors: FieldError[] = [];
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) {
      errors.push(invalid(place.index(i), version, "duplicate version"));
      continue;
    }
    for (const message of isDNS1035Label(version)) errors.push(invalid(place.index(i), version, message));
  }
  if (!lenient.reviewVersions && !versions.some(isReviewVersion)) {
    errors.push(invalid(place, versions, `must include at least one of ${reviewVersions.join(", ")}`));
  }
  return errors;
}

const isReviewVersion = (version: string): boolean => reviewVersions.includes(version);

function leniency(webhooks: readonly Webhook[], old: readonly Webhook[] | undefined): Leniency {
  if (old === undefined) {
    return {
      sideEffects: false,
      reviewVersions: false,
      repeatedNames: false,
      labelValues: false,
      matchConditions: false,
    };
  }
  const isBad = (hook: Webhook): boolean =>
    validateLabelSelector(hook.namespaceSelector, path("")).length > 0 ||
    validateLabelSelector(hook.objectSelector, path("")).length > 0;
  return {
    sideEffects: old.some((hook) => !harmless.includes(hook.sideEffects)),
    reviewVersions: old.some(
      ({ admissionReviewVersions: versions = [] }) => versions.length > 0 && !versions.some(isReviewVersion),
    ),
    repeatedNames: new Set(old.map(({ name }) => name)).size < old.length,
    labelValues: old.some(isBad),
    matchConditions:
      webhooks.length === old.length &&
      webhooks.every((hook, i) => semanticEqual(hook.matchConditions ?? [], old[i]!.matchConditions ?? [])),
  };
}
