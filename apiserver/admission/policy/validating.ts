import { ValidatingAdmissionPolicy } from "../../../api/admissionregistration/v1/validating-admission-policy.ts";
import { ValidatingAdmissionPolicyBinding } from "../../../api/admissionregistration/v1/validating-admission-policy-binding.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { StatusReason } from "../../../apimachinery/errors/status.ts";
import { goJson } from "../../../apimachinery/text/go-json.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import type { Clock } from "../../../base/clock.ts";
import type { MetricsRegistry } from "../../../base/metrics.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import { admissionRequest } from "../dynamic/admission-request.ts";
import { WriteAuthorizer } from "../dynamic/authorizer-values.ts";
import { converter } from "../dynamic/convertible.ts";
import { findNamespace, isNamespaces, namespaceOf, resourceOf } from "../dynamic/target.ts";
import type { Convert, VersionedObjects } from "../dynamic/versioned.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import { refused } from "../refusal.ts";
import { type ConfigurationFailure, invocations, type PolicyInvocation, type Step } from "./dispatch.ts";
import { isExempt, type PolicyMatchDeps } from "./match.ts";
import { errorTypeOf, ValidatingPolicyMetrics } from "./metrics.ts";
import { PolicySource } from "./source.ts";
import {
  type CompiledPolicy,
  compileValidatingPolicy,
  type PolicyDecision,
  type PolicyVerdict,
  policyConditions,
  unmatched,
  validatePolicy,
} from "./validator.ts";

export interface PolicyPluginDeps extends PolicyMatchDeps {
  readonly convert: Convert;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly metricsRegistry: MetricsRegistry;
}

