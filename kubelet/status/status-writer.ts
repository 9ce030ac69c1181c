import { Pod } from "../../api/core/v1/pod.ts";
import type { PodStatus } from "../../api/generated/types/core-v1.ts";
import { isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { isAbortOf } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { TaskGroup } from "../../base/task-group.ts";
import type { Client } from "../../client/client.ts";
import { compareResourceVersions } from "../../client/resource-version.ts";
import { isUrgent, statusPatch } from "./status-patch.ts";

export interface StatusWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The pod as the API is known to have it: a static pod's mirror. Undefined: there is nothing to write to. */
  readonly target: (uid: string) => Pod | undefined;
}

interface Entry {
  status: PodStatus;
  /** Nothing of the pod is left here: once that is written, the API may forget a deleted pod. */
  final: boolean;
  /** What the API answered last. */
  written: Pod | undefined;
  writing: boolean;
  dirty: boolean;
  /** Ends the wait for what may come next. */
  hurry: (() => void) | undefined;
}

/** How long what nobody waits for may wait for what comes next, to be written with it. */
const unhurriedMs = 500;
const firstRetryMs = 200;
const slowestRetryMs = 10_000;

/**
 * Brings statuses to the API: the newest wins, only differences are sent, each pod's writes one after the other, until they
 * succeed. Deletes a deleted pod once its final status is there (pkg/kubelet/status/status_manager.go).
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #tasks: TaskGroup;

  constructor(options: StatusWriterOptions, signal: AbortSignal) {
    this.#options = options;
    this.#tasks = new TaskGroup(signal);
  }

  /** What was said last. */
  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.status;
  }

  set(uid: string, status: PodStatus, { final }: { readonly final: boolean }): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) {
      const fresh: Entry = { status, final, written: undefined, writing: false, dirty: false, hurry: undefined };
      this.#entries.set(uid, fresh);
      this.#write(uid, fresh);
      return;
    }
    entry.status = status;
    entry.final ||= final;
    this.#write(uid, entry);
  }

  /** The API's pod has changed: somebody else may have written its status, or it may be there only now. */
  check(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry !== undefined) this.#write(uid, entry);
  }

  /** The pod is gone: nothing more is written. */
  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  /** Resolves when all writing has ended. */
  ended(): Promise<void> {
    return this.#tasks.wait();
  }

  #write(uid: string, entry: Entry): void {
    entry.dirty = true;
    if (entry.hurry !== undefined && !this.#mayWait(entry, this.#latest(uid, entry))) entry.hurry();
    if (entry.writing) return;
    entry.writing = true;
    this.#tasks.start((signal) => this.#run(uid, entry, signal));
  }

  async #run(uid: string, entry: Entry, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let retryMs = firstRetryMs;
    try {
      while (entry.dirty && this.#entries.get(uid) === entry && !signal.aborted) {
        const api = this.#latest(uid, entry);
        if (api === undefined) return;
        if (this.#mayWait(entry, api) && statusPatch(api.status, entry.status) !== undefined) {
          await this.#linger(entry, signal);
        }
        entry.dirty = false;
        try {
          await this.#writeOnce(uid, entry, signal);
          retryMs = firstRetryMs;
        } catch (error) {
          if (isAbortOf(error, signal)) return;
          logger.warn("pod status could not be written", {
            pod: `${api.metadata.namespace}/${api.metadata.name}`,
            error,
          });
          entry.dirty = true;
          await clock.sleep(retryMs, signal);
          retryMs = Math.min(retryMs * 2, slowestRetryMs);
        }
      }
    } catch (error) {
      if (!isAbortOf(error, signal)) throw error;
    } finally {
      entry.writing = false;
    }
  }

  #mayWait({ final, status }: Entry, api: Pod | undefined): boolean {
    return api !== undefined && !final && !isUrgent(api.status, status);
  }

  /** Until what comes next is urgent, or long enough. */
  async #linger(entry: Entry, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.setTimer(unhurriedMs, resolve);
    entry.hurry = resolve;
    const stop = (): void => resolve();
    signal.addEventListener("abort", stop);
    await promise;
    signal.removeEventListener("abort", stop);
    entry.hurry = undefined;
    timer.clear();
    signal.throwIfAborted();
  }

  /** The newer of what the cache has and what the API answered. */
  #latest(uid: string, { written }: Entry): Pod | undefined {
    const cached = this.#options.target(uid);
    if (cached === undefined || written === undefined || written.metadata.uid !== cached.metadata.uid) return cached;
    const newer = compareResourceVersions(
      written.metadata.resourceVersion ?? "",
      cached.metadata.resourceVersion ?? "",
    );
    return newer > 0 ? written : cached;
  }

  async #writeOnce(uid: string, entry: Entry, signal: AbortSignal): Promise<void> {
    const api = this.#latest(uid, entry);
    if (api === undefined) return;
    const { name = "", namespace = "" } = api.metadata;
    const pods = this.#options.client.resource(Pod, namespace);
    const { final } = entry;
    try {
      const status = statusPatch(api.status, entry.status);
      if (status !== undefined) {
        const body = { metadata: { uid: api.metadata.uid }, status };
        entry.written = await pods.patch(name, { type: "strategic", body }, { subresource: "status", signal });
      }
      const current = entry.written ?? api;
      if (!final || (api.metadata.deletionTimestamp ?? current.metadata.deletionTimestamp) === undefined) return;
      const preconditions = { uid: api.metadata.uid ?? "" };
      await pods.delete(name, { gracePeriodSeconds: 0, preconditions, signal });
    } catch (error) {
      // Gone, or another of its name: there is nothing left to write to.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
