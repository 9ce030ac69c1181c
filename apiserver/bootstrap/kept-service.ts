import { Service } from "../../api/core/v1/service.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Registry } from "../registry/registry.ts";

/** Between two looks. */
const intervalMs = 10_000;

export interface KeptServiceDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly service: { readonly metadata: { readonly namespace: string; readonly name: string } };
  /** Once it has been there, whoever deletes it has the last word. Default: it is made anew. */
  readonly once?: boolean;
}

/**
 * A service that the cluster has by itself, at an address that it cannot do without. That address may be taken for a moment,
 * by another server that is making the same service, or for a minute, where one ended in the middle of that: the service is
 * then made a little later, and nothing waits for it.
 */
export class KeptService {
  readonly #deps: KeptServiceDeps;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(deps: KeptServiceDeps) {
    this.#deps = deps;
  }

  /** Tries once, then goes on by itself. Never rejects. */
  async start(): Promise<void> {
    const { once = false, clock } = this.#deps;
    const there = await this.#make();
    if (this.#stopped || (there && once)) return;
    this.#timer = clock.setTimer(intervalMs, () => void this.start()).unref();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.clear();
  }

  async #make(): Promise<boolean> {
    const { registry, logger, service } = this.#deps;
    const { namespace, name } = service.metadata;
    if (registry.get(Service, namespace, name) !== undefined) return true;
    try {
      await registry.create(Service, { apiVersion: "v1", kind: "Service", ...service });
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return true;
      if (!this.#stopped) logger.warn("a service of the cluster could not be made yet", { namespace, name, error });
      return false;
    }
  }
}
