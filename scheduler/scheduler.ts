import type { Pod } from "../api/core/v1/pod.ts";
import { isNotFound } from "../apimachinery/errors/api-error.ts";
import type { EventRecorder, Informer, ResourceClient } from "../client/mod.ts";
import { bind, Slots } from "./binder.ts";
import type { Cache } from "./cache/cache.ts";
import type { PodInfo } from "./cache/pod-info.ts";
import { type Decision, decide, type Profile } from "./framework/decide.ts";
import { fitMessage, truncateNote } from "./framework/fit-message.ts";
import type { Nominations } from "./framework/nominations.ts";
import { type PostFilterOutcome, postFilter } from "./framework/post-filter.ts";
import type { SchedulerMetrics } from "./metrics.ts";
import type { SchedulerOptions } from "./options.ts";
import { statusPatch, type Verdict } from "./pod-status.ts";
import { evict } from "./preemption.ts";
import type { QueuedPod } from "./queue/queued-pod.ts";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";

export interface SchedulerParts extends Pick<SchedulerOptions, "clock" | "random" | "logger"> {
  readonly profile: Profile;
  readonly cache: Cache;
  readonly queue: SchedulingQueue;
  readonly nominations: Nominations;
  readonly pods: ResourceClient<Pod>;
  readonly podCache: Informer<Pod>["cache"];
  readonly recorder: EventRecorder;
  readonly metrics: SchedulerMetrics;
  readonly maxBindings: number;
}

/** How long decisions may follow one another before everybody else in the process has a turn. */
const sliceMs = 5;
/** The same where time stands still meanwhile. */
const decisionsASlice = 64;

