import type { Pod } from "../../api/generated/types/core-v1.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { Heap } from "../../base/heap.ts";
import { type PodInfo, podInfo } from "../cache/pod-info.ts";
import { podChanges } from "../framework/changes.ts";
import { type Change, type ClusterEvent, eventLabels } from "../framework/cluster-event.ts";
import type { Interest, Plugin } from "../framework/plugin.ts";
import { backoffMs, comesBefore, type QueuedPod } from "./queued-pod.ts";

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  readonly plugins: readonly Plugin[];
  /** Told whenever a pod may be taken. Must not take one at once. */
  readonly onReady: () => void;
  /** Told of each pod that enters one of upstream's queues: `active`, `backoff`, `unschedulable`, `gated`. */
  readonly onIncoming?: (queue: string, event: string) => void;
}

interface Entry {
  readonly pod: QueuedPod;
  readonly ticket: number;
}

/** Upstream's DefaultPodMaxInUnschedulablePodsDuration, and how often it looks. */
const maxUnschedulableMs = 5 * 60_000;
const flushPeriodMs = 30_000;
/** Stands for the plugin that rejected a pod where there was no node at all. */
const noNodes = "";
/** Waits that end within one window end together, so that importance decides (backoffQOrderingWindowDuration). */
const windowMs = 1_000;