interface Denial {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

type Invocation = PolicyInvocation<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, CompiledPolicy>;

/** Holds writes to validating admission policies (admission/plugin/policy/validating). */
export function validatingPolicies(deps: PolicyPluginDeps): AdmissionPlugin {
  const metrics = new ValidatingPolicyMetrics(deps.metricsRegistry);
  const definitions = { policies: ValidatingAdmissionPolicy, bindings: ValidatingAdmissionPolicyBinding };
  const source = new PolicySource(deps.reader, definitions, compileValidatingPolicy);
  return {
    name: "ValidatingAdmissionPolicy",
    handles: (attributes) => source.bound.length > 0 && !isExempt(attributes),
    validate(attributes) {
      const steps = [...invocations(source.bound, attributes, deps)];
      if (steps.length > 0) return decide(steps, attributes, deps, metrics);
    },
  };
}

type Steps = readonly Step<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, CompiledPolicy>[];

async function decide(
  steps: Steps,
  attributes: AdmissionAttributes,
  deps: PolicyPluginDeps,
  metrics: ValidatingPolicyMetrics,
): Promise<void> {
  const denials: Denial[] = [];
  const annotations = new AnnotationCollector();
  const asked = new WriteAuthorizer(deps.authorizer, attributes);
  const objectsAs = converter(attributes, deps.convert);
  for (const step of steps) {
    const judged =
      "failure" in step ? step : await judge(step.invocation, objectsAs, { attributes, deps, asked, metrics });
    if ("failure" in judged) {
      const { policy, policyName, bindingName, message } = judged.failure;
      if (policy.spec.failurePolicy === "Ignore") continue;
      denials.push({ policy: policyName, binding: bindingName, message, reason: "" });
      continue;
    }
    const { verdict, seconds, invocation } = judged;
    enforce(invocation, verdict, { attributes, denials, annotations, metrics, seconds });
  }
  annotations.publish(attributes);
  if (denials.length > 0) throw denied(attributes, denials[0]!);
}

type Judged =
  | { readonly invocation: Invocation; readonly verdict: PolicyVerdict; readonly seconds: number }
  | { readonly failure: ConfigurationFailure<ValidatingAdmissionPolicy> };

interface Judgement {
  readonly attributes: AdmissionAttributes;
  readonly deps: PolicyPluginDeps;
  readonly asked: WriteAuthorizer;
  readonly metrics: ValidatingPolicyMetrics;
}

async function judge(
  invocation: Invocation,
  objectsAs: ReturnType<typeof converter>,
  { attributes, deps: { reader, clock }, asked, metrics }: Judgement,
): Promise<Judged> {
  const { bound, bindingName, as, param } = invocation;
  let objects: VersionedObjects;
  try {
    objects = await objectsAs(as);
  } catch (error) {
    const message = `failed to configure binding: failed to convert object version: ${(error as Error).message}`;
    return { failure: { policy: bound.policy, policyName: bound.name, bindingName, message } };
  }
  const namespaceName = isNamespaces(attributes) ? "" : namespaceOf(attributes);
  const namespace = namespaceName === "" ? undefined : findNamespace(reader, namespaceName);
  const request = admissionRequest(attributes, objects.kind, resourceOf(as));
  const input = { objects, request, namespace, params: param, authorizer: asked.values };
  const compiled = bound.compiled();
  const secondsSince = (start: number): number => (clock.monotonicMs() - start) / 1000;
  if (compiled.conditions.length > 0) {
    const start = clock.monotonicMs();
    const result = await asked.settled(() => policyConditions(compiled, input));
    metrics.conditions.observe(bound.name, attributes.operation, result, secondsSince(start));
    if (!("matches" in result && result.matches)) {
      return { invocation, verdict: unmatched(compiled, result), seconds: secondsSince(start) };
    }
  }
  const start = clock.monotonicMs();
  const verdict = await asked.settled(() => validatePolicy(compiled, input));
  return { invocation, verdict, seconds: secondsSince(start) };
}

interface Enforcement {
  readonly attributes: AdmissionAttributes;
  readonly denials: Denial[];
  readonly annotations: AnnotationCollector;
  readonly metrics: ValidatingPolicyMetrics;
  readonly seconds: number;
}

/** What a binding makes of its policy's verdict. */
function enforce({ bound, binding, bindingName }: Invocation, verdict: PolicyVerdict, to: Enforcement): void {
  const { attributes, denials, annotations, metrics, seconds } = to;
  const policy = bound.name;
  const deny = (message: string, reason: string): void => {
    denials.push({ policy, binding: bindingName, message, reason });
    metrics.observe(policy, bindingName, errorTypeOf(message), "deny", seconds);
  };
  for (const [index, decision] of verdict.decisions.entries()) {
    const { message, reason } = decision;
    if (decision.action === "admit") {
      if (decision.failed) metrics.observe(policy, bindingName, errorTypeOf(message), "allow", seconds);
      continue;
    }
    for (const action of binding.spec.validationActions ?? []) {
      if (action === "Deny") deny(message, reason);
      else if (action === "Audit") {
        publishFailure(attributes, binding, index, decision);
        metrics.observe(policy, bindingName, errorTypeOf(message), "audit", seconds);
      } else if (action === "Warn") {
        attributes.warn(
          `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${bindingName}': ${message}`,
        );
        metrics.observe(policy, bindingName, errorTypeOf(message), "warn", seconds);
      }
    }
  }
  for (const annotation of verdict.annotations) {
    if ("value" in annotation) annotations.add(`${policy}/${annotation.key}`, annotation.value);
    else deny(annotation.error, "");
  }
}

function publishFailure(
  attributes: AdmissionAttributes,
  { metadata, spec }: ValidatingAdmissionPolicyBinding,
  expressionIndex: number,
  { message }: PolicyDecision,
): void {
  const failure = {
    message,
    policy: spec.policyName,
    binding: metadata.name,
    expressionIndex,
    validationActions: spec.validationActions,
  };
  attributes.auditAnnotate("validation.policy.admission.k8s.io/validation_failure", goJson([failure]));
}

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

function denied(attributes: AdmissionAttributes, { policy, binding, message: why, reason }: Denial): ApiError {
  const by = binding === undefined ? "" : ` with binding '${binding}'`;
  const message = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${why}`;
  const { status } = refused(attributes, message);
  const given = (reason || "Invalid") as StatusReason;
  const causes = [...(status.details?.causes ?? []), { message }];
  return ApiError.fromStatus({
    ...status,
    reason: given,
    code: codes[given] ?? 422,
    details: { ...status.details, causes },
  });
}

const maxAnnotationBytes = 10 * 1024;

/** Values of annotations that several bindings of a policy give are told together, each once. */
class AnnotationCollector {
  readonly #values = new Map<string, string[]>();

  add(key: string, value: string): void {
    const cut = Buffer.from(value).subarray(0, maxAnnotationBytes).toString("utf8");
    const known = this.#values.get(key) ?? [];
    if (!known.includes(cut)) this.#values.set(key, [...known, cut]);
  }

  publish(attributes: AdmissionAttributes): void {
    for (const [key, values] of this.#values) {
      if (isQualifiedName(key).length === 0) attributes.auditAnnotate(key, values.join(", "));
    }
  }
}
