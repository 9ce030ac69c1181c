import { MutatingAdmissionPolicy } from "../../../api/admissionregistration/v1/mutating-admission-policy.ts";
import { MutatingAdmissionPolicyBinding } from "../../../api/admissionregistration/v1/mutating-admission-policy-binding.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { StatusReason } from "../../../apimachinery/errors/status.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type { JsonValue } from "../../../apimachinery/json/json.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { admissionRequest } from "../dynamic/admission-request.ts";
import { WriteAuthorizer } from "../dynamic/authorizer-values.ts";
import { conditionsMatch } from "../dynamic/compile-conditions.ts";
import { converter } from "../dynamic/convertible.ts";
import { Evaluator, type Input, matchConditionsBudget } from "../dynamic/evaluate.ts";
import { findNamespace, isNamespaces, namespaceOf, resourceOf } from "../dynamic/target.ts";
import { structureFor, takeOver, versionedObjects } from "../dynamic/versioned.ts";
import type { AdmissionAttributes, AdmissionPlugin, Reinvocation } from "../plugin.ts";
import { refused } from "../refusal.ts";
import { invocations, type PolicyInvocation, type Step } from "./dispatch.ts";
import { isExempt } from "./match.ts";
import { errorTypeOf, MutatingPolicyMetrics } from "./metrics.ts";
import { type CompiledMutation, type CompiledMutations, compileMutatingPolicy, mutated } from "./mutator.ts";
import { PolicySource } from "./source.ts";
import type { PolicyPluginDeps } from "./validating.ts";

type Invocation = PolicyInvocation<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, CompiledMutations>;

/** What both passes over one write remember. */
interface Memory {
  output: unknown;
  readonly invoked: Set<string>;
  readonly again: Set<string>;
}

/** Lets mutating admission policies change what is written (admission/plugin/policy/mutating). */
export function mutatingPolicies(deps: PolicyPluginDeps): AdmissionPlugin {
  const metrics = new MutatingPolicyMetrics(deps.metricsRegistry);
  const definitions = { policies: MutatingAdmissionPolicy, bindings: MutatingAdmissionPolicyBinding };
  const source = new PolicySource(deps.reader, definitions, compileMutatingPolicy);
  const memories = new WeakMap<AdmissionAttributes, Memory>();
  return {
    name: "MutatingAdmissionPolicy",
    handles: (attributes) => source.bound.length > 0 && !isExempt(attributes),
    admit(attributes, reinvocation) {
      const steps = [...invocations(source.bound, attributes, deps)];
      if (steps.length === 0) return;
      let memory = memories.get(attributes);
      if (memory === undefined) {
        memory = { output: undefined, invoked: new Set(), again: new Set() };
        memories.set(attributes, memory);
      } else if (reinvocation.active && !semanticEqual(memory.output, attributes.object)) {
        askAgain(memory);
      }
      return new Pass({ attributes, reinvocation, memory, deps, metrics }).run(steps);
    },
  };
}

function askAgain(memory: Memory): void {
  for (const key of memory.invoked) memory.again.add(key);
  memory.invoked.clear();
}

interface PassContext {
  readonly attributes: AdmissionAttributes;
  readonly reinvocation: Reinvocation;
  readonly memory: Memory;
  readonly deps: PolicyPluginDeps;
  readonly metrics: MutatingPolicyMetrics;
}

interface PolicyFailure {
  readonly message: string;
  readonly reason: StatusReason;
}

class Pass {
  readonly #context: PassContext;
  readonly #asked: WriteAuthorizer;
  readonly #failures: PolicyFailure[] = [];

  constructor(context: PassContext) {
    this.#context = context;
    this.#asked = new WriteAuthorizer(context.deps.authorizer, context.attributes);
  }

