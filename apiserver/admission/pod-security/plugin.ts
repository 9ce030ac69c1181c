import type { Namespace, Pod } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { formatFieldErrors } from "../../../apimachinery/field/errors.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { Clock } from "../../../base/clock.ts";
import type { MetricsRegistry } from "../../../base/metrics.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import type { PodView, Violation } from "./check.ts";
import { defaultPolicy, type PodSecurityConfiguration } from "./configuration.ts";
import { detailsText, violationsOf } from "./evaluate.ts";
import { existingPodWarnings } from "./existing-pods.ts";
import {
  compareLevels,
  equivalentPolicies,
  isFullyPrivileged,
  type LevelVersion,
  labelPrefix,
  levelVersionText,
  modes,
  type Policy,
  policyOf,
  privilegedLatest,
  type ReadPolicy,
  sameLevelVersion,
} from "./level.ts";
import { type PodSecurityMetrics, podSecurityMetrics } from "./metrics.ts";
import { isSignificantUpdate, subjectOf, templateOf } from "./subject.ts";

/** How long the pods of a namespace that becomes stricter are looked at. */
const existingPodsMs = 1_000;

export interface PodSecurityDeps {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  readonly namespaces: ResourceDefinition<Namespace>;
  readonly pods: ResourceDefinition<Pod>;
  readonly configuration?: PodSecurityConfiguration | undefined;
}

/**
 * Holds pods to the Pod Security Standards that their namespace's labels name: refuses, records for audit or warns
 * (pod-security-admission/admission). Resources that make pods are never refused, only recorded and warned of.
 */
export function podSecurity(deps: PodSecurityDeps): AdmissionPlugin {
  const guard = new Guard(deps);
  return {
    name: "PodSecurity",
    handles: (attributes) =>
      (attributes.operation === "CREATE" || attributes.operation === "UPDATE") && subjectOf(attributes) !== undefined,
    validate(attributes) {
      const subject = subjectOf(attributes);
      if (subject === "namespace") guard.checkNamespace(attributes);
      else if (subject === "pod") guard.checkPod(attributes);
      else guard.checkController(attributes);
    },
  };
}

class Guard {
  readonly #deps: PodSecurityDeps;
  readonly #defaults: Policy;
  readonly #metrics: PodSecurityMetrics;
  readonly #exemptUsers: ReadonlySet<string>;
  readonly #exemptNamespaces: ReadonlySet<string>;
  readonly #exemptRuntimeClasses: ReadonlySet<string>;

  constructor(deps: PodSecurityDeps) {
    const { configuration = {}, metrics } = deps;
    const { usernames, namespaces, runtimeClasses } = configuration.exemptions ?? {};
    this.#deps = deps;
    this.#defaults = defaultPolicy(configuration);
    this.#metrics = podSecurityMetrics(metrics);
    this.#exemptUsers = new Set(usernames);
    this.#exemptNamespaces = new Set(namespaces);
    this.#exemptRuntimeClasses = new Set(runtimeClasses);
  }

