import { MutatingWebhookConfiguration } from "../../../api/admissionregistration/v1/mutating-webhook-configuration.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { goJson } from "../../../apimachinery/text/go-json.ts";
import { convertible, NotConvertible } from "../dynamic/convertible.ts";
import { isAdmissionConfiguration } from "../dynamic/target.ts";
import type { AdmissionAttributes, AdmissionPlugin, Reinvocation } from "../plugin.ts";
import { applyPatch } from "./apply-patch.ts";
import { type CallDeps, callHook } from "./call.ts";
import { CallingWebhookError, WebhookRejection } from "./errors.ts";
import { type Hook, HookSource } from "./hooks.ts";
import { WebhookMetrics } from "./metrics.ts";
import { type Invocation, ruled, shouldCall } from "./should-call.ts";
import type { WebhookPluginDeps } from "./validating.ts";

/** What both passes over one write remember (admission/plugin/webhook/mutating reinvocationcontext.go). */
interface Memory {
  /** The object as this plugin last left it. */
  output: unknown;
  /** Webhooks that want to be asked again after changes by others. */
  readonly invoked: Set<string>;
  readonly again: Set<string>;
}

/** Asks mutating webhooks, one after another, each about what the one before has made of the object. */
export function mutatingWebhooks(options: WebhookPluginDeps): AdmissionPlugin {
  const metrics = new WebhookMetrics(options.metricsRegistry, "admit");
  const deps: CallDeps = { ...options, metrics };
  const source = new HookSource(options.reader, MutatingWebhookConfiguration, "admit", options.compileConditions);
  const memories = new WeakMap<AdmissionAttributes, Memory>();
  return {
    name: "MutatingAdmissionWebhook",
    handles: (attributes) => source.hooks.length > 0 && !isAdmissionConfiguration(attributes),
    admit(attributes, reinvocation) {
      const { hooks } = source;
      if (!hooks.some((hook) => ruled(hook, attributes, deps.served) !== undefined)) return;
      let memory = memories.get(attributes);
      if (memory === undefined) {
        memory = { output: undefined, invoked: new Set(), again: new Set() };
        memories.set(attributes, memory);
      } else if (reinvocation.active && !semanticEqual(memory.output, attributes.object)) {
        askAgain(memory);
      }
      return dispatch({ attributes, reinvocation, memory, deps }, hooks);
    },
  };
}

interface Pass {
  readonly attributes: AdmissionAttributes;
  readonly reinvocation: Reinvocation;
  readonly memory: Memory;
  readonly deps: CallDeps;
}

function askAgain(memory: Memory): void {
  for (const uid of memory.invoked) memory.again.add(uid);
  memory.invoked.clear();
}

async function dispatch(pass: Pass, hooks: readonly Hook[]): Promise<void> {
  const { attributes, reinvocation, memory, deps } = pass;
  for (const [index, hook] of hooks.entries()) {
    const invocation = await invocationOf(hook, attributes, deps);
    if (invocation === undefined) continue;
    // The second pass asks nobody for the first time.
    if (reinvocation.active && !memory.again.has(hook.uid)) continue;
    await ask(pass, invocation, index);
  }
  memory.output = attributes.object === undefined ? undefined : thaw(attributes.object);
}

async function invocationOf(
  hook: Hook,
  attributes: AdmissionAttributes,
  deps: CallDeps,
): Promise<Invocation | undefined> {
  try {
    return await shouldCall(hook, attributes, deps, (as) => convertible(attributes, as, deps.convert));
  } catch (error) {
    // Upstream says so twice.
    throw error instanceof NotConvertible ? ApiError.internal(ApiError.internal(error)) : error;
  }
}

async function ask(pass: Pass, invocation: Invocation, index: number): Promise<void> {
  const { attributes, reinvocation, memory, deps } = pass;
  const { hook } = invocation;
  const place = `round_${reinvocation.active ? 1 : 0}_index_${index}`;
  const start = deps.clock.monotonicMs();
  let failure: unknown;
  let changed = false;
  try {
    const answer = await callHook(invocation, attributes, deps, true);
    const { as, objects } = invocation;
    const applied = await applyPatch(hook.name, answer, { attributes, as, objects, convert: deps.convert });
    changed = applied.changed;
    if (applied.operations !== undefined) {
      const patch = applied.operations.map(byName);
      const told = { configuration: hook.configuration, webhook: hook.name, patch, patchType: "JSONPatch" };
      attributes.auditAnnotate(`patch.webhook.admission.k8s.io/${place}`, goJson(told));
    }
  } catch (error) {
    failure = error;
  }
  const mutation = { configuration: hook.configuration, webhook: hook.name, mutated: changed };
  attributes.auditAnnotate(`mutation.webhook.admission.k8s.io/${place}`, goJson(mutation));
  const seconds = (deps.clock.monotonicMs() - start) / 1000;
  const { name, failOpen } = hook;
  deps.metrics.called({ name, operation: attributes.operation, seconds, error: failure, failOpen });
  if (changed) {
    askAgain(memory);
    reinvocation.request();
  }
  if (hook.reinvokes) memory.invoked.add(hook.uid);
  if (failure !== undefined) refuse(pass, hook, failure, place);
}

/** Fields in the order in which Go writes a map. */
function byName(operation: object): object {
  return Object.fromEntries(Object.entries(operation).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Returns where the webhook's policy lets the write go on without it. */
function refuse({ attributes, deps }: Pass, hook: Hook, error: unknown, place: string): void {
  if (error instanceof WebhookRejection) throw error.status;
  if (!(error instanceof CallingWebhookError)) throw error;
  if (!hook.failOpen) throw ApiError.internal(error);
  deps.metrics.failedOpen(hook.name);
  attributes.auditAnnotate(`failed-open.mutation.webhook.admission.k8s.io/${place}`, hook.name);
  if (attributes.signal?.aborted) throw ApiError.timeout("request did not complete within requested timeout");
}
