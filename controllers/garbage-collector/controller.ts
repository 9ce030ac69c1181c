import { Event } from "../../api/core/v1/event.ts";
import { type ApiError, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import { TaskGroup } from "../../base/task-group.ts";
import { CoreEventRecorder, runWorkers, WorkQueue } from "../../client/mod.ts";
import { type Entry, sameOwners } from "../inventory/entry.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Action, Delete } from "../runner/action.ts";
import type { Controller, ControllerContext } from "../runner/controller.ts";
import { execute } from "../runner/execute.ts";
import { perform } from "../runner/perform.ts";
import { controllerRateLimiter } from "../runner/reconcile.ts";
import { Owners } from "./owners.ts";
import { plan } from "./plan.ts";
import { afterChange, afterRemoval, wrongNamespace, wrongNamespaceMessage } from "./triggers.ts";

const name = "garbage-collector-controller";
const workers = 20;
/** What was seen together is considered together: the caches of other resources have the same moment to catch up. */
const settleMs = 1;

/**
 * Deletes what has lost its last owner, and what its owner takes along; lets go what its owner leaves behind
 * (pkg/controller/garbagecollector). Its keys are uids of the inventory.
 */
export function garbageCollector(inventory: Inventory): Controller {
  return {
    name,
    serviceAccount: "generic-garbage-collector",
    run: (context, signal) => new Collector(inventory, context).run(signal),
  };
}

class Collector {
  readonly #inventory: Inventory;
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue<string>;
  readonly #owners: Owners;
  readonly #events: CoreEventRecorder;
  /** References to kinds that are not served: looked at again when that changes. */
  readonly #unresolved = new Set<string>();

  constructor(inventory: Inventory, context: ControllerContext) {
    const { clock, random, client, metrics } = context;
    const logger = context.logger.child({ controller: name });
    this.#inventory = inventory;
    this.#context = { ...context, logger };
    this.#queue = new WorkQueue({
      clock,
      name: "garbage_collector_attempt_to_delete",
      rateLimiter: controllerRateLimiter(clock),
      ...(metrics === undefined ? {} : { registry: metrics }),
    });
    this.#owners = new Owners(inventory, client);
    this.#events = new CoreEventRecorder({ client: client.resource(Event), component: name, clock, random, logger });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { graph } = this.#inventory;
    const group = new TaskGroup(signal);
    group.start((inner) => this.#events.run(inner));
    group.start(async (inner) => {
      // Before all is known, everything looks abandoned. What is there then is looked at once.
      await this.#inventory.synced(inner);
      using _changes = graph.listen({
        changed: (entry, old) => this.#changed(entry, old),
        removed: (entry) => this.#considerAll(afterRemoval(graph, entry)),
      });
      using _discovery = this.#inventory.onDiscovery(() => this.#considerAll([...this.#unresolved]));
      await runWorkers({ queue: this.#queue, workers, work: (uid, work) => this.#work(uid, work) }, inner);
    });
    await group.wait();
  }

  #changed(entry: Entry, old: Entry | undefined): void {
    const { graph } = this.#inventory;
    this.#considerAll(afterChange(graph, entry, old));
    const suspects =
      old === undefined ? [entry, ...graph.dependents(entry.uid)] : old.owners !== entry.owners ? [entry] : [];
    for (const suspect of suspects) {
      for (const reference of wrongNamespace(graph, suspect)) {
        if (suspect !== entry && reference.uid !== entry.uid) continue;
        this.#complain(suspect, wrongNamespaceMessage(reference, suspect.namespace));
      }
    }
  }

  #complain({ resource, namespace, name: about, uid }: Entry, message: string): void {
    const regarding = { apiVersion: apiVersionOf(resource), kind: resource.kind, name: about, uid };
    this.#events.event(
      { ...regarding, ...(namespace === "" ? {} : { namespace }) },
      { type: "Warning", reason: "OwnerRefInvalidNamespace", message },
    );
  }

  #considerAll(uids: Iterable<string>): void {
    for (const uid of uids) this.#queue.addAfter(uid, settleMs);
  }

  async #work(uid: string, signal: AbortSignal): Promise<void> {
    try {
      if (await this.#consider(uid, signal)) return this.#queue.forget(uid);
    } catch (error) {
      if (signal.aborted) return;
      this.#context.logger.warn("collecting failed", { uid, error });
    }
    this.#queue.addRateLimited(uid);
  }

  /** True where nothing is left to do before the next change. */
  async #consider(uid: string, signal: AbortSignal): Promise<boolean> {
    const { graph } = this.#inventory;
    this.#unresolved.delete(uid);
    const item = graph.get(uid);
    if (item === undefined) return true;
    const outcome = item.deletionTimestamp === undefined ? await this.#owners.of(item, signal) : noOwners;
    if (outcome.type === "unknownKind") {
      this.#unresolved.add(uid);
      return true;
    }
    if (outcome.type === "impossible") return true;
    if (graph.get(uid) !== item) {
      // It changed while its owners were looked up: the decision must be about one moment.
      this.#considerAll([uid]);
      return true;
    }
    const { actions, consider } = plan({ item, owners: outcome.owners, dependents: graph.dependents(uid) });
    this.#considerAll(consider);
    const failures = await this.#execute(item, actions, signal);
    return failures.length === 0 && !(outcome.unseen && actions.length === 0);
  }

  #execute(item: Entry, actions: readonly Action[], signal: AbortSignal): Promise<readonly ApiError[]> {
    const { client, logger } = this.#context;
    const tolerant = actions.map((action) => ({ ...action, tolerates: isNotFound }));
    return execute(tolerant, {
      perform: (action) =>
        action.type === "delete" ? this.#delete(item, action, signal) : perform(client, action, signal),
      done: (action) =>
        logger.debug("done", {
          action: action.type,
          kind: item.resource.kind,
          namespace: item.namespace,
          name: item.name,
        }),
      failed: (action, error) => {
        const values = {
          action: action.type,
          kind: item.resource.kind,
          namespace: item.namespace,
          name: item.name,
          error,
        };
        if (isConflict(error)) logger.debug("somebody else was faster", values);
        else logger.warn("collecting failed", values);
      },
    });
  }

  /** An object that changes all the time is deleted all the same, as long as its owners stay the same. */
  async #delete(item: Entry, action: Delete, signal: AbortSignal): Promise<unknown> {
    const { client } = this.#context;
    try {
      return await perform(client, action, signal);
    } catch (error) {
      if (!isConflict(error)) throw error;
      const { metadata } = await client.resource(item.resource, action.namespace).get(item.name, { signal });
      const same = metadata.uid === item.uid && sameOwners(metadata.ownerReferences ?? [], item.owners);
      if (!same || metadata.resourceVersion === item.resourceVersion) throw error;
      const { resourceVersion: _, ...anyState } = action;
      return perform(client, anyState, signal);
    }
  }
}

/** Whoever is being deleted needs no owner to tell it so. */
const noOwners = { type: "known", owners: [], unseen: false } as const;
