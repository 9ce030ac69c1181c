import { Lease } from "../../api/coordination/v1/lease.ts";
import { isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { parseTime } from "../../apimachinery/time/time.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";
import { identityLabel, identityValue, leaseNamespace } from "./identity-lease.ts";

/** Between two looks (controlplane's IdentityLeaseGCPeriod). */
const intervalMs = 3_600_000;

export interface ExpiredLeasesDeps {
  readonly store: ObjectReader & ObjectWriter;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Removes leases of servers that ended long ago, now and once an hour (pkg/controlplane/controller/apiserverleasegc). Returns what ends it. */
export function removeExpiredLeases({ store, clock, logger }: ExpiredLeasesDeps): () => void {
  let timer: Timer | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    for (const { metadata, spec } of [...store.list(Lease, leaseNamespace)]) {
      const { name = "", uid = "", labels } = metadata;
      if (stopped || labels?.[identityLabel] !== identityValue || !isExpired(spec, clock.now())) continue;
      try {
        await store.delete(Lease, leaseNamespace, name, { uid });
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) logger.warn("an expired lease stays", { lease: name, error });
      }
    }
    if (!stopped) timer = clock.setTimer(intervalMs, () => void look()).unref();
  };
  void look();
  return () => {
    stopped = true;
    timer?.clear();
  };
}

/** Leases that do not say until when they hold were made by nobody who renews them. */
function isExpired(spec: Lease["spec"], now: number): boolean {
  if (spec?.renewTime === undefined || spec.leaseDurationSeconds === undefined) return true;
  return parseTime(spec.renewTime) + spec.leaseDurationSeconds * 1000 < now;
}
