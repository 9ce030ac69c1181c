import { Event } from "../../api/events/v1/event.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { LruMap } from "../../base/lru-map.ts";
import type { Registry } from "../registry/registry.ts";

export interface RepairEvent {
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** Who tells of it: `ipallocator-repair-controller`, `portallocator-repair-controller`. */
export type Tell = (controller: string, regarding: ApiObject, event: RepairEvent) => void;

/** What has been told is not told again, as far back as this. */
const remembered = 10_000;
/** Events that are being written; more are dropped, as upstream's broadcaster drops them. */
const maxUnderWay = 1_000;

export interface RepairEventsDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names this server among several. */
  readonly instance: string;
}

/** Writes the repairs' warnings as events, in the background: a repair waits for none, and each is told once. */
export function repairEvents({ registry, clock, logger, instance }: RepairEventsDeps): Tell {
  const told = new LruMap<string, true>(remembered);
  let underWay = 0;
  return (controller, regarding, { reason, action, note }) => {
    const { kind, apiVersion, metadata } = regarding;
    const { name = "", namespace = "default", uid, resourceVersion } = metadata;
    const key = JSON.stringify([controller, uid, reason, note]);
    if (told.get(key) || underWay >= maxUnderWay || registry.find("events.k8s.io", "v1", "events") === undefined)
      return;
    told.set(key, true);
    underWay++;
    const now = clock.now();
    const event = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: {
        name: `${name}.${(BigInt(Math.floor(now)) * 1_000_000n + BigInt(underWay)).toString(16)}`,
        namespace,
      },
      eventTime: new Date(now).toISOString().replace("Z", "000Z"),
      reportingController: controller,
      reportingInstance: `${controller}-${instance}`,
      action,
      reason,
      note,
      type: "Warning",
      regarding: {
        kind,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        name,
        ...(uid === undefined ? {} : { uid }),
        apiVersion,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    };
    registry
      .create(Event, event)
      .catch((error: unknown) => logger.warn("an event could not be written", { reason, note, error }))
      .finally(() => underWay--);
  };
}
