import { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import type { Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Handler } from "../chain.ts";
import { groupVersionOf, isAvailable, serviceOf } from "./api-services.ts";
import { type AuthenticationConfig, ensureAuthenticationConfig } from "./authentication-config.ts";
import { Autoregistration, type LocalVersion } from "./autoregistration.ts";
import { AvailabilityChecks, type CheckParts } from "./checks.ts";
import { CustomVersions } from "./custom-versions.ts";
import { aggregatedHandler, type RemoteServices } from "./handler.ts";
import { type RemoteDocuments, readDocuments } from "./remote-documents.ts";

export interface AggregatorParts extends CheckParts {
  readonly logger: Logger;
  /** What this server answers itself. */
  readonly builtIn: readonly LocalVersion[];
  readonly authentication: AuthenticationConfig;
}

const recheckMs = 30_000;
const documentsMs = 60_000;
const firstRetryMs = 50;
const keepMs = 60_000;

interface Followed {
  timer: Timer | undefined;
  running: boolean;
  again: boolean;
  failures: number;
  documents: RemoteDocuments | undefined;
  readAtMs: number;
}

/** Knows who answers for each group version, and whether they do: this server itself, or a service of the cluster. */
export class Aggregator implements RemoteServices {
  readonly #parts: AggregatorParts;
  #authentication: AuthenticationConfig;
  readonly #registration: Autoregistration;
  readonly #checks: AvailabilityChecks;
  readonly #remote = new Map<string, APIService>();
  readonly #followed = new Map<string, Followed>();
  readonly #custom: CustomVersions;
  #generation = 0;
  #keeping: Timer | undefined;
  #stopped = false;

  constructor(parts: AggregatorParts) {
    this.#parts = parts;
    this.#authentication = parts.authentication;
    this.#registration = new Autoregistration(parts.registry, parts.builtIn);
    this.#checks = new AvailabilityChecks(parts);
    this.#custom = new CustomVersions(parts.registry, (versions) =>
      this.#guard(this.#registration.setCustom(versions)),
    );
  }

  /** Call once the cache is filled and the system's namespaces exist. Resolves when all local versions are registered. */
  async start(): Promise<void> {
    const { registry } = this.#parts;
    if (registry.find("apiregistration.k8s.io", "v1", "apiservices") === undefined) return;
    registry.onChange(APIService, ({ type, object, previous }) => this.#changed(type, object, previous));
    for (const apiService of registry.list(APIService)) this.#changed("ADDED", apiService, undefined);
    registry.onChange(Service, ({ object: { metadata } }) => this.#serviceChanged(metadata.namespace, metadata.name));
    registry.onChange(EndpointSlice, ({ object: { metadata } }) => {
      this.#serviceChanged(metadata.namespace, metadata.labels?.["kubernetes.io/service-name"]);
    });
    registry.onChange(ConfigMap, ({ object: { metadata } }) => {
      if (metadata.namespace !== "kube-system" || metadata.name !== "extension-apiserver-authentication") return;
      if (!this.#stopped) this.#guard(this.#tellAuthorities());
    });
    await Promise.all([this.#registration.start().then(() => this.#custom.start()), this.#tellAuthorities()]);
    this.#keep();
  }

  /** Tells extension servers of other authorities. */
  async setAuthorities(authorities: Pick<AuthenticationConfig, "clientCa" | "requestHeaderCa">): Promise<void> {
    this.#authentication = { ...this.#authentication, ...authorities };
    if (this.#keeping !== undefined) await this.#tellAuthorities();
  }

  stop(): void {
    this.#stopped = true;
    this.#keeping?.clear();
    for (const { timer } of this.#followed.values()) timer?.clear();
  }

  /** Puts requests for remote group versions, and the documents that tell of them, before `local`. */
  handler(local: Handler): Handler {
    return aggregatedHandler(this, this.#parts, local);
  }

  get isEmpty(): boolean {
    return this.#remote.size === 0;
  }
  get generation(): number {
    return this.#generation;
  }
  get remote(): Iterable<APIService> {
    return this.#remote.values();
  }
  find(group: string, version: string): APIService | undefined {
    return this.#remote.get(`${group}/${version}`);
  }
  all(): Iterable<APIService> {
    return this.#parts.registry.list(APIService);
  }
  documentsOf({ metadata }: APIService): RemoteDocuments | undefined {
    return this.#followed.get(metadata.name ?? "")?.documents;
  }

  #changed(type: "ADDED" | "MODIFIED" | "DELETED", object: APIService, previous: APIService | undefined): void {
    const { group, version } = groupVersionOf(object);
    const name = object.metadata.name ?? "";
    const remote = serviceOf(object) !== undefined;
    this.#generation++;
    if (type === "DELETED") {
      this.#remote.delete(`${group}/${version}`);
      this.#followed.get(name)?.timer?.clear();
      this.#followed.delete(name);
      this.#checks.forget(name);
    } else {
      if (remote) this.#remote.set(`${group}/${version}`, object);
      else this.#remote.delete(`${group}/${version}`);
      const sameSpec = previous !== undefined && equalJson(previous.spec, object.spec);
      const sameState = previous !== undefined && isAvailable(previous) === isAvailable(object);
      if (remote && (!sameSpec || !sameState)) this.#follow(name, 0, true);
      else if (!remote && previous !== undefined && !sameSpec) this.#follow(name, 0, true);
    }
    if (object.metadata.labels?.["kube-aggregator.kubernetes.io/automanaged"] === "true") {
      this.#guard(this.#registration.sync(name));
    }
  }

  #serviceChanged(namespace: string | undefined, name: string | undefined): void {
    for (const apiService of this.#remote.values()) {
      const target = serviceOf(apiService);
      if (target?.namespace === namespace && target?.name === name) this.#follow(apiService.metadata.name ?? "", 0);
    }
  }

  /** Looks at one APIService after a while; `anew`: its documents too. */
  #follow(name: string, delayMs: number, anew = false): void {
    if (this.#stopped) return;
    let followed = this.#followed.get(name);
    if (followed === undefined) {
      followed = {
        timer: undefined,
        running: false,
        again: false,
        failures: 0,
        documents: undefined,
        readAtMs: Number.NEGATIVE_INFINITY,
      };
      this.#followed.set(name, followed);
    }
    if (anew) followed.readAtMs = Number.NEGATIVE_INFINITY;
    if (delayMs === 0) followed.failures = 0;
    if (followed.running) {
      followed.again ||= delayMs === 0;
      return;
    }
    followed.timer?.clear();
    const state = followed;
    followed.timer = this.#parts.clock.setTimer(delayMs, () => void this.#look(name, state)).unref();
  }

  async #look(name: string, state: Followed): Promise<void> {
    const { registry, logger } = this.#parts;
    state.running = true;
    state.again = false;
    let good = false;
    try {
      const apiService = registry.get(APIService, "", name);
      if (apiService === undefined) return;
      good = await this.#checks.check(apiService);
      const now = registry.get(APIService, "", name);
      if (now !== undefined && serviceOf(now) !== undefined) await this.#readDocuments(now, state);
      if (serviceOf(apiService) === undefined) return;
      good &&= state.documents?.discovery.freshness !== "Stale";
    } catch (error) {
      logger.warn("an APIService could not be checked", { name, error });
    } finally {
      state.running = false;
    }
    if (this.#followed.get(name) !== state) return;
    state.failures = good ? 0 : state.failures + 1;
    const retryMs = Math.min(recheckMs, firstRetryMs * 2 ** Math.min(state.failures - 1, 10));
    this.#follow(name, state.again ? 0 : good ? recheckMs : retryMs);
  }

  async #readDocuments(apiService: APIService, state: Followed): Promise<void> {
    const now = this.#parts.clock.monotonicMs();
    const stale = state.documents?.discovery.freshness !== "Current";
    if (!stale && now - state.readAtMs < documentsMs) return;
    const documents = await readDocuments(this.#parts, apiService);
    state.readAtMs = now;
    if (equalJson(documents, state.documents)) return;
    state.documents = documents;
    this.#generation++;
  }

  /** What somebody has taken away is put back. */
  #keep(): void {
    if (this.#stopped) return;
    const { clock } = this.#parts;
    this.#keeping = clock
      .setTimer(keepMs, () => {
        this.#guard(this.#tellAuthorities());
        this.#keep();
      })
      .unref();
  }

  #tellAuthorities(): Promise<void> {
    const { registry, clock } = this.#parts;
    return ensureAuthenticationConfig(registry, this.#authentication, clock.now());
  }

  #guard(task: Promise<void>): void {
    task.catch((error: unknown) => {
      if (!this.#stopped) this.#parts.logger.warn("aggregation could not be kept up", { error });
    });
  }
}
