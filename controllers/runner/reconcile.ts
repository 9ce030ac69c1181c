import { Event } from "../../api/core/v1/event.ts";
import { ApiError, apiErrorOf, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Clock } from "../../base/clock.ts";
import { TaskGroup } from "../../base/task-group.ts";
import {
  bucketRateLimiter,
  CoreEventRecorder,
  exponentialRateLimiter,
  maxOfRateLimiters,
  objectKey,
  type RateLimiter,
  runWorkers,
  WorkQueue,
} from "../../client/mod.ts";
import type { Action, ActionEvent } from "./action.ts";
import { isMarked, WriteBarrier } from "./barrier.ts";
import type { ControllerContext, Declaration, Summary } from "./controller.ts";
import { execute } from "./execute.ts";
import { NotYetError } from "./not-yet.ts";
import { perform } from "./perform.ts";
import { type Watches, wireWatches } from "./watches.ts";

/** Upstream's waits go up to a quarter of an hour; here nothing that heals stays broken for longer than a minute. */
export function controllerRateLimiter(clock: Clock): RateLimiter<string> {
  return maxOfRateLimiters(
    exponentialRateLimiter<string>({ baseMs: 5, maxMs: 60_000 }),
    bucketRateLimiter<string>({ clock, perSecond: 10, burst: 100 }),
  );
}

/** Runs a declared controller until `signal` aborts. */
export async function reconcileForEver<P extends ApiObject, O>(
  declaration: Declaration<P, O>,
  context: ControllerContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, metrics, client } = context;
  const { name, workers, queue: queueName = name } = declaration;
  const queue = new WorkQueue<string>({
    clock,
    name: queueName,
    rateLimiter: (declaration.rateLimiter ?? controllerRateLimiter)(clock),
    ...(metrics === undefined ? {} : { registry: metrics }),
  });
  const barrier = new WriteBarrier();
  const logger = context.logger.child({ controller: name });
  const events = new CoreEventRecorder({ client: client.resource(Event), component: name, clock, random, logger });
  using watches = wireWatches(declaration, {
    informers: context.informers,
    enqueue: (key, afterMs = 0) => queue.addAfter(key, afterMs),
    sawDeletion: (object) => barrier.sawDeletion(object),
  });
  const reconciler = new Reconciler({ declaration, context: { ...context, logger }, queue, barrier, events, watches });
  const group = new TaskGroup(signal);
  group.start((inner) => events.run(inner));
  group.start(async (inner) => {
    await watches.synced(inner);
    await runWorkers({ queue, workers, work: (key, work) => reconciler.reconcile(key, work) }, inner);
  });
  await group.wait();
}

interface Parts<P extends ApiObject, O> {
  readonly declaration: Declaration<P, O>;
  readonly context: ControllerContext;
  readonly queue: WorkQueue<string>;
  readonly barrier: WriteBarrier;
  readonly events: CoreEventRecorder;
  readonly watches: Watches;
}

/** Looks at one key at a time: waits for its own writes, decides, acts, reports. */
class Reconciler<P extends ApiObject, O> {
  readonly #parts: Parts<P, O>;

  constructor(parts: Parts<P, O>) {
    this.#parts = parts;
  }