  async run(
    steps: readonly Step<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, CompiledMutations>[],
  ): Promise<void> {
    const { attributes, memory } = this.#context;
    for (const invocation of await this.#configured(steps)) await this.#invoke(invocation);
    memory.output = attributes.object === undefined ? undefined : thaw(attributes.object);
    if (this.#failures.length > 0) throw this.#refusal();
  }

  /** What is left when all that is misconfigured has failed, which is told first (admission/plugin/policy/generic Dispatch). */
  async #configured(
    steps: readonly Step<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, CompiledMutations>[],
  ): Promise<readonly Invocation[]> {
    const { attributes, deps } = this.#context;
    const objectsAs = converter(attributes, deps.convert);
    const left: Invocation[] = [];
    for (const step of steps) {
      if ("failure" in step) {
        this.#failed(step.failure, step.failure.message, "");
        continue;
      }
      const { bound, as } = step.invocation;
      try {
        await objectsAs(as);
        left.push(step.invocation);
      } catch (error) {
        const of = { policy: bound.policy, policyName: bound.name, bindingName: undefined };
        this.#failed(of, `failed to configure policy: ${(error as Error).message}`, "");
      }
    }
    return left;
  }

  async #invoke(invocation: Invocation): Promise<void> {
    const { attributes, reinvocation, memory } = this.#context;
    const { bound, bindingName, param } = invocation;
    const compiled = bound.compiled();
    const failure = { policy: bound.policy, policyName: bound.name, bindingName };
    if (compiled.conditions.length > 0) {
      const { deps, metrics } = this.#context;
      const input = await this.#inputFor(invocation);
      const start = deps.clock.monotonicMs();
      const result = await this.#asked.settled(() => {
        const evaluator = new Evaluator(input, compiled.variables, matchConditionsBudget);
        return conditionsMatch(compiled.conditions, evaluator, compiled.failurePolicy);
      });
      const seconds = (deps.clock.monotonicMs() - start) / 1000;
      metrics.conditions.observe(bound.name, attributes.operation, result, seconds);
      if ("error" in result) return this.#failed(failure, result.error, "Invalid");
      if (!result.matches) return;
    }
    const key = JSON.stringify([bound.name, bindingName, param?.metadata.namespace, param?.metadata.name]);
    if (reinvocation.active && !memory.again.has(key)) return;
    const before = attributes.object === undefined ? undefined : thaw(attributes.object);
    for (const mutation of compiled.mutations) {
      if (attributes.object === undefined) break;
      const problem = await this.#mutate(invocation, compiled, mutation);
      if (problem !== undefined) this.#failed(failure, problem, "Invalid");
    }
    if (!semanticEqual(before, attributes.object)) {
      askAgain(memory);
      reinvocation.request();
    }
    if (compiled.reinvokes) memory.invoked.add(key);
  }

  /** Returns what went wrong. */
  async #mutate(
    invocation: Invocation,
    { variables }: CompiledMutations,
    mutation: CompiledMutation,
  ): Promise<string | undefined> {
    const { attributes, deps, metrics } = this.#context;
    const { bound, bindingName, as } = invocation;
    const start = deps.clock.monotonicMs();
    const observe = (errorType: string): void =>
      metrics.observe(bound.name, bindingName, errorType, (deps.clock.monotonicMs() - start) / 1000);
    const schema = structureFor(attributes, as);
    if (schema === undefined) {
      const { group, version, kind } = as;
      const text = `Resource kind ${group}/${version}, Kind=${kind} not found. There can be a delay between when CustomResourceDefinitions are created and when they are available.`;
      throw ApiError.serviceUnavailable(text);
    }
    try {
      const input = await this.#inputFor(invocation);
      const after = await this.#asked.settled(() => mutated(mutation, input, variables, schema));
      const { apiVersion, kind } = input.objects.object!;
      const kept = { ...after, apiVersion, kind, metadata: after["metadata"] ?? {} };
      await this.#takeOver(mutation, thaw(kept) as JsonValue, as);
      observe("no_error");
      return undefined;
    } catch (error) {
      const { message } = error as Error;
      observe(errorTypeOf(message));
      if (error instanceof ApiError) throw error;
      return message;
    }
  }

  /** What a JSON patch leaves is no failure of the policy's where it is no object any more, but one of the server. */
  async #takeOver({ type }: CompiledMutation, changed: JsonValue, as: ResourceDefinition): Promise<void> {
    const { attributes, deps } = this.#context;
    const strict = type === "JSONPatch";
    try {
      await takeOver(attributes, changed, as, deps.convert, { strict });
    } catch (error) {
      throw strict ? ApiError.internal(error as Error) : error;
    }
  }

  async #inputFor({ as, param }: Invocation): Promise<Input> {
    const { attributes, deps } = this.#context;
    const objects = await versionedObjects(attributes, as, deps.convert);
    const namespaceName = isNamespaces(attributes) ? "" : namespaceOf(attributes);
    return {
      objects,
      request: admissionRequest(attributes, objects.kind, resourceOf(as)),
      namespace: namespaceName === "" ? undefined : findNamespace(deps.reader, namespaceName),
      params: param,
      authorizer: this.#asked.values,
    };
  }

  #failed(
    of: {
      readonly policy: MutatingAdmissionPolicy;
      readonly policyName: string;
      readonly bindingName: string | undefined;
    },
    why: string,
    reason: StatusReason,
  ): void {
    if (of.policy.spec.failurePolicy === "Ignore") return;
    const { policyName, bindingName } = of;
    const by =
      bindingName === undefined ? `policy "${policyName}"` : `policy '${policyName}' with binding '${bindingName}'`;
    this.#failures.push({ message: `${by} denied request: ${why}`, reason });
  }

  /** The first failure's words, and all as causes (admission/plugin/policy/generic Dispatch). */
  #refusal(): ApiError {
    const { status } = refused(this.#context.attributes, "admission request denied by policy");
    const [first] = this.#failures;
    const causes = this.#failures.map(({ message }) => ({ message }));
    return ApiError.fromStatus({
      ...status,
      message: first!.message,
      ...(first!.reason === "" ? {} : { reason: first!.reason }),
      details: { ...status.details, causes: [...(status.details?.causes ?? []), ...causes] },
    });
  }
}
