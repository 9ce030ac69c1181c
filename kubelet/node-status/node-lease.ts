import { Lease } from "../../api/coordination/v1/lease.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { formatMicroTime } from "../../apimachinery/time/time.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { Client } from "../../client/client.ts";

export interface NodeLeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly nodeName: string;
  /** Undefined: not known yet. */
  readonly nodeUid: () => string | undefined;
  /** Default 40. */
  readonly leaseDurationSeconds?: number;
}

const maxRetryMs = 7000;

/** Says every quarter of the lease's duration that the node is there (component-helpers/apimachinery/lease). Ends with `signal`. */
export async function runNodeLease(options: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, logger, leaseDurationSeconds = 40 } = options;
  const intervalMs = (leaseDurationSeconds * 1000) / 4;
  let lease: Lease | undefined;
  let retryMs = 100;
  while (!signal.aborted) {
    try {
      lease = await renew(options, lease, signal);
      retryMs = 100;
      await clock.sleep(intervalMs * (1 + random.next() * 0.04), signal);
    } catch (error) {
      if (signal.aborted) return;
      // Somebody else has written to it, or it is gone: read anew, at once the first time.
      if (lease === undefined || !(isConflict(error) || isNotFound(error))) {
        logger.warn("Renewing the node's lease failed", { error, retryMs });
        await clock.sleep(retryMs, signal).catch(() => {}); // It rejects only on abort, which the loop looks at.
        retryMs = Math.min(retryMs * 2, maxRetryMs);
      }
      lease = undefined;
    }
  }
}

async function renew(
  { client, clock, nodeName, nodeUid, leaseDurationSeconds = 40 }: NodeLeaseOptions,
  known: Lease | undefined,
  signal: AbortSignal,
): Promise<Lease> {
  const leases = client.resource(Lease, "kube-node-lease");
  const uid = nodeUid();
  const owner = uid === undefined ? {} : { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: nodeName, uid }] };
  const renewTime = formatMicroTime(clock.now());
  if (known === undefined) {
    const spec = { holderIdentity: nodeName, leaseDurationSeconds, renewTime };
    try {
      return await leases.create({ metadata: { name: nodeName, ...owner }, spec }, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
  const current = known ?? (await leases.get(nodeName, { signal }));
  const isOwned = (current.metadata.ownerReferences ?? []).some((reference) => reference.uid === uid);
  const next = {
    ...current,
    metadata: { ...current.metadata, ...(isOwned ? {} : owner) },
    spec: { ...current.spec, holderIdentity: nodeName, leaseDurationSeconds, renewTime },
  };
  return leases.update(next, { signal });
}
