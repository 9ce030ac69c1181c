import { isConditionTrue } from "../../api/apiextensions/v1/custom-resource-definition/conditions.ts";
import { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { ObjectChange } from "../registry/access.ts";
import type { Registry } from "../registry/registry.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import { customDefinitions, isServed } from "./definition.ts";
import { finalizeDefinition } from "./finalize.ts";
import { planStatus } from "./plan-status.ts";
import { RuleTimes } from "./rules.ts";
import type { Conversion } from "./stored-form.ts";
import { writeStatus } from "./write-status.ts";

export interface CustomResourcesDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** How objects of a definition change versions. */
  conversionOf(crd: CustomResourceDefinition): Conversion;
}

/** One definition that is served, with what it was when that began. */
export interface ServedDefinition {
  readonly crd: CustomResourceDefinition;
  readonly definitions: readonly ResourceDefinition[];
}

const retryMs = 1_000;

/**
 * Serves what CustomResourceDefinitions define: from the turn in which one is established until the turn in which it is
 * gone. A change of its specification takes effect with the next request; watches of the resource end, so that clients list
 * again. Also decides the definitions' conditions, and empties those that are being deleted.
 */
export class CustomResources {
  readonly #deps: CustomResourcesDeps;
  readonly #ruleTimes: RuleTimes;
  readonly #served = new Map<string, ServedDefinition>();
  /** Names whose status is being settled, and whether that is to be done once more. */
  readonly #settling = new Map<string, { again: boolean }>();
  readonly #timers = new Set<Timer>();
  #snapshot: readonly ServedDefinition[] | undefined;
  #stopped = false;
  #unlisten: (() => void) | undefined;

  constructor(deps: CustomResourcesDeps) {
    this.#deps = deps;
    this.#ruleTimes = new RuleTimes(deps.metrics, deps.clock);
  }

  /** Serves what is defined already. Call once the watch cache is filled. */
  start(): void {
    const { registry } = this.#deps;
    this.#unlisten = registry.onChange(CustomResourceDefinition, (change) => this.#take(change));
    for (const crd of [...registry.list(CustomResourceDefinition)]) this.#changed(crd);
  }

  stop(): void {
    this.#stopped = true;
    this.#unlisten?.();
    for (const timer of this.#timers) timer.clear();
  }

  /** What is served now, by name; the same list until something changes. */
  get served(): readonly ServedDefinition[] {
    this.#snapshot ??= [...this.#served.keys()].sort().map((name) => this.#served.get(name)!);
    return this.#snapshot;
  }

  #take(change: ObjectChange<CustomResourceDefinition>): void {
    if (change.type !== "DELETED") {
      this.#changed(change.object);
      return;
    }
    this.#withdraw(change.object.metadata.name!);
    // Names that it had are free now.
    for (const other of this.#deps.registry.list(CustomResourceDefinition)) {
      if (other.spec.group === change.object.spec.group) this.#settle(other.metadata.name!);
    }
  }

  #changed(crd: CustomResourceDefinition): void {
    const name = crd.metadata.name!;
    try {
      if (isServed(crd)) this.#serve(name, crd);
      else this.#withdraw(name);
    } catch (error) {
      // No server takes such a definition, but a store may have it from elsewhere: all else is served.
      this.#deps.logger.error("a custom resource definition in the store cannot be served", { name, error });
      this.#withdraw(name);
      return;
    }
    this.#settle(name);
  }

  #serve(name: string, crd: CustomResourceDefinition): void {
    const before = this.#served.get(name);
    if (before !== undefined && isSameServing(before.crd, crd)) {
      if (isConditionTrue(before.crd, "Terminating") === isConditionTrue(crd, "Terminating")) return;
      this.#served.set(name, { crd, definitions: before.definitions });
      this.#snapshot = undefined;
      return;
    }
    const { registry } = this.#deps;
    const definitions = customDefinitions(crd, {
      conversion: this.#deps.conversionOf(crd),
      ruleTimes: this.#ruleTimes,
      isTerminating: () => isConditionTrue(this.#served.get(name)?.crd ?? crd, "Terminating"),
    }).filter(({ group, version }) => {
      // A version of a group that is built in has nothing else beside it: its paths lead to what is built in alone.
      const isBuiltIn = ({ definition }: ResourceStore): boolean =>
        definition.decode === undefined && definition.group === group && definition.version === version;
      return !registry.stores.some(isBuiltIn);
    });
    this.#served.set(name, { crd, definitions });
    const versions = new Set(definitions.map(({ version }) => version));
    for (const definition of definitions) registry.add(definition);
    for (const old of before?.definitions ?? []) if (!versions.has(old.version)) registry.remove(old);
    this.#snapshot = undefined;
  }

  #withdraw(name: string): void {
    const before = this.#served.get(name);
    if (before === undefined) return;
    this.#served.delete(name);
    for (const definition of before.definitions) this.#deps.registry.remove(definition);
    this.#snapshot = undefined;
  }

  /** Brings a definition's status up to date, one at a time for each name. */
  #settle(name: string): void {
    const running = this.#settling.get(name);
    if (running !== undefined) {
      running.again = true;
      return;
    }
    const state = { again: false };
    this.#settling.set(name, state);
    void this.#settleOnce(name).then(
      () => this.#settled(name, state.again),
      (error: unknown) => {
        if (this.#stopped) return;
        this.#deps.logger.warn("the status of a custom resource definition was not written", { name, error });
        const timer = this.#deps.clock.setTimer(retryMs, () => {
          this.#timers.delete(timer);
          this.#settled(name, true);
        });
        this.#timers.add(timer.unref());
      },
    );
  }

  #settled(name: string, again: boolean): void {
    this.#settling.delete(name);
    if (again && !this.#stopped) this.#settle(name);
  }

  async #settleOnce(name: string): Promise<void> {
    const { registry, clock } = this.#deps;
    const crd = registry.get(CustomResourceDefinition, "", name);
    if (crd === undefined || this.#stopped) return;
    try {
      if (crd.metadata.deletionTimestamp !== undefined) {
        await finalizeDefinition(registry, crd, this.#served.get(name)?.definitions ?? [], clock);
        return;
      }
      const now = formatTime(clock.now());
      if (planStatus(crd, registry.list(CustomResourceDefinition), now) === undefined) return;
      await writeStatus(registry, name, (old) => planStatus(old, registry.list(CustomResourceDefinition), now));
    } catch (error) {
      // Whoever deleted it has had the last word.
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Upstream's reason to serve anew: the specification, or the names (customresource_handler.go). */
function isSameServing(before: CustomResourceDefinition, now: CustomResourceDefinition): boolean {
  return (
    before.metadata.uid === now.metadata.uid &&
    semanticEqual(before.spec, now.spec) &&
    semanticEqual(before.status.acceptedNames, now.status.acceptedNames)
  );
}
