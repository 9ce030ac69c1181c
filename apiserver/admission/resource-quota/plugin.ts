import { evaluatorOf } from "../../../api/core/v1/quota/all.ts";
import { sameAmounts } from "../../../api/core/v1/quota/amounts.ts";
import type { QuotaContext } from "../../../api/core/v1/quota/evaluator.ts";
import type { Pod, ResourceQuota } from "../../../api/generated/types/core-v1.ts";
import type { DeviceClass, ResourceClaim } from "../../../api/generated/types/resource-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { Clock } from "../../../base/clock.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { checkRequest, type Request } from "./check-request.ts";
import type { ResourceQuotaConfiguration } from "./configuration.ts";

/** How often a quota that somebody else changed meanwhile is looked at again. */
const retries = 3;
/** How long a write waits for its turn. */
const timeoutMs = 10_000;

export interface ResourceQuotaDeps {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  /** Writes the status of an object where it is still at its resourceVersion; else rejects. */
  readonly updateStatus: (definition: ResourceDefinition<ResourceQuota>, quota: ResourceQuota) => Promise<unknown>;
  readonly quotas: ResourceDefinition<ResourceQuota>;
  readonly pods: ResourceDefinition<Pod>;
  readonly deviceClasses: ResourceDefinition<DeviceClass>;
  readonly resourceClaims: ResourceDefinition<ResourceClaim>;
  readonly configuration?: ResourceQuotaConfiguration | undefined;
}

/**
 * Keeps what all objects of a namespace use together within its ResourceQuotas (admission/plugin/resourcequota): a write is
 * let in once its usage has been added to the status of every quota that it concerns. Those of one namespace that come
 * while a status is being written are judged together afterwards, against what that write left.
 */
export function resourceQuota(deps: ResourceQuotaDeps): AdmissionPlugin {
  const limited = deps.configuration?.limitedResources ?? [];
  const context: Omit<QuotaContext, "now"> = {
    deviceClasses: () => deps.reader.list(deps.deviceClasses),
    pod: (namespace, name) => deps.reader.get(deps.pods, namespace, name),
    claims: (namespace) => deps.reader.list(deps.resourceClaims, namespace),
  };
  const namespaces = new Map<string, Waiter[]>();
  return {
    name: "ResourceQuota",
    handles: ({ operation, namespace }) => namespace !== "" && (operation === "CREATE" || operation === "UPDATE"),
    validate(attributes) {
      const { definition, namespace, operation, subresource, oldObject } = attributes;
      const evaluator = evaluatorOf(definition.group, definition.plural);
      const object = attributes.object as ApiObject;
      if (evaluator === undefined || !evaluator.handles({ operation, subresource, object, oldObject })) return;
      if (limited.length === 0 && isEmpty(deps.reader.list(deps.quotas, namespace))) return;
      const request: Request = { attributes, evaluator, limited, context: { ...context, now: deps.clock.now() } };
      return enqueue(deps, namespaces, request);
    },
  };
}

function isEmpty(objects: Iterable<unknown>): boolean {
  for (const _ of objects) return false;
  return true;
}

/** A write that waits for its verdict. */
interface Waiter {
  readonly request: Request;
  /** Undefined lets it in. */
  settle(error?: unknown): void;
  settled: boolean;
}

function enqueue(deps: ResourceQuotaDeps, namespaces: Map<string, Waiter[]>, request: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = deps.clock.setTimer(timeoutMs, () =>
      waiter.settle(ApiError.internal(new Error("resource quota evaluation timed out"))),
    );
    const waiter: Waiter = {
      request,
      settled: false,
      settle(error) {
        if (waiter.settled) return;
        waiter.settled = true;
        timer.clear();
        if (error === undefined) resolve();
        else reject(error);
      },
    };
    const { namespace } = request.attributes;
    const waiting = namespaces.get(namespace);
    if (waiting !== undefined) waiting.push(waiter);
    else {
      namespaces.set(namespace, [waiter]);
      void work(deps, namespaces, namespace);
    }
  });
}

/** Never rejects: what fails is told to those who wait. */
async function work(deps: ResourceQuotaDeps, namespaces: Map<string, Waiter[]>, namespace: string): Promise<void> {
  for (;;) {
    const waiters = namespaces.get(namespace)!;
    if (waiters.length === 0) break;
    namespaces.set(namespace, []);
    try {
      await judge(deps, [...deps.reader.list(deps.quotas, namespace)], waiters, retries);
    } catch (error) {
      for (const waiter of waiters) waiter.settle(error);
    }
  }
  namespaces.delete(namespace);
}

/** Judges one after the other, writes what all together use, and lets those in whose usage has been written. */
async function judge(
  deps: ResourceQuotaDeps,
  before: readonly ResourceQuota[],
  waiters: readonly Waiter[],
  remaining: number,
): Promise<void> {
  let quotas = before;
  const charged: Waiter[] = [];
  for (const waiter of waiters) {
    if (waiter.settled) continue;
    try {
      const after = checkRequest(quotas, waiter.request);
      const isFree = after.every((quota, i) => sameUsage(quota, quotas[i]!));
      if (isFree || waiter.request.attributes.dryRun) waiter.settle();
      else {
        quotas = after;
        charged.push(waiter);
      }
    } catch (error) {
      waiter.settle(error);
    }
  }
  const failed = new Map<string, unknown>();
  for (const [i, quota] of quotas.entries()) {
    if (sameUsage(quota, before[i]!)) continue;
    await deps.updateStatus(deps.quotas, quota).catch((error: unknown) => failed.set(quota.metadata.name!, error));
  }
  if (failed.size === 0) return letIn(charged);
  if (remaining === 0) {
    const error = [...failed.values()].at(-1);
    for (const waiter of charged) waiter.settle(error);
    return;
  }
  const { namespace } = before[0]!.metadata;
  const again = [...deps.reader.list(deps.quotas, namespace)].filter(({ metadata }) => failed.has(metadata.name!));
  await judge(deps, again, charged, remaining - 1);
}

function letIn(waiters: readonly Waiter[]): void {
  for (const waiter of waiters) waiter.settle();
}

function sameUsage(a: ResourceQuota, b: ResourceQuota): boolean {
  return a === b || sameAmounts(a.status?.used ?? {}, b.status?.used ?? {});
}
