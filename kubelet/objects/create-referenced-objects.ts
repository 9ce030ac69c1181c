import { ConfigMap } from "../../api/core/v1/config-map.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { Secret } from "../../api/core/v1/secret.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import { TaskGroup } from "../../base/task-group.ts";
import type { Client } from "../../client/client.ts";
import { FollowedObjects } from "./followed-objects.ts";
import type { ReferencedObjects } from "./referenced-objects.ts";
import { type References, referencesOf } from "./references.ts";

export interface ReferencedObjectsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Watches of each resource at once; objects beyond are read when asked for, and their changes are not told. Default 5,000. */
  readonly maxWatches?: number;
  /** How long a read waits for the API before it rejects. Default 5 s. */
  readonly timeoutMs?: number;
}

export interface RunningReferencedObjects extends ReferencedObjects {
  /** Resolves when the signal has aborted and every watch has ended. */
  readonly ended: Promise<void>;
}

interface Registered {
  readonly namespace: string;
  readonly references: References;
}

/** Follows objects until `signal` aborts (pkg/kubelet/util/manager/watch_based_manager.go). */
export function createReferencedObjects(
  options: ReferencedObjectsOptions,
  signal: AbortSignal,
): RunningReferencedObjects {
  const tasks = new TaskGroup(signal);
  const listeners = new Set<(uids: readonly string[]) => void>();
  const changed = (uids: readonly string[]): void => {
    for (const listener of listeners) listener(uids);
  };
  const shared = {
    ...options,
    tasks,
    changed,
    maxWatches: options.maxWatches ?? 5000,
    timeoutMs: options.timeoutMs ?? 5000,
  };
  const configMaps = new FollowedObjects<ConfigMap>({ ...shared, definition: ConfigMap });
  const secrets = new FollowedObjects<Secret>({ ...shared, definition: Secret });
  const registered = new Map<string, Registered>();

  const register = (pod: Pod): void => {
    const { uid = "", namespace = "" } = pod.metadata;
    const references = referencesOf(pod);
    const before = registered.get(uid);
    registered.set(uid, { namespace, references });
    for (const name of references.configMaps) configMaps.follow(uid, namespace, name);
    for (const name of references.secrets) secrets.follow(uid, namespace, name);
    // An ephemeral container may come with new names; none goes without its pod, but a static pod may be replaced.
    if (before !== undefined) release(uid, before, references);
  };
  const release = (uid: string, { namespace, references }: Registered, kept?: References): void => {
    for (const name of references.configMaps)
      if (!kept?.configMaps.has(name)) configMaps.unfollow(uid, namespace, name);
    for (const name of references.secrets) if (!kept?.secrets.has(name)) secrets.unfollow(uid, namespace, name);
  };

  return {
    register,
    unregister(uid) {
      const known = registered.get(uid);
      registered.delete(uid);
      if (known !== undefined) release(uid, known);
    },
    configMap: (namespace, name) => configMaps.get(namespace, name),
    secret: (namespace, name) => secrets.get(namespace, name),
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    ended: ended(tasks, signal),
  };
}

async function ended(tasks: TaskGroup, signal: AbortSignal): Promise<void> {
  // The group would otherwise be over as soon as the last watch of the moment is.
  tasks.start((inner) => new Promise((resolve) => inner.addEventListener("abort", () => resolve(), { once: true })));
  signal.throwIfAborted();
  await tasks.wait();
}
