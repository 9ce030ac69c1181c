import { abortable, aborted } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import { TaskGroup } from "../../base/task-group.ts";
import type { Client } from "../../client/mod.ts";
import { type DiscoveredResource, type Discovery, discover } from "./discovery.ts";
import type { Entry } from "./entry.ts";
import { Graph, type GraphListener } from "./graph.ts";
import { Monitor } from "./monitor.ts";

export interface InventoryOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Changes of these change what the server serves. */
const servingResources = ["customresourcedefinitions.apiextensions.k8s.io", "apiservices.apiregistration.k8s.io"];
/** The server needs a moment to serve a new resource: it is asked after each of these. */
const rediscoverAfterMs = [20, 1_000, 5_000];
/** Events are objects of two groups: once is enough. */
const served = (resource: DiscoveredResource): boolean =>
  !(resource.group === "events.k8s.io" && resource.plural === "events");
const followable = ["delete", "list", "watch"];

/**
 * Every object of the cluster by its metadata alone: the resources that can be deleted, listed and watched, found by
 * discovery, and again when the server's resources change. It keeps a few words of each object, never the object.
 */
export class Inventory {
  readonly graph = new Graph();
  readonly #options: InventoryOptions;
  readonly #monitors = new Map<string, Monitor>();
  readonly #discovered: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  readonly #rediscovered = new Set<() => void>();
  #discovery: Discovery = { preferred: [], kinds: new Map(), failures: new Map() };
  #changed: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  /** Waits before each of the next times that the server is asked. */
  #looks: number[] = [];
  /** Ends the wait under way, where that is longer than the first after a change. */
  #hurry: AbortController | undefined;

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.graph.listen({
      changed: (entry) => this.#servingChanged(entry),
      removed: (entry) => this.#servingChanged(entry),
    });
  }

  /** What the server serves, as last read. */
  get discovery(): Discovery {
    return this.#discovery;
  }

  /** Hears of each change of the graph, and, once, of all there is. */
  listen(listener: GraphListener): Disposable {
    return this.graph.listen(listener);
  }

  onDiscovery(fn: () => void): Disposable {
    this.#rediscovered.add(fn);
    return { [Symbol.dispose]: () => void this.#rediscovered.delete(fn) };
  }

  /** Resolves when the graph has held all there was. */
  async synced(signal?: AbortSignal): Promise<void> {
    await abortable(this.#discovered.promise, signal);
    await Promise.all(Array.from(this.#monitors.values(), (monitor) => abortable(monitor.synced, signal)));
  }

  /** Follows the server until `signal` aborts. To be called once. */
  async run(signal: AbortSignal): Promise<void> {
    const group = new TaskGroup(signal);
    group.start((inner) => this.#discoverForEver(group, inner));
    await group.wait();
  }

  async #discoverForEver(group: TaskGroup, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      failures = (await this.#discoverOnce(group, signal)) ? 0 : failures + 1;
      if (failures > 0) this.#looks.unshift(Math.min(30_000, 100 * 2 ** failures));
      if (this.#looks.length === 0) await Promise.race([this.#changed.promise, aborted(signal)]);
      let slept = false;
      while (!slept) slept = await this.#sleptThrough(clock, this.#looks.shift() ?? 0, signal);
    }
  }

  /** False where the server's resources changed meanwhile, and it is to be asked sooner. */
  async #sleptThrough(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
    const hurry = new AbortController();
    if (ms > rediscoverAfterMs[0]!) this.#hurry = hurry;
    await clock.sleep(ms, AbortSignal.any([signal, hurry.signal])).catch(() => {}); // Aborted: the loop ends.
    this.#hurry = undefined;
    return signal.aborted || !hurry.signal.aborted;
  }

  /** True where everything was told. */
  async #discoverOnce(group: TaskGroup, signal: AbortSignal): Promise<boolean> {
    const { client, logger } = this.#options;
    this.#changed = Promise.withResolvers<void>();
    try {
      const discovery = await discover(client, signal);
      if (signal.aborted) return true;
      this.#follow(group, discovery);
      if (discovery.failures.size > 0)
        logger.warn("discovery failed for some groups", { groups: [...discovery.failures.keys()] });
      return discovery.failures.size === 0;
    } catch (error) {
      if (!signal.aborted) logger.warn("discovery failed", { error });
      return false;
    }
  }

  #servingChanged({ resource: { group, plural } }: Entry): void {
    if (!servingResources.includes(`${plural}.${group}`)) return;
    this.#looks = [...rediscoverAfterMs];
    this.#changed.resolve();
    this.#hurry?.abort();
  }

  #follow(group: TaskGroup, discovery: Discovery): void {
    const wanted = new Map<string, DiscoveredResource>();
    for (const resource of discovery.preferred) {
      if (served(resource) && followable.every((verb) => resource.verbs.has(verb))) {
        wanted.set(`${resource.group}/${resource.version}/${resource.plural}`, resource);
      }
    }
    for (const [name, monitor] of this.#monitors) {
      const version = name.slice(0, name.lastIndexOf("/")).replace(/^\//, "");
      if (wanted.has(name) || discovery.failures.has(version)) continue;
      monitor.stop();
      this.#monitors.delete(name);
    }
    for (const [name, resource] of wanted) {
      if (this.#monitors.has(name)) continue;
      const monitor = new Monitor(resource, this.graph, this.#options);
      this.#monitors.set(name, monitor);
      group.start((signal) => monitor.run(signal));
    }
    this.#discovery = discovery;
    this.#discovered.resolve();
    for (const fn of this.#rediscovered) fn();
  }
}
