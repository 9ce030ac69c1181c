import { waitAtMost } from "../../base/cancellation.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Storage } from "../../storage/storage.ts";
import { guardedWrite } from "../registry/committer.ts";
import type { Registry } from "../registry/registry.ts";
import { ensureKubernetesEndpoints, type KubernetesService } from "./kubernetes-service.ts";

// pkg/controlplane/reconcilers/lease.go, under its keys.

const prefix = "/registry/masterleases/";
const prefixEnd = "/registry/masterleases0";
/** Between two looks, and for how long a server that does not look any more is taken to be there. */
const intervalMs = 10_000;
const ttlSeconds = 15;
/** How long an end waits for a store that does not answer. */
const endMs = 2_000;

export interface ServerAddressesDeps {
  readonly registry: Registry;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly service: KubernetesService;
}

/**
 * Makes the endpoints of the service `kubernetes` those of all servers that share the store: each says every ten seconds that
 * it is there, in a key that the store forgets by itself, and shows everybody of whom there is one.
 */
export class ServerAddresses {
  readonly #deps: ServerAddressesDeps;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: ServerAddressesDeps) {
    this.#deps = deps;
  }

  /** Resolves once this server is among the endpoints, or that has failed; goes on by itself. Never rejects. */
  start(): Promise<void> {
    this.#work = this.#round();
    return this.#work;
  }

  /** Takes this server away from the endpoints, in `endMs` at most. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    const { clock, logger } = this.#deps;
    const leave = this.#work
      .then(() => this.#leave())
      .catch((error: unknown) => logger.warn("the server's address stays until it is forgotten", { error }));
    await waitAtMost(leave, { clock, timeoutMs: endMs });
  }

  async #round(): Promise<void> {
    const { clock, logger } = this.#deps;
    try {
      await this.#say();
      await this.#show();
    } catch (error) {
      if (!this.#stopped) logger.warn("the endpoints of the service kubernetes could not be kept", { error });
    }
    if (this.#stopped) return;
    this.#timer = clock.setTimer(intervalMs, () => {
      this.#work = this.#round();
    });
    this.#timer.unref();
  }

  get #key(): string | undefined {
    const { endpoint } = this.#deps.service;
    return endpoint === undefined ? undefined : `${prefix}${endpoint.ip}`;
  }

  async #say(): Promise<void> {
    const key = this.#key;
    const { service, storage } = this.#deps;
    if (key === undefined) return;
    const value = {
      kind: "Endpoints",
      apiVersion: "v1",
      metadata: {},
      subsets: [{ addresses: [{ ip: service.endpoint!.ip }] }],
    };
    await guardedWrite(() => storage.put(key, Buffer.from(JSON.stringify(value)), { ttlSeconds }));
  }

  async #show(): Promise<void> {
    const { registry, storage, service } = this.#deps;
    const { entries } = await storage.range(prefix, prefixEnd);
    const addresses = entries.map(({ key }) => key.slice(prefix.length)).sort();
    // This server has just said that it is there: that nobody is, is not to be believed.
    if (addresses.length === 0 && !this.#stopped) return;
    await ensureKubernetesEndpoints(registry, service, addresses);
  }

  async #leave(): Promise<void> {
    const key = this.#key;
    if (key === undefined) return;
    await guardedWrite(() => this.#deps.storage.delete(key));
    await this.#show();
  }
}