/**
 * Pods that have no node yet (pkg/scheduler/backend/queue). Each is in one place: `active`, to be decided on, the most
 * important first; `backoff`, for a while after a failure; `unschedulable`, until something happens that a plugin that
 * rejected it cares for, or five minutes have passed; `gated`; or `in-flight`, out of the queue with its fate undecided.
 *
 * Guarantees: no pod is ever in two places or lost; `take` hands out the first of `active`, or, where that is empty, of those
 * in backoff that were rejected and not the victims of an error (KEP-5142); what happens to a pod in flight is not lost.
 *
 * A decision waits for nothing, so nothing can happen between `take` and its `reject`: upstream's list of events that came
 * meanwhile has nothing to hold. Between `take` and `fail` much can, but a pod whose binding failed was rejected by
 * nobody, and comes back whatever happened.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #pods = new Map<string, QueuedPod>();
  readonly #active: Heap<Entry>;
  readonly #backoff: Heap<Entry>;
  readonly #errorBackoff: Heap<Entry>;
  /** What waits for something to happen, and by which plugin it was rejected: a change is shown only to whom it may concern. */
  readonly #waiting = new Set<QueuedPod>();
  readonly #waitingFor = new Map<string, Set<QueuedPod>>();
  readonly #counts = { active: 0, backoff: 0, "error-backoff": 0, unschedulable: 0, gated: 0, "in-flight": 0 };
  readonly #interests = new Map<ClusterEvent, { readonly plugin: string; readonly interest: Interest }[]>();
  #tickets = 0;
  #timer: { readonly timer: Timer; readonly dueMs: number } | undefined;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
    this.#active = new Heap((a, b) => comesBefore(a.pod, b.pod) || (!comesBefore(b.pod, a.pod) && a.ticket < b.ticket));
    const earlier = (a: Entry, b: Entry): boolean => {
      const [first, second] = [windowOf(a.pod.readyMs), windowOf(b.pod.readyMs)];
      return first < second || (first === second && comesBefore(a.pod, b.pod));
    };
    this.#backoff = new Heap(earlier);
    this.#errorBackoff = new Heap((a, b) => a.pod.readyMs < b.pod.readyMs);
    for (const plugin of options.plugins) {
      for (const interest of plugin.interests) {
        for (const event of interest.events) {
          const interested = this.#interests.get(event) ?? [];
          interested.push({ plugin: plugin.name, interest });
          this.#interests.set(event, interested);
        }
      }
    }
  }

  /** How many pods are where. */
  get counts(): Readonly<Record<QueuedPod["place"], number>> {
    return this.#counts;
  }

  /** All pods, in flight too. */
  get pods(): Iterable<QueuedPod> {
    return this.#pods.values();
  }

  /** Whether anything waits for something to happen. */
  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  get(uid: string): QueuedPod | undefined {
    return this.#pods.get(uid);
  }

  /** A pod without a node was seen. */
  add(pod: Pod): void {
    const uid = pod.metadata.uid ?? "";
    const known = this.#pods.get(uid);
    if (known !== undefined) {
      this.update(known.info.pod, pod);
      return;
    }
    const nowMs = this.#nowMs;
    const queued: QueuedPod = {
      info: podInfo(pod),
      place: "in-flight",
      rejectedBy: new Set(),
      sinceMs: nowMs,
      addedMs: nowMs,
      attempts: 0,
      rejections: 0,
      errors: 0,
      readyMs: 0,
      ticket: 0,
    };
    this.#pods.set(uid, queued);
    this.#counts["in-flight"]++;
    this.#activate(queued, "PodAdd");
  }

  /** A pod without a node has changed. Where it waits, its own change may be what it waits for. */
  update(old: Pod, pod: Pod): void {
    const queued = this.#pods.get(pod.metadata.uid ?? "");
    if (queued === undefined) {
      this.add(pod);
      return;
    }
    queued.info = podInfo(pod);
    if (queued.place === "active") this.#enter(queued, "active", "PodUpdate", { silent: true });
    if (queued.place !== "unschedulable" && queued.place !== "gated") return;
    const worth = podChanges(old, pod).find((change) => this.#isWorth(queued, change));
    if (worth !== undefined) this.#release(queued, eventLabels[worth.event]);
  }

  /** The pod is gone, or has a node. */
  delete(uid: string): void {
    const queued = this.#pods.get(uid);
    if (queued === undefined) return;
    this.#leave(queued);
    this.#pods.delete(uid);
  }

  /** The next pod to decide on, now in flight: `done`, `reject` or `fail` must follow. */
  take(): QueuedPod | undefined {
    this.#moveReady();
    const next = this.#pop(this.#active) ?? this.#pop(this.#backoff);
    if (next === undefined) return undefined;
    this.#enter(next, "in-flight", "", { silent: true });
    next.attempts++;
    return next;
  }

  /** It has its node. */
  done(uid: string): void {
    if (this.#pods.get(uid)?.place === "in-flight") this.delete(uid);
  }

  /** Plugins refused all nodes: it waits until one of them has reason to think otherwise. Without nodes, for the first one. */
  reject(uid: string, plugins: ReadonlySet<string>): void {
    const queued = this.#inFlight(uid);
    if (queued === undefined) return;
    queued.rejectedBy = plugins.size === 0 ? new Set([noNodes]) : plugins;
    queued.rejections++;
    queued.errors = 0;
    this.#restart(queued);
    this.#enter(queued, "unschedulable", "ScheduleAttemptFailure");
  }

  /** Something went wrong, as a binding may: it is tried again after a while. */
  fail(uid: string): void {
    const queued = this.#inFlight(uid);
    if (queued === undefined) return;
    queued.rejectedBy = new Set();
    queued.errors++;
    this.#restart(queued);
    this.#enter(queued, "error-backoff", "ScheduleAttemptFailure");
  }

  /** Lets go the pods that this change may have made schedulable; those still in backoff serve their time. */
  changed(change: Change): void {
    if (this.#waiting.size === 0) return;
    const event = eventLabels[change.event];
    if (change.event === "NodeAdd") for (const queued of this.#rejectedBy(noNodes)) this.#release(queued, event);
    for (const { plugin, interest } of this.#interests.get(change.event) ?? []) {
      for (const queued of this.#rejectedBy(plugin)) {
        if (isWorth(interest, queued.info, change)) this.#release(queued, event);
      }
    }
  }

  /** Lets go, until `signal` aborts, what has waited for five minutes: something may have been missed. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#options.clock.sleep(flushPeriodMs, signal);
        const before = this.#nowMs - maxUnschedulableMs;
        for (const queued of [...this.#waiting]) {
          if (queued.place === "unschedulable" && queued.sinceMs < before)
            this.#release(queued, "UnschedulableTimeout");
        }
      }
    } finally {
      this.#timer?.timer.clear();
    }
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #inFlight(uid: string): QueuedPod | undefined {
    const queued = this.#pods.get(uid);
    return queued?.place === "in-flight" ? queued : undefined;
  }

  #restart(queued: QueuedPod): void {
    queued.sinceMs = this.#nowMs;
    queued.readyMs = queued.sinceMs + backoffMs(queued);
  }

  #isWorth(queued: QueuedPod, change: Change): boolean {
    for (const { plugin, interest } of this.#interests.get(change.event) ?? []) {
      if (!queued.rejectedBy.has(plugin)) continue;
      if (isWorth(interest, queued.info, change)) return true;
    }
    return false;
  }

  /** A copy: letting one go takes it out. */
  #rejectedBy(plugin: string): readonly QueuedPod[] {
    return [...(this.#waitingFor.get(plugin) ?? [])];
  }

  #release(queued: QueuedPod, event: string): void {
    if (queued.place !== "gated" && queued.readyMs > this.#nowMs) this.#enter(queued, "backoff", event);
    else this.#activate(queued, event);
  }

  #activate(queued: QueuedPod, event: string): void {
    for (const plugin of this.#options.plugins) {
      if (plugin.preEnqueue?.(queued.info) === undefined) continue;
      if (queued.place === "gated") return;
      queued.rejectedBy = new Set([plugin.name]);
      this.#enter(queued, "gated", event);
      return;
    }
    this.#enter(queued, "active", event);
  }

  #enter(queued: QueuedPod, place: QueuedPod["place"], event: string, { silent = false } = {}): void {
    this.#leave(queued);
    queued.place = place;
    queued.ticket = ++this.#tickets;
    this.#counts[place]++;
    const entry = { pod: queued, ticket: queued.ticket };
    if (place === "active") this.#active.push(entry);
    else if (place === "backoff") this.#backoff.push(entry);
    else if (place === "error-backoff") this.#errorBackoff.push(entry);
    else if (place !== "in-flight") this.#wait(queued);
    if (!silent) this.#options.onIncoming?.(place === "error-backoff" ? "backoff" : place, event);
    if (place === "active" || place === "backoff") this.#options.onReady();
    if (place === "backoff" || place === "error-backoff") this.#setTimer(queued.readyMs);
  }

  #leave(queued: QueuedPod): void {
    this.#counts[queued.place]--;
    if (this.#waiting.delete(queued)) for (const waiting of this.#waitingFor.values()) waiting.delete(queued);
    // Its entry in a heap, if it has one, is stale from here on.
    queued.ticket = 0;
  }

  #wait(queued: QueuedPod): void {
    this.#waiting.add(queued);
    for (const plugin of queued.rejectedBy) {
      const waiting = this.#waitingFor.get(plugin);
      if (waiting === undefined) this.#waitingFor.set(plugin, new Set([queued]));
      else waiting.add(queued);
    }
  }

  #peek(heap: Heap<Entry>): QueuedPod | undefined {
    for (let entry = heap.peek(); entry !== undefined; entry = heap.peek()) {
      if (entry.ticket === entry.pod.ticket) return entry.pod;
      heap.pop();
    }
    return undefined;
  }

  #pop(heap: Heap<Entry>): QueuedPod | undefined {
    const first = this.#peek(heap);
    if (first !== undefined) heap.pop();
    return first;
  }

  /** Moves to `active` what has served its time. */
  #moveReady(): void {
    const nowMs = this.#nowMs;
    for (const heap of [this.#backoff, this.#errorBackoff]) {
      for (let first = this.#peek(heap); first !== undefined && first.readyMs <= nowMs; first = this.#peek(heap)) {
        heap.pop();
        this.#activate(first, "BackoffComplete");
      }
    }
  }

  #setTimer(dueMs: number): void {
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    this.#timer?.timer.clear();
    const { clock, onReady } = this.#options;
    const timer = clock.setTimer(Math.max(0, dueMs - this.#nowMs), () => {
      this.#timer = undefined;
      this.#moveReady();
      const next = Math.min(
        ...[this.#backoff, this.#errorBackoff].map((heap) => this.#peek(heap)?.readyMs ?? Infinity),
      );
      if (next !== Infinity) this.#setTimer(next);
      onReady();
    });
    this.#timer = { timer, dueMs };
  }
}

function isWorth({ hint }: Interest, info: PodInfo, change: Change): boolean {
  try {
    return hint === undefined || hint(info, change);
  } catch {
    // What cannot be told is tried: the decision will say what is wrong, and one odd object stops nobody else.
    return true;
  }
}

function windowOf(ms: number): number {
  return Math.floor(ms / windowMs);
}
