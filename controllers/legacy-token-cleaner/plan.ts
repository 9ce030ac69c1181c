import { Secret } from "../../api/core/v1/secret.ts";
import type { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { formatDay, parseDay } from "../../apimachinery/time/day.ts";
import { parseTime } from "../../apimachinery/time/time.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";

// pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go.

const lastUsedLabel = "kubernetes.io/legacy-token-last-used";
const invalidSinceLabel = "kubernetes.io/legacy-token-invalid-since";
const dayMs = 86_400_000;

export interface Observed {
  readonly secret: Secret;
  /** The account that the secret is for, where it is there. */
  readonly account: ServiceAccount | undefined;
  /** Whether a pod of the namespace refers to the secret. */
  readonly isMounted: boolean;
  /** From when on uses are noted whole days (ms since 1970); undefined: not known. */
  readonly trackedSinceMs: number | undefined;
  /** How long a token must have gone unused. */
  readonly periodMs: number;
  readonly now: number;
}

/** A token made by itself that nobody has used for long is first refused, which can be undone, and much later deleted. */
export function plan(observed: Observed): readonly Action[] {
  const { secret, trackedSinceMs, periodMs, now } = observed;
  if (!isUnused(observed) || trackedSinceMs === undefined || now < trackedSinceMs + periodMs) return [];
  const { name = "", namespace = "", uid = "", resourceVersion = "", labels } = secret.metadata;
  const invalidSince = labels?.[invalidSinceLabel];
  if (parseDay(invalidSince) === undefined) {
    const body = { metadata: { uid, labels: { [invalidSinceLabel]: formatDay(now) } } };
    const patch = { type: "merge", body } as const;
    return [{ type: "patch", resource: Secret, namespace, name, patch, tolerates: isNotFound }];
  }
  if (invalidSince! >= formatDay(now - periodMs)) return [];
  return [{ type: "delete", resource: Secret, namespace, name, uid, resourceVersion, tolerates: isConflict }];
}

/** Upstream looks once a day; here each is looked at when it may be its time, and from then on once a day. */
export function summarize({ secret, periodMs, now }: Observed): Summary {
  const dueMs = dueAt(secret, periodMs);
  return dueMs === undefined ? {} : { wakeAtMs: dueMs > now ? dueMs : now + dayMs };
}

/** Whether all but the tracking itself speaks for it. */
export function isUnused({ secret, account, isMounted, periodMs, now }: Omit<Observed, "trackedSinceMs">): boolean {
  const dueMs = dueAt(secret, periodMs);
  if (dueMs === undefined || now < dueMs || isMounted) return false;
  // Only those that accounts list were made by themselves, long ago; others were made by somebody on purpose.
  return account?.secrets?.some(({ name }) => name === secret.metadata.name) === true;
}

/** The first moment at which the secret itself is old enough; undefined where it goes anyway, or that cannot be told. */
function dueAt({ metadata }: Secret, periodMs: number): number | undefined {
  const { creationTimestamp, deletionTimestamp, labels } = metadata;
  if (deletionTimestamp !== undefined || creationTimestamp === undefined) return undefined;
  const lastUsed = labels?.[lastUsedLabel];
  const usedMs = parseDay(lastUsed);
  if (lastUsed !== undefined && usedMs === undefined) return undefined;
  return Math.max(
    parseTime(creationTimestamp) + periodMs + 1,
    usedMs === undefined ? 0 : usedMs + dayMs + periodMs,
    invalidDueAt(labels?.[invalidSinceLabel], periodMs),
  );
}

/** What is refused already is looked at again when it is to be deleted. */
function invalidDueAt(invalidSince: string | undefined, periodMs: number): number {
  const sinceMs = parseDay(invalidSince);
  return sinceMs === undefined ? 0 : sinceMs + dayMs + periodMs;
}