  checkNamespace(attributes: AdmissionAttributes): void {
    const namespace = attributes.object as ApiObject as Namespace;
    const name = namespace.metadata.name ?? attributes.name;
    const { policy, errors } = policyOf(namespace.metadata.labels, this.#defaults);
    if (attributes.operation === "CREATE") {
      if (errors.length > 0) throw ApiError.invalid(attributes.definition, name, errors);
      this.#warnOfExemption(attributes, namespace, policy);
      return;
    }
    const old = policyOf((attributes.oldObject as Namespace).metadata.labels, this.#defaults);
    if (errors.length > 0 && !semanticEqual(errors, old.errors)) {
      throw ApiError.invalid(attributes.definition, name, errors);
    }
    const { enforce } = policy;
    const before = old.policy.enforce;
    if (sameLevelVersion(enforce, before) || enforce.level === "privileged") return;
    if (enforce.version === before.version && compareLevels(enforce.level, before.level) <= 0) return;
    if (this.#exemptNamespaces.has(name)) this.#warnOfExemption(attributes, namespace, policy);
    else this.#warnOfPods(attributes, name, enforce);
  }

  checkPod(attributes: AdmissionAttributes): void {
    if (this.#isExempt(attributes)) return;
    const found = this.#policyOf(attributes.namespace);
    if (found === undefined) {
      this.#metrics.error(true, attributes);
      const message = `failed to lookup namespace ${goQuote(attributes.namespace)}`;
      annotate(attributes, "error", `Internal error occurred: ${message}: ${notFoundText(attributes.namespace)}`);
      throw ApiError.internal(new Error(message));
    }
    if (found.errors.length === 0 && isFullyPrivileged(found.policy)) {
      this.#metrics.evaluation("allow", found.policy.enforce, "enforce", attributes);
      annotate(attributes, "enforce-policy", levelVersionText(privilegedLatest));
      return;
    }
    const pod = attributes.object as ApiObject as Pod;
    if (attributes.operation === "UPDATE" && !isSignificantUpdate(pod, attributes.oldObject as Pod)) return;
    this.#evaluate(attributes, found, pod, true);
  }

  checkController(attributes: AdmissionAttributes): void {
    if (this.#isExempt(attributes)) return;
    const found = this.#policyOf(attributes.namespace);
    if (found === undefined) {
      this.#metrics.error(true, attributes);
      const { namespace } = attributes;
      annotate(attributes, "error", `failed to lookup namespace ${goQuote(namespace)}: ${notFoundText(namespace)}`);
      return;
    }
    const { policy, errors } = found;
    if (errors.length === 0 && policy.warn.level === "privileged" && policy.audit.level === "privileged") return;
    const template = templateOf(attributes);
    if (template !== undefined) this.#evaluate(attributes, found, template, false);
  }

  #policyOf(namespace: string): ReadPolicy | undefined {
    const found = this.#deps.reader.get(this.#deps.namespaces, "", namespace);
    return found === undefined ? undefined : policyOf(found.metadata.labels, this.#defaults);
  }

  #isExempt(attributes: AdmissionAttributes): boolean {
    const reason = this.#exemptNamespaces.has(attributes.namespace)
      ? "namespace"
      : this.#exemptUsers.has(attributes.user.username)
        ? "user"
        : undefined;
    if (reason === undefined) return false;
    this.#metrics.exemption(attributes);
    annotate(attributes, "exempt", reason);
    return true;
  }

  #evaluate(attributes: AdmissionAttributes, { policy, errors }: ReadPolicy, pod: PodView, enforced: boolean): void {
    if (this.#exemptRuntimeClasses.has(pod.spec.runtimeClassName ?? "")) {
      this.#metrics.exemption(attributes);
      annotate(attributes, "exempt", "runtimeClass");
      return;
    }
    if (errors.length > 0) {
      annotate(attributes, "error", `Failed to parse policy: ${formatFieldErrors(errors)}`);
      this.#metrics.error(false, attributes);
    }
    const known = new Map<string, readonly Violation[]>();
    const violations = (wanted: LevelVersion): readonly Violation[] => {
      const key = levelVersionText(wanted);
      const found = known.get(key) ?? violationsOf(wanted, pod);
      known.set(key, found);
      return found;
    };
    const refused = enforced ? violations(policy.enforce) : [];
    if (enforced) {
      annotate(attributes, "enforce-policy", levelVersionText(policy.enforce));
      this.#metrics.evaluation(refused.length > 0 ? "deny" : "allow", policy.enforce, "enforce", attributes);
    }
    const recorded = violations(policy.audit);
    if (recorded.length > 0) {
      annotate(attributes, "audit-violations", `would ${violates(policy.audit, recorded)}`);
      this.#metrics.evaluation("deny", policy.audit, "audit", attributes);
    }
    if (refused.length > 0) {
      const { group, plural: resource } = attributes.definition;
      const message = violates(policy.enforce, refused).replace("violate", "violates");
      throw ApiError.forbidden({ group, resource }, attributes.name, message);
    }
    const warned = violations(policy.warn);
    if (warned.length > 0) {
      attributes.warn(`would ${violates(policy.warn, warned)}`);
      this.#metrics.evaluation("deny", policy.warn, "warn", attributes);
    }
  }

  #warnOfPods(attributes: AdmissionAttributes, namespace: string, enforce: LevelVersion): void {
    const { reader, pods, clock } = this.#deps;
    const end = clock.monotonicMs() + existingPodsMs;
    const warnings = existingPodWarnings({
      namespace,
      pods: reader.list(pods, namespace),
      enforce,
      exemptRuntimeClasses: this.#exemptRuntimeClasses,
      isOver: () => clock.monotonicMs() > end,
    });
    for (const warning of warnings) attributes.warn(warning);
  }

  #warnOfExemption(attributes: AdmissionAttributes, { metadata }: Namespace, policy: Policy): void {
    const name = metadata.name ?? "";
    if (!this.#exemptNamespaces.has(name)) return;
    if (isFullyPrivileged(policy) || equivalentPolicies(policy, this.#defaults)) return;
    const said = (mode: string) => metadata.labels?.[labelPrefix + mode] !== undefined;
    const shown = modes
      .filter((mode) => policy[mode].level !== "privileged" && (said(mode) || said(`${mode}-version`)))
      .map((mode) => `${mode}=${levelVersionText(policy[mode])}`);
    attributes.warn(
      `namespace ${goQuote(name)} is exempt from Pod Security, and the policy (${shown.join(", ")}) will be ignored`,
    );
  }
}

function violates(policy: LevelVersion, violations: readonly Violation[]): string {
  return `violate PodSecurity ${goQuote(levelVersionText(policy))}: ${detailsText(violations)}`;
}

function annotate(attributes: AdmissionAttributes, key: string, value: string): void {
  attributes.auditAnnotate(labelPrefix + key, value);
}

function notFoundText(namespace: string): string {
  return `namespaces ${goQuote(namespace)} not found`;
}