  /** Under which the writes of a key are awaited. */
  #barrierKey(key: string): string {
    return this.#parts.declaration.sharedBarrier ? "" : key;
  }

  /** Never rejects: what fails is tried again, later each time. */
  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { queue } = this.#parts;
    try {
      await this.#parts.barrier.settled(this.#barrierKey(key), signal);
      const failures = await this.#decide(key, signal);
      if (failures.length === 0) return queue.forget(key);
      this.#report(key, failures[0]!);
    } catch (error) {
      if (signal.aborted) return;
      this.#report(key, error);
    }
    queue.addRateLimited(key);
  }

  async #decide(key: string, signal: AbortSignal): Promise<readonly ApiError[]> {
    const { declaration, context, watches } = this.#parts;
    const primary = watches.cache.get(declaration.primary, key);
    if (primary === undefined)
      return this.#execute(key, declaration.gone?.(key, watches.cache) ?? [], undefined, signal);
    const observing = declaration.observe(primary, watches.cache, context.clock.now(), {
      client: context.client,
      signal,
    });
    const observed = observing instanceof Promise ? await observing : observing;
    const failures = await this.#execute(key, declaration.plan(observed), primary, signal);
    const summary = declaration.summarize?.(observed, failures);
    return summary === undefined ? failures : [...failures, ...(await this.#tell(key, primary, summary, signal))];
  }

  async #execute(
    key: string,
    actions: readonly Action[],
    primary: P | undefined,
    signal: AbortSignal,
  ): Promise<readonly ApiError[]> {
    if (actions.length === 0) return [];
    const failures = await execute(actions, {
      perform: (action) => perform(this.#parts.context.client, action, signal),
      done: (action, result) => this.#done(key, primary, action, result),
      failed: (action, error) => this.#failed(primary, action, error),
    });
    signal.throwIfAborted();
    return failures;
  }

  #done(key: string, primary: P | undefined, action: Action, result: unknown): void {
    const { barrier, watches } = this.#parts;
    const informer = watches.informerOf(action.resource);
    if (informer !== undefined && action.type === "delete" && !isMarked(result)) {
      const { name, namespace, uid } = action;
      barrier.removed(this.#barrierKey(key), informer, {
        key: objectKey({ metadata: { name, ...(namespace === undefined ? {} : { namespace }) } }),
        uid,
      });
    } else if (informer !== undefined && action.type !== "deleteCollection") {
      barrier.wrote(this.#barrierKey(key), informer, result as ApiObject);
    }
    this.#tellOf(primary, action.onDone?.(result as ApiObject));
  }

  #failed(primary: P | undefined, action: Action, error: unknown): void {
    this.#tellOf(primary, action.onFailed?.(ApiError.from(error)));
  }

  #tellOf(primary: P | undefined, event: ActionEvent | undefined): void {
    const regarding = event?.regarding ?? primary;
    if (event !== undefined && regarding !== undefined) this.#parts.events.event(regarding, event);
  }

  /** Status, events and the next look. Returns what failed. */
  async #tell(key: string, primary: P, summary: Summary, signal: AbortSignal): Promise<readonly ApiError[]> {
    const { declaration, context, queue, barrier, events, watches } = this.#parts;
    for (const event of summary.events ?? []) events.event(primary, event);
    if (summary.wakeAtMs !== undefined) queue.addAfter(key, Math.max(1, summary.wakeAtMs - context.clock.now()));
    const { status } = primary as { readonly status?: unknown };
    if (summary.status === undefined) return [];
    const { annotations } = primary.metadata;
    const annotate = Object.entries(summary.annotations ?? {}).some(([name, value]) => annotations?.[name] !== value);
    if (!annotate && semanticEqual(summary.status, status)) return [];
    const metadata = annotate
      ? { ...primary.metadata, annotations: { ...annotations, ...summary.annotations } }
      : primary.metadata;
    const { group, version, kind, plural, scope } = declaration.primary;
    const calls = context.client.resource({ group, version, kind, plural, scope }, primary.metadata.namespace);
    try {
      const written = await calls.updateStatus({ ...primary, metadata, status: summary.status } as never, { signal });
      barrier.wrote(this.#barrierKey(key), watches.informerOf(declaration.primary)!, written);
      return [];
    } catch (error) {
      // Gone meanwhile: there is nobody left to tell of.
      return isNotFound(error) ? [] : [ApiError.from(error)];
    }
  }

  #report(key: string, error: unknown): void {
    const { logger } = this.#parts.context;
    if (isConflict(error)) logger.debug("somebody else was faster", { key, error });
    else if (error instanceof NotYetError) logger.debug("not yet", { key, error });
    else if (apiErrorOf(error) !== undefined) logger.warn("reconcile failed", { key, error });
    else logger.error("reconcile failed", { key, error });
  }
}
