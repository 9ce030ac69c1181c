import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { abortable, signalWithTimeout } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { TaskGroup } from "../../base/task-group.ts";
import type { Client } from "../../client/client.ts";
import { Informer } from "../../client/informer.ts";
import { compareResourceVersions } from "../../client/resource-version.ts";

export interface FollowOptions<T extends ApiObject> {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly definition: ResourceDefinition<T>;
  /** Runs the watches. */
  readonly tasks: TaskGroup;
  /** Objects watched at once; more than these are read anew each time. */
  readonly maxWatches: number;
  /** How long a read waits for the API. */
  readonly timeoutMs: number;
  /** Uids of those who follow an object that has changed. */
  readonly changed: (uids: readonly string[]) => void;
}

interface Followed<T extends ApiObject> {
  readonly uids: Set<string>;
  readonly informer: Informer<T>;
  readonly stop: AbortController;
  /** The API has been asked after the newest follower came. */
  fresh: Promise<void>;
  /** A question not yet sent: followers who come meanwhile share it. */
  queued: boolean;
}

/** Objects of one resource, each followed by a watch of its own for as long as somebody follows it. */
export class FollowedObjects<T extends ApiObject> {
  readonly #options: FollowOptions<T>;
  readonly #followed = new Map<string, Followed<T>>();

  constructor(options: FollowOptions<T>) {
    this.#options = options;
  }

  follow(uid: string, namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const known = this.#followed.get(key);
    if (known === undefined) {
      if (this.#followed.size < this.#options.maxWatches) this.#followed.set(key, this.#start(uid, namespace, name));
    } else if (!known.uids.has(uid)) {
      known.uids.add(uid);
      this.#freshen(known, namespace, name);
    }
  }

  unfollow(uid: string, namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const followed = this.#followed.get(key);
    if (!followed?.uids.delete(uid) || followed.uids.size > 0) return;
    this.#followed.delete(key);
    followed.stop.abort();
  }

  async get(namespace: string, name: string): Promise<T | undefined> {
    const { clock, definition, timeoutMs } = this.#options;
    using limit = signalWithTimeout({ clock, timeoutMs });
    const followed = this.#followed.get(`${namespace}/${name}`);
    try {
      if (followed === undefined) return await this.#read(namespace, name, limit.signal);
      await abortable(Promise.all([followed.informer.synced(), followed.fresh]), limit.signal);
      return followed.informer.cache.get(`${namespace}/${name}`);
    } catch (cause) {
      if (!limit.signal.aborted) throw cause;
      // pkg/kubelet/util/manager/watch_based_manager.go
      throw new Error(`failed to sync ${definition.kind.toLowerCase()} cache: timed out waiting for the condition`, {
        cause,
      });
    }
  }

  #start(uid: string, namespace: string, name: string): Followed<T> {
    const { client, clock, random, logger, definition, tasks } = this.#options;
    const stop = new AbortController();
    const informer = new Informer<T>({
      client: client.resource(definition, namespace),
      clock,
      random,
      logger,
      fieldSelector: `metadata.name=${name}`,
    });
    const uids = new Set([uid]);
    const tell = (): void => this.#options.changed([...uids]);
    informer.addHandler({ add: (_, { initial }) => initial || tell(), update: tell, delete: tell });
    tasks.start(async (signal) => {
      const ended = AbortSignal.any([signal, stop.signal]);
      await informer.run(ended);
    });
    return { uids, informer, stop, fresh: Promise.resolve(), queued: false };
  }

  /**
   * What a watch has brought may be older than what a new follower's author has just written: reads the object once more,
   * and waits until the watch has come as far. A read that fails leaves what is known.
   */
  #freshen(followed: Followed<T>, namespace: string, name: string): void {
    if (followed.queued || !followed.informer.hasSynced) return;
    followed.queued = true;
    const { informer, stop } = followed;
    followed.fresh = followed.fresh.then(async () => {
      followed.queued = false;
      try {
        const object = await this.#read(namespace, name, stop.signal);
        const known = informer.cache.get(`${namespace}/${name}`);
        const version = object?.metadata.resourceVersion;
        if (version === undefined || known === undefined) return;
        if (compareResourceVersions(known.metadata.resourceVersion ?? "", version) < 0)
          await informer.reached(version, stop.signal);
      } catch (error) {
        this.#options.logger.debug("Reading anew failed", { object: `${namespace}/${name}`, error });
      }
    });
  }

  async #read(namespace: string, name: string, signal: AbortSignal): Promise<T | undefined> {
    try {
      return await this.#options.client.resource(this.#options.definition, namespace).get(name, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
