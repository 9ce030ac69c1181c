import type { Pod } from "../api/core/v1/pod.ts";
import type { Binding, BindingInput } from "../api/generated/types/core-v1.ts";
import type { ResourceClient } from "../client/mod.ts";

/** Tells the API on which node a pod shall run (plugins/defaultbinder). Rejects where it may not. */
export async function bind(pods: ResourceClient<Pod>, pod: Pod, nodeName: string, signal: AbortSignal): Promise<void> {
  const { name = "", namespace = "", uid } = pod.metadata;
  const binding: BindingInput = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
    target: { kind: "Node", name: nodeName },
  };
  await pods.namespace(namespace).subresource<Binding, BindingInput>(name, "binding").create(binding, { signal });
}

/**
 * At most so many tasks at once. `start` begins one; `room` resolves when there is room for another; `idle` when none is
 * left. A task must not reject.
 */
export class Slots {
  readonly #most: number;
  #taken = 0;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  get full(): boolean {
    return this.#taken >= this.#most;
  }

  start(task: () => Promise<void>): void {
    this.#taken++;
    const ended = (): void => {
      this.#taken--;
      this.#waiting?.resolve();
      this.#waiting = undefined;
    };
    task().then(ended, ended);
  }

  async room(): Promise<void> {
    while (this.full) await this.#change();
  }

  async idle(): Promise<void> {
    while (this.#taken > 0) await this.#change();
  }

  #change(): Promise<void> {
    this.#waiting ??= Promise.withResolvers<void>();
    return this.#waiting.promise;
  }
}
