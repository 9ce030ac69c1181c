import { Lease } from "../../api/coordination/v1/lease.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { formatMicroTime } from "../../apimachinery/time/time.ts";
import { waitAtMost } from "../../base/cancellation.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";

// pkg/controlplane/apiserver/server.go, component-helpers/apimachinery/lease (KEP-1965).

export const leaseNamespace = "kube-system";
export const identityLabel = "apiserver.kubernetes.io/identity";
export const identityValue = "kube-apiserver";
const hostnameLabel = "kubernetes.io/hostname";
const addressAnnotation = "kubernetes.io/peer-advertise-address";

const durationSeconds = 3600;
export const renewIntervalMs = 10_000;
/** By so much of it renewals of several servers drift apart. */
const jitter = 0.04;
const firstRetryMs = 200;
const lastRetryMs = 7_000;
/** How long an end waits for a store that does not answer. */
const endMs = 2_000;

/** Who a server is among those of a cluster. */
export interface ServerIdentity {
  /** `apiserver-…`; the same at each start on a machine. */
  readonly id: string;
  readonly hostname: string;
  /** `HOST:PORT` where other servers reach it. */
  readonly address: string;
}

export interface IdentityLeaseDeps {
  readonly store: ObjectReader & ObjectWriter;
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * The Lease by which others know that this server is there: renewed every ten seconds, gone with an orderly end, and taken
 * to be left over when it was not renewed for an hour.
 */
export class IdentityLease {
  readonly #deps: IdentityLeaseDeps;
  readonly #holder: string;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #failures = 0;
  #stopped = false;

  constructor(deps: IdentityLeaseDeps) {
    this.#deps = deps;
    this.#holder = `${deps.identity.id}_${deps.random.uuid()}`;
  }

  /** Takes the place of a server of this identity that ended in disorder, then goes on by itself. */
  start(): void {
    this.#work = this.#remove().then(() => this.#keep());
  }

  /** Resolves once the lease is gone, or that takes too long. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    const { clock } = this.#deps;
    await waitAtMost(
      this.#work.then(() => this.#remove()),
      { clock, timeoutMs: endMs },
    );
  }

  async #keep(): Promise<void> {
    if (this.#stopped) return;
    const { clock, random, logger } = this.#deps;
    let nextMs: number;
    try {
      await this.#renew();
      this.#failures = 0;
      nextMs = renewIntervalMs * (1 + random.next() * jitter);
    } catch (error) {
      nextMs = Math.min(firstRetryMs * 2 ** this.#failures++, lastRetryMs);
      if (!this.#stopped && !isRace(error)) logger.warn("the server's lease could not be renewed yet", { error });
    }
    if (this.#stopped) return;
    this.#timer = clock.setTimer(nextMs, () => {
      this.#work = this.#keep();
    });
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    const { store, identity, clock } = this.#deps;
    const spec = { leaseDurationSeconds: durationSeconds, renewTime: formatMicroTime(clock.now()) };
    const labels = { [identityLabel]: identityValue, [hostnameLabel]: identity.hostname };
    const annotations = { [addressAnnotation]: identity.address };
    const current = store.get(Lease, leaseNamespace, identity.id);
    if (current === undefined) {
      const metadata = { name: identity.id, namespace: leaseNamespace, labels, annotations };
      await store.create(Lease, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata,
        spec: { holderIdentity: this.#holder, ...spec },
      });
      return;
    }
    const { metadata } = current;
    await store.update(Lease, {
      ...current,
      metadata: {
        ...metadata,
        labels: { ...metadata.labels, ...labels },
        annotations: { ...metadata.annotations, ...annotations },
      },
      spec: { ...current.spec, ...spec },
    });
  }

  async #remove(): Promise<void> {
    const { store, identity, logger } = this.#deps;
    if (store.get(Lease, leaseNamespace, identity.id) === undefined) return;
    try {
      await store.delete(Lease, leaseNamespace, identity.id);
    } catch (error) {
      if (!isNotFound(error)) logger.warn("the server's lease could not be removed", { error });
    }
  }
}

/** Whether another server of the same identity was faster: what it wrote is seen at the next try. */
function isRace(error: unknown): boolean {
  return isConflict(error) || isAlreadyExists(error) || isNotFound(error);
}
