import { Pod } from "../../api/core/v1/pod.ts";
import type { Node } from "../../api/generated/types/core-v1.ts";
import { isAlreadyExists, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { isAbortOf } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { TaskGroup } from "../../base/task-group.ts";
import type { Client } from "../../client/client.ts";
import { configAnnotations, fullName, isMirrorPod } from "./static-annotations.ts";

export interface MirrorPodsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This node, once it is registered: it owns the mirrors. */
  readonly node: () => Node | undefined;
}

const retryMs = 1_000;

/** Shows static pods in the API: one mirror each, made anew where it is gone or shows another version (pkg/kubelet/pod/mirror_client.go). */
export class MirrorPods {
  readonly #options: MirrorPodsOptions;
  readonly #tasks: TaskGroup;
  readonly #busy = new Set<string>();

  constructor(options: MirrorPodsOptions, signal: AbortSignal) {
    this.#options = options;
    this.#tasks = new TaskGroup(signal);
  }

  /** `pod` is the static pod, or a mirror without one. The API's next word about it calls for another look. */
  reconcile(pod: Pod, mirror: Pod | undefined): void {
    const name = fullName(pod);
    const orphaned = isMirrorPod(pod);
    if (!orphaned && mirror !== undefined && showsSame(pod, mirror)) return;
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    this.#tasks.start(async (signal) => {
      try {
        if (mirror !== undefined) await this.#remove(mirror, signal);
        else await this.#create(pod, signal);
      } catch (error) {
        if (isAbortOf(error, signal)) return;
        this.#options.logger.warn("a mirror pod could not be brought up to date", { pod: name, error });
        await this.#options.clock.sleep(retryMs, signal).catch(() => {}); // Aborted: the task ends.
        if (!signal.aborted && mirror === undefined) this.#again(pod);
      } finally {
        this.#busy.delete(name);
      }
    });
  }

  ended(): Promise<void> {
    return this.#tasks.wait();
  }

  #again(pod: Pod): void {
    this.#busy.delete(fullName(pod));
    this.reconcile(pod, undefined);
  }

  async #create(pod: Pod, signal: AbortSignal): Promise<void> {
    const { client, node } = this.#options;
    const owner = node();
    if (owner === undefined) throw new Error("the node is not registered yet");
    const { name = "", namespace = "", labels = {}, annotations = {} } = pod.metadata;
    const mirror = {
      metadata: {
        name,
        namespace,
        labels,
        annotations: { ...annotations, [configAnnotations.mirror]: annotations[configAnnotations.hash] ?? "" },
        ownerReferences: [
          {
            apiVersion: "v1",
            kind: "Node",
            name: owner.metadata.name ?? "",
            uid: owner.metadata.uid ?? "",
            controller: true,
          },
        ],
      },
      spec: pod.spec,
    };
    try {
      await client.resource(Pod, namespace).create(mirror, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #remove(mirror: Pod, signal: AbortSignal): Promise<void> {
    const { name = "", namespace = "", uid = "" } = mirror.metadata;
    try {
      const options = { gracePeriodSeconds: 0, preconditions: { uid }, signal };
      await this.#options.client.resource(Pod, namespace).delete(name, options);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function showsSame(pod: Pod, mirror: Pod): boolean {
  const hash = pod.metadata.annotations?.[configAnnotations.hash];
  return (
    mirror.metadata.deletionTimestamp === undefined && mirror.metadata.annotations?.[configAnnotations.mirror] === hash
  );
}
