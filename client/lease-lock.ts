import type { Lease } from "../api/generated/types/coordination-v1.ts";
import { isNotFound } from "../apimachinery/errors/api-error.ts";
import type { ResourceClient } from "./resource-client.ts";

/** What a Lease says of a leader (client-go resourcelock.LeaderElectionRecord). Times are RFC 3339 with microseconds. */
export interface LeaderRecord {
  /** "" when nobody leads. */
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaderTransitions: number;
}

export interface LeaseLockOptions {
  /** Of the lock's namespace. */
  readonly client: Pick<ResourceClient<Lease>, "get" | "create" | "update">;
  readonly name: string;
  /** Put on the Lease with each write. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A Lease used as a lock. Writes go through only if the Lease is still as this lock last saw it. */
export class LeaseLock {
  readonly #options: LeaseLockOptions;
  #lease: Lease | undefined;

  constructor(options: LeaseLockOptions) {
    this.#options = options;
  }

  /** The Lease as last seen. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Undefined where there is no Lease yet. */
  async read(signal: AbortSignal): Promise<LeaderRecord | undefined> {
    try {
      this.#lease = await this.#options.client.get(this.#options.name, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
    const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = this.#lease.spec ?? {};
    return {
      holderIdentity: holderIdentity ?? "",
      leaseDurationSeconds: leaseDurationSeconds ?? 0,
      acquireTime: acquireTime ?? "",
      renewTime: renewTime ?? "",
      leaderTransitions: leaseTransitions ?? 0,
    };
  }

  async create(record: LeaderRecord, signal: AbortSignal): Promise<void> {
    const { client, name, labels } = this.#options;
    const metadata = { name, ...(labels === undefined ? {} : { labels }) };
    this.#lease = await client.create({ metadata, spec: specOf(record) }, { signal });
  }

  async update(record: LeaderRecord, signal: AbortSignal): Promise<void> {
    const { client, labels } = this.#options;
    if (this.#lease === undefined) throw new Error("lease not initialized, call get or create first");
    const { metadata, spec } = this.#lease;
    const labelled = labels === undefined ? metadata : { ...metadata, labels: { ...metadata.labels, ...labels } };
    this.#lease = await client.update({ metadata: labelled, spec: { ...spec, ...specOf(record) } }, { signal });
  }
}

function specOf({ leaderTransitions, ...rest }: LeaderRecord): NonNullable<Lease["spec"]> {
  return { ...rest, leaseTransitions: leaderTransitions };
}
