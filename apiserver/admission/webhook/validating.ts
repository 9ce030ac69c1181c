import { ValidatingWebhookConfiguration } from "../../../api/admissionregistration/v1/validating-webhook-configuration.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { converter, NotConvertible } from "../dynamic/convertible.ts";
import type { CompileConditions } from "../dynamic/match-conditions.ts";
import { isAdmissionConfiguration } from "../dynamic/target.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import { type CallDeps, callHook } from "./call.ts";
import { CallingWebhookError, WebhookRejection } from "./errors.ts";
import { HookSource } from "./hooks.ts";
import { WebhookMetrics } from "./metrics.ts";
import { type Invocation, ruled, shouldCall } from "./should-call.ts";

export type WebhookPluginDeps = Omit<CallDeps, "metrics"> & {
  readonly metricsRegistry: ConstructorParameters<typeof WebhookMetrics>[0];
  readonly compileConditions: CompileConditions;
};

/** Asks validating webhooks, all that are concerned at once (admission/plugin/webhook/validating). */
export function validatingWebhooks(options: WebhookPluginDeps): AdmissionPlugin {
  const metrics = new WebhookMetrics(options.metricsRegistry, "validating");
  const deps: CallDeps = { ...options, metrics };
  const source = new HookSource(
    options.reader,
    ValidatingWebhookConfiguration,
    "validating",
    options.compileConditions,
  );
  return {
    name: "ValidatingAdmissionWebhook",
    handles: (attributes) => source.hooks.length > 0 && !isAdmissionConfiguration(attributes),
    validate(attributes) {
      const concerned = source.hooks.filter((hook) => ruled(hook, attributes, deps.served) !== undefined);
      if (concerned.length === 0) return;
      return dispatch(attributes, concerned, deps);
    },
  };
}

async function dispatch(
  attributes: AdmissionAttributes,
  concerned: HookSource["hooks"],
  deps: CallDeps,
): Promise<void> {
  const invocations = await invocationsOf(attributes, concerned, deps);
  if (invocations.length === 0) return;
  if (attributes.signal?.aborted) throw ApiError.timeout("request did not complete within requested timeout");
  // The first that ends badly decides, and what the others say of the request is still told.
  let first: unknown;
  await Promise.all(
    invocations.map(async (invocation, index) => {
      try {
        await ask(invocation, index, attributes, deps);
      } catch (error) {
        first ??= error;
      }
    }),
  );
  if (first !== undefined) throw first;
}

async function invocationsOf(
  attributes: AdmissionAttributes,
  concerned: HookSource["hooks"],
  deps: CallDeps,
): Promise<readonly Invocation[]> {
  const objectsAs = converter(attributes, deps.convert);
  const invocations: Invocation[] = [];
  try {
    for (const hook of concerned) {
      const invocation = await shouldCall(hook, attributes, deps, objectsAs);
      if (invocation !== undefined) invocations.push(invocation);
    }
  } catch (error) {
    throw error instanceof NotConvertible ? ApiError.internal(error) : error;
  }
  return invocations;
}

async function ask(
  invocation: Invocation,
  index: number,
  attributes: AdmissionAttributes,
  deps: CallDeps,
): Promise<void> {
  const { hook } = invocation;
  const { clock, metrics } = deps;
  const start = clock.monotonicMs();
  const observe = (error: unknown): void => {
    const seconds = (clock.monotonicMs() - start) / 1000;
    metrics.called({ name: hook.name, operation: attributes.operation, seconds, error, failOpen: hook.failOpen });
  };
  try {
    await callHook(invocation, attributes, deps, false);
    observe(undefined);
  } catch (error) {
    observe(error);
    if (error instanceof WebhookRejection) throw error.status;
    if (!(error instanceof CallingWebhookError)) throw error;
    if (!hook.failOpen) throw ApiError.internal(error);
    metrics.failedOpen(hook.name);
    const key = `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`;
    attributes.auditAnnotate(key, hook.name);
  }
}
