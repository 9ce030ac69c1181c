import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { linkSignals } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import { type Client, objectKey, Reflector, type ReflectorStore } from "../../client/mod.ts";
import type { DiscoveredResource } from "./discovery.ts";
import { type Entry, entryOf } from "./entry.ts";
import type { Graph } from "./graph.ts";

export interface MonitorOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Keeps the graph's part of one resource as the server has it. */
export class Monitor {
  readonly #resource: DiscoveredResource;
  readonly #graph: Graph;
  readonly #options: MonitorOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #synced = Promise.withResolvers<void>();
  readonly #stopped = new AbortController();

  constructor(resource: DiscoveredResource, graph: Graph, options: MonitorOptions) {
    this.#resource = resource;
    this.#graph = graph;
    this.#options = options;
  }

  /** Resolves when the graph has held everything there was, or the monitor was stopped. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** The resource is served no more: its objects are gone. */
  stop(): void {
    this.#stopped.abort();
    this.#synced.resolve();
    for (const entry of this.#entries.values()) this.#graph.remove(entry);
    this.#entries.clear();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, random, logger } = this.#options;
    const { group, version, kind, plural, scope } = this.#resource;
    const resource = client.resource({ group, version, kind, plural, scope });
    const reflector = new Reflector<ApiObject>({ client: resource, store: this.#store(), clock, random, logger });
    using linked = linkSignals(signal, this.#stopped.signal);
    await reflector.run(linked.signal);
  }

  #store(): ReflectorStore<ApiObject> {
    return {
      replace: (objects) => {
        const present = new Set(objects.map(objectKey));
        for (const [key, entry] of this.#entries) if (!present.has(key)) this.#remove(key, entry);
        for (const object of objects) this.#set(object);
        this.#synced.resolve();
      },
      set: (object) => this.#set(object),
      delete: (object) => {
        const key = objectKey(object);
        const known = this.#entries.get(key);
        if (known !== undefined) this.#remove(key, known);
      },
      observed() {},
    };
  }

  #set(object: ApiObject): void {
    if (this.#stopped.signal.aborted) return;
    const key = objectKey(object);
    const entry = entryOf(this.#resource, object);
    const old = this.#entries.get(key);
    // Deleted and made anew while nobody looked.
    if (old !== undefined && old.uid !== entry.uid) this.#remove(key, old);
    this.#entries.set(key, this.#graph.set(entry));
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#graph.remove(entry);
  }
}
