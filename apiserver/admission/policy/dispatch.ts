import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { namespaceOf } from "../dynamic/target.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { matched, type PolicyMatchDeps } from "./match.ts";
import { collectParams, kindText, paramResource } from "./params.ts";
import type { BoundPolicy } from "./source.ts";

/** A policy bound to a write, with one of its parameters. */
export interface PolicyInvocation<P, B, C> {
  readonly bound: BoundPolicy<P, B, C>;
  readonly binding: B;
  readonly bindingName: string;
  readonly as: ResourceDefinition;
  readonly param: ApiObject | undefined;
}

/** What is wrong with a policy, or with a binding, for this write. */
export interface ConfigurationFailure<P> {
  readonly policy: P;
  readonly policyName: string;
  /** Undefined: the policy itself is wrong. */
  readonly bindingName: string | undefined;
  readonly message: string;
}

interface Spec {
  readonly spec: { readonly paramKind?: object; readonly paramRef?: object };
}

export type Step<P, B, C> =
  | { readonly invocation: PolicyInvocation<P, B, C> }
  | { readonly failure: ConfigurationFailure<P> };

/** Each policy, binding and parameter that a write is concerned by, in order, and what is misconfigured among them. */
export function* invocations<P extends Spec, B extends Spec, C>(
  bound: readonly BoundPolicy<P, B, C>[],
  attributes: AdmissionAttributes,
  deps: PolicyMatchDeps,
): Generator<Step<P, B, C>> {
  for (const one of bound) {
    const { policy, name, constraints } = one;
    const failed = (message: string, bindingName?: string): Step<P, B, C> => {
      const what = bindingName === undefined ? "policy" : "binding";
      return { failure: { policy, policyName: name, bindingName, message: `failed to configure ${what}: ${message}` } };
    };
    if (constraints === undefined) {
      yield failed("policy contained no match constraints, a required field");
      continue;
    }
    const as = attempt(() => matched(constraints, attributes, deps));
    if ("problem" in as) yield failed(as.problem);
    if (!("value" in as) || as.value === undefined) continue;
    const { paramKind } = policy.spec;
    const resource = paramKind === undefined ? undefined : paramResource(deps.served, paramKind);
    if (paramKind !== undefined && resource === undefined) {
      yield failed(`failed to find resource referenced by paramKind: '${kindText(paramKind)}'`);
      continue;
    }
    for (const { binding, name: bindingName, constraints: narrowed } of one.bindings) {
      const matches = attempt(() => narrowed === undefined || matched(narrowed, attributes, deps) !== undefined);
      if ("problem" in matches) yield failed(matches.problem, bindingName);
      if (!("value" in matches) || !matches.value) continue;
      const ref = binding.spec.paramRef;
      const params = attempt(() => collectParams(deps.reader, resource, ref, namespaceOf(attributes)));
      if ("problem" in params) {
        yield failed(params.problem, bindingName);
        continue;
      }
      for (const param of params.value) yield { invocation: { bound: one, binding, bindingName, as: as.value, param } };
    }
  }
}

function attempt<T>(run: () => T): { readonly value: T } | { readonly problem: string } {
  try {
    return { value: run() };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
