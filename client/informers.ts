import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { aborted } from "../base/cancellation.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import { TaskGroup } from "../base/task-group.ts";
import type { Client } from "./client.ts";
import { Informer } from "./informer.ts";
import type { ResourceIdentity } from "./options.ts";
import { controllerUidIndex, namespaceIndex } from "./store/indexer.ts";

export interface InformersOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Only of this namespace, where a resource has one. */
  readonly namespace?: string;
}

export interface Selection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Names of the indexes that every informer of `Informers` has. */
export const indexes = { namespace: "namespace", controllerUid: "controllerUid" } as const;

/** One informer a resource (and selection), shared by all who ask (client-go SharedInformerFactory). */
export class Informers {
  readonly #options: InformersOptions;
  readonly #informers = new Map<string, Informer<ApiObject>>();
  #group: TaskGroup | undefined;

  constructor(options: InformersOptions) {
    this.#options = options;
  }

  /** The informer of a resource. While `run` is under way a new one starts at once. */
  of<T extends ApiObject>(definition: ResourceDefinition<T>, selection?: Selection): Informer<T>;
  of<T extends ApiObject = ApiObject>(identity: ResourceIdentity, selection?: Selection): Informer<T>;
  of(identity: ResourceIdentity, selection: Selection = {}): Informer<ApiObject> {
    const { client, clock, random, logger, namespace } = this.#options;
    const { group, version, plural } = identity;
    const key = JSON.stringify([group, version, plural, selection.labelSelector, selection.fieldSelector]);
    const known = this.#informers.get(key);
    if (known !== undefined) return known;
    const informer = new Informer<ApiObject>({
      client: client.resource(identity, namespace),
      clock,
      random,
      logger,
      ...selection,
      indexes: { [indexes.namespace]: namespaceIndex, [indexes.controllerUid]: controllerUidIndex },
    });
    this.#informers.set(key, informer);
    this.#group?.start((signal) => informer.run(signal));
    return informer;
  }

  /** Runs all informers, now and later ones, until `signal` aborts or one fails. */
  async run(signal: AbortSignal): Promise<void> {
    const group = new TaskGroup(signal);
    this.#group = group;
    group.start((inner) => aborted(inner));
    for (const informer of this.#informers.values()) group.start((inner) => informer.run(inner));
    await group.wait();
  }

  /** Resolves when every informer asked for so far has synced. */
  async synced(signal?: AbortSignal): Promise<void> {
    await Promise.all(Array.from(this.#informers.values(), (informer) => informer.synced(signal)));
  }
}
