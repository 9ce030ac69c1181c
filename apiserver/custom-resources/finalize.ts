import {
  type Condition,
  isConditionTrue,
  setCondition,
} from "../../api/apiextensions/v1/custom-resource-definition/conditions.ts";
import {
  type CustomResourceDefinition,
  cleanupFinalizer,
} from "../../api/apiextensions/v1/customresourcedefinition.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Clock } from "../../base/clock.ts";
import { ownContext, type Registry } from "../registry/registry.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import { writeStatus } from "./write-status.ts";

/** How many instances are being deleted at once. */
const workers = 32;
/** How long instances may wait for their own finalizers before that is told; then all begins anew. */
const patienceMs = 60_000;

/**
 * Deletes every object of a definition that is being deleted, waits until they are gone, and lets go of it
 * (apiextensions-apiserver/pkg/controller/finalizer). Rejects where that takes too long: try again later.
 */
export async function finalizeDefinition(
  registry: Registry,
  crd: CustomResourceDefinition,
  definitions: readonly ResourceDefinition[],
  clock: Clock,
): Promise<void> {
  const name = crd.metadata.name!;
  if (crd.metadata.finalizers?.includes(cleanupFinalizer) !== true) return;
  const set = (reason: string, message: string, status: Condition["status"] = "True"): Promise<void> =>
    writeStatus(registry, name, (old) => {
      const draft = thaw(old) as Draft<CustomResourceDefinition>;
      setCondition(draft, { type: "Terminating", status, reason, message }, formatTime(clock.now()));
      return draft;
    });
  await set("InstanceDeletionInProgress", "CustomResource deletion is in progress");
  // In the version that is stored there is nothing to convert.
  const stored = crd.spec.versions.find(({ storage }) => storage)?.name;
  const definition = definitions.find(({ version }) => version === stored) ?? definitions[0];
  let done: readonly [string, string] = ["NeverEstablished", "resource was never established"];
  if (definition !== undefined && isConditionTrue(crd, "Established")) {
    const store = registry.of(definition);
    try {
      await deleteAll(store);
    } catch (error) {
      await set("InstanceDeletionFailed", `could not issue all deletes: ${(error as Error).message}`);
      throw error;
    }
    if (!(await isEmptied(store, clock))) {
      const message = "could not confirm zero CustomResources remaining: timed out waiting for the condition";
      await set("InstanceDeletionCheck", message);
      throw new Error(message);
    }
    done = ["InstanceDeletionCompleted", "removed all instances"];
  }
  await letGo(registry, name, done, clock);
}

async function deleteAll(store: ResourceStore): Promise<void> {
  const queue = [...store.cache.range(store.prefix)].values();
  const worker = async (): Promise<void> => {
    for (const { value } of queue) {
      const { namespace = "", name = "" } = value.object.metadata;
      try {
        await store.delete(namespace, name, {}, ownContext());
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, store.cache.size) }, worker));
}

/** Resolves as soon as nothing is left; with false where something still is after a while. */
async function isEmptied({ cache }: ResourceStore, clock: Clock): Promise<boolean> {
  if (cache.size === 0) return true;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = cache.listen(() => {
    if (cache.size === 0) resolve();
  });
  const timer = clock.setTimer(patienceMs, () => resolve()).unref();
  await promise;
  stop();
  timer.clear();
  return cache.size === 0;
}

async function letGo(
  registry: Registry,
  name: string,
  [reason, message]: readonly [string, string],
  clock: Clock,
): Promise<void> {
  await writeStatus(registry, name, (old) => {
    const draft = thaw(old) as Draft<CustomResourceDefinition>;
    setCondition(draft, { type: "Terminating", status: "False", reason, message }, formatTime(clock.now()));
    draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
    return draft;
  });
}
