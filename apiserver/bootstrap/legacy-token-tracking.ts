import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { formatDay, parseDay } from "../../apimachinery/time/day.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";

export const trackingNamespace = "kube-system";
export const trackingName = "kube-apiserver-legacy-service-account-token-tracking";

/** Between two times that it is made: servers that disagree whether it should be there do not fight. */
const creationIntervalMs = 30 * 60_000;
const retryMs = 5_000;

export interface LegacyTokenTrackingDeps {
  readonly store: ObjectReader & ObjectWriter;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Says in a ConfigMap since which day the uses of tokens that secrets hold are noted
 * (pkg/controlplane/controller/legacytokentracking): what bears no note was not used since then.
 */
export class LegacyTokenTracking {
  readonly #deps: LegacyTokenTrackingDeps;
  #stopListening: () => void = () => {};
  #timer: Timer | undefined;
  #mayCreateAtMs = Number.NEGATIVE_INFINITY;
  #working = false;
  #stopped = false;

  constructor(deps: LegacyTokenTrackingDeps) {
    this.#deps = deps;
  }

  /** Looks now and after each change. */
  start(): void {
    this.#stopListening = this.#deps.store.onChange(ConfigMap, ({ object: { metadata } }) => {
      if (metadata.name === trackingName && metadata.namespace === trackingNamespace) this.#lookAfter(0);
    });
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopListening();
    this.#timer?.clear();
  }

  #lookAfter(ms: number): void {
    if (this.#stopped) return;
    this.#timer?.clear();
    this.#timer = this.#deps.clock.setTimer(ms, () => void this.#look()).unref();
  }

  async #look(): Promise<void> {
    if (this.#working) return this.#lookAfter(retryMs);
    this.#working = true;
    try {
      await this.#keep();
    } catch (error) {
      if (!this.#stopped) this.#deps.logger.warn("the tracking of tokens could not be noted yet", { error });
      this.#lookAfter(retryMs);
    } finally {
      this.#working = false;
    }
  }

  async #keep(): Promise<void> {
    const { store, clock } = this.#deps;
    const now = clock.now();
    const data = { since: formatDay(now) };
    const current = store.get(ConfigMap, trackingNamespace, trackingName);
    if (current !== undefined) {
      if (parseDay(current.data?.["since"]) !== undefined) return;
      const object = { ...current, data: { ...current.data, ...data } };
      await store.update(ConfigMap, object).catch(ignoring(isConflict, isNotFound));
      return;
    }
    if (now < this.#mayCreateAtMs) return this.#lookAfter(this.#mayCreateAtMs - now);
    const metadata = { namespace: trackingNamespace, name: trackingName };
    await store
      .create(ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata, data })
      .catch(ignoring(isAlreadyExists));
    this.#mayCreateAtMs = now + creationIntervalMs;
  }
}

/** What says that somebody else was faster. */
function ignoring(...tests: readonly ((error: unknown) => boolean)[]): (error: unknown) => void {
  return (error) => {
    if (!tests.some((test) => test(error))) throw error;
  };
}