/**
 * Takes pods from the queue one by one and places them (pkg/scheduler/schedule_one.go). Deciding waits for nothing; what
 * follows from a decision, a binding or a word of why not, is written meanwhile others are decided on, a bounded number of
 * writes at once.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #writes: Slots;
  #startIndex = 0;
  #ready = Promise.withResolvers<void>();

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#writes = new Slots(parts.maxBindings);
  }

  /** There may be something to take from the queue. */
  wake(): void {
    this.#ready.resolve();
  }

  /** Until `signal` aborts; resolves when all that was being written is. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, queue } = this.#parts;
    const stop = (): void => this.wake();
    signal.addEventListener("abort", stop, { once: true });
    let sliceStartMs = clock.monotonicMs();
    let decisions = 0;
    while (!signal.aborted) {
      if (this.#writes.full) await this.#writes.room();
      const queued = signal.aborted ? undefined : queue.take();
      if (queued === undefined) {
        if (signal.aborted) break;
        await this.#ready.promise;
        this.#ready = Promise.withResolvers();
        sliceStartMs = clock.monotonicMs();
        decisions = 0;
        continue;
      }
      this.#attempt(queued, signal);
      if (++decisions < decisionsASlice && clock.monotonicMs() - sliceStartMs < sliceMs) continue;
      await clock.sleep(0, signal).catch(() => {}); // Aborted: the loop ends.
      sliceStartMs = clock.monotonicMs();
      decisions = 0;
    }
    signal.removeEventListener("abort", stop);
    await this.#writes.idle();
  }

  /** One decision and what follows from it. Does not wait. */
  #attempt(queued: QueuedPod, signal: AbortSignal): void {
    const { clock, random, logger, queue, cache, profile, nominations, metrics } = this.#parts;
    const { info } = queued;
    if (info.pod.metadata.deletionTimestamp !== undefined) {
      // It is on its way out; when it is gone, nobody will miss it.
      queue.done(info.uid);
      return;
    }
    const startMs = clock.monotonicMs();
    let decision: Decision;
    try {
      decision = decide({ info, snapshot: cache, profile, startIndex: this.#startIndex, random, nominations });
    } catch (error) {
      logger.error("Error selecting node for pod", { pod: info.key, error });
      this.#failed(queued, messageOf(error), startMs, signal);
      return;
    }
    this.#startIndex = decision.startIndex;
    metrics.decided(clock.monotonicMs() - startMs);
    if (decision.type === "place") this.#place(queued, decision.node.name, startMs, signal);
    else this.#rejected(queued, decision, startMs, signal);
  }

  #place(queued: QueuedPod, nodeName: string, startMs: number, signal: AbortSignal): void {
    const { cache, nominations, logger } = this.#parts;
    const { info } = queued;
    cache.assume(info, nodeName);
    nominations.delete(info.uid);
    logger.debug("Attempting to bind pod to node", { pod: info.key, node: nodeName });
    this.#writes.start(() => this.#bind(queued, info, nodeName, startMs, signal));
  }

  async #bind(queued: QueuedPod, info: PodInfo, nodeName: string, startMs: number, signal: AbortSignal): Promise<void> {
    const { clock, cache, queue, pods, metrics, recorder, logger } = this.#parts;
    try {
      await bind(pods, info.pod, nodeName, signal);
    } catch (error) {
      if (signal.aborted) return;
      cache.forget(info.uid);
      if (!isNotFound(error)) logger.warn("Error scheduling pod; retrying", { pod: info.key, node: nodeName, error });
      this.#failed(queued, `running Bind plugin "DefaultBinder": ${messageOf(error)}`, startMs, signal);
      queue.changed({ kind: "Pod", event: "AssignedPodDelete", old: info.pod });
      return;
    }
    queue.done(info.uid);
    const nowMs = clock.monotonicMs();
    metrics.attempted("scheduled", nowMs - startMs);
    metrics.placed(queued.attempts, nowMs - queued.addedMs);
    const message = `Successfully assigned ${info.key} to ${nodeName}`;
    recorder.event(info.pod, { type: "Normal", reason: "Scheduled", action: "Binding", message });
  }

  #rejected(
    queued: QueuedPod,
    decision: Exclude<Decision, { type: "place" }>,
    startMs: number,
    signal: AbortSignal,
  ): void {
    const { clock, random, queue, cache, nominations, profile, metrics, logger } = this.#parts;
    const { info } = queued;
    let message = "no nodes available to schedule pods";
    let outcome: PostFilterOutcome = { message: "", nominatedNodeName: "", victims: [] };
    let plugins: ReadonlySet<string> = new Set();
    if (decision.type === "reject") {
      outcome = postFilter(profile.filters, { info, snapshot: cache, nominations, random, ...decision });
      if (outcome.attempted) metrics.preempted(outcome.victims.length);
      message = fitMessage({ ...decision.diagnosis, postFilterMessage: outcome.message });
      plugins = decision.plugins;
    }
    const { nominatedNodeName, victims } = outcome;
    if (nominatedNodeName) this.#nominate(info, nominatedNodeName, signal);
    else if (nominatedNodeName === "") nominations.delete(info.uid);
    logger.debug("Unable to schedule pod; no fit; waiting", { pod: info.key, message });
    queue.reject(info.uid, plugins);
    metrics.attempted("unschedulable", clock.monotonicMs() - startMs);
    this.#tell(queued.info.pod, { reason: "Unschedulable", message, nominatedNodeName, nowMs: clock.now() }, signal);
    for (const victim of victims) this.#writes.start(() => this.#evict(victim, info, nominatedNodeName ?? "", signal));
  }

  /** Keeps the room for this pod: less important ones that were to come there have to look elsewhere. */
  #nominate(info: PodInfo, nodeName: string, signal: AbortSignal): void {
    const { nominations } = this.#parts;
    for (const other of nominations.on(nodeName)) {
      if (other.priority >= info.priority) continue;
      nominations.delete(other.uid);
      const { uid } = other.pod.metadata;
      this.#patchStatus(other.pod, { metadata: { uid }, status: { nominatedNodeName: null } }, signal);
    }
    nominations.set(info, nodeName);
  }

  #failed(queued: QueuedPod, message: string, startMs: number, signal: AbortSignal): void {
    const { clock, queue, metrics } = this.#parts;
    metrics.attempted("error", clock.monotonicMs() - startMs);
    const { key, uid } = queued.info;
    const current = this.#parts.podCache.get(key);
    if (current === undefined || current.metadata.uid !== uid || current.spec.nodeName) {
      // Gone, another of the same name, or bound after all: nothing is left to place.
      queue.done(uid);
      return;
    }
    queue.fail(uid);
    this.#tell(current, { reason: "SchedulerError", message, nominatedNodeName: "", nowMs: clock.now() }, signal);
  }

  /** Says on the pod, and in an event, why it is not placed. */
  #tell(pod: Pod, verdict: Verdict, signal: AbortSignal): void {
    const { recorder } = this.#parts;
    const message = truncateNote(verdict.message);
    recorder.event(pod, { type: "Warning", reason: "FailedScheduling", action: "Scheduling", message });
    const body = statusPatch(pod, verdict);
    if (body !== undefined) this.#patchStatus(pod, body, signal);
  }

  #patchStatus(pod: Pod, body: object, signal: AbortSignal): void {
    const { pods, logger } = this.#parts;
    const { name = "", namespace = "" } = pod.metadata;
    this.#writes.start(async () => {
      try {
        const patch = { type: "strategic", body } as const;
        await pods.namespace(namespace).patch(name, patch, { subresource: "status", signal });
      } catch (error) {
        if (signal.aborted || isNotFound(error)) return;
        logger.warn("Error updating pod", { pod: `${namespace}/${name}`, error });
      }
    });
  }

  /** Asks a pod to go, for another's sake (framework/preemption executor). */
  async #evict(victim: PodInfo, preemptor: PodInfo, nodeName: string, signal: AbortSignal): Promise<void> {
    const { clock, pods, recorder, logger } = this.#parts;
    if (victim.pod.metadata.deletionTimestamp !== undefined) return;
    try {
      await evict(pods, victim.pod, preemptor.pod, { nowMs: clock.now(), signal });
    } catch (error) {
      if (signal.aborted || isNotFound(error)) return;
      logger.warn("Tried to preempted pod", { pod: victim.key, preemptor: preemptor.key, error });
      return;
    }
    const message = `Preempted by pod ${preemptor.uid} on node ${nodeName}`;
    const related = preemptor.pod;
    recorder.event(victim.pod, { type: "Normal", reason: "Preempted", action: "Preempting", message, related });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
