import type { Event } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { formatAggregate, invalid, notSupported } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { Clock } from "../../../base/clock.ts";
import { LruMap } from "../../../base/lru-map.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import { newObject } from "../refusal.ts";

/** `eventratelimit.admission.k8s.io/v1alpha1 Configuration`. */
export interface EventRateLimitConfiguration {
  readonly limits?: readonly EventLimit[];
}

interface EventLimit {
  readonly type: string;
  /** Events a second that are let in for ever, and as many at once after a pause. */
  readonly qps: number;
  readonly burst: number;
  /** Users, namespaces or sources that are remembered; default 4,096. */
  readonly cacheSize?: number;
}

const defaultCacheSize = 4_096;
const types = ["Namespace", "Server", "SourceAndObject", "User"];

/** Events come no faster than this (plugin/pkg/admission/eventratelimit). Each limit is one bucket of tokens a key. */
export function eventRateLimit(clock: Clock, { limits = [] }: EventRateLimitConfiguration = {}): AdmissionPlugin {
  const enforcers = limits.map((limit) => ({
    limit,
    buckets: new LruMap<string, Bucket>(limit.cacheSize || defaultCacheSize),
  }));
  return {
    name: "EventRateLimit",
    handles: ({ operation, definition, dryRun }) =>
      definition.kind === "Event" &&
      definition.group === "" &&
      (operation === "CREATE" || operation === "UPDATE") &&
      !dryRun,
    validate(attributes) {
      const now = clock.monotonicMs();
      const reached: string[] = [];
      for (const { limit, buckets } of enforcers) {
        const key = keyOf(limit.type, attributes);
        const bucket = buckets.get(key) ?? { tokens: limit.burst, atMs: now };
        const tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.atMs) / 1_000) * limit.qps);
        buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: now });
        if (tokens < 1) reached.push(`limit reached on type ${limit.type} for key ${key}`);
      }
      if (reached.length > 0) throw tooMany(formatAggregate(reached));
    },
  };
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

function tooMany(text: string): ApiError {
  const message = `Too many requests: ${text}`;
  return ApiError.fromStatus({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "TooManyRequests",
    code: 429,
  });
}

function keyOf(type: string, attributes: AdmissionAttributes): string {
  if (type === "Namespace") return attributes.namespace;
  if (type === "User") return attributes.user.username;
  if (type !== "SourceAndObject") return "";
  const { source, involvedObject: about } = newObject<Event>(attributes);
  const parts = [
    source?.component,
    source?.host,
    about?.kind,
    about?.namespace,
    about?.name,
    about?.uid,
    about?.apiVersion,
  ];
  return parts.map((part) => part ?? "").join("");
}

/** Every mistake of a configuration (eventratelimit/validation). */
export function eventRateLimitErrors({ limits = [] }: EventRateLimitConfiguration): FieldError[] {
  const place = path("limits");
  const errors: FieldError[] = limits.length === 0 ? [invalid(place, limits, "must not be empty")] : [];
  for (const [i, { type, qps, burst, cacheSize = 0 }] of limits.entries()) {
    const at = place.index(i);
    if (!types.includes(type)) errors.push(notSupported(at.child("type"), type, types));
    if (!(burst > 0)) errors.push(invalid(at.child("burst"), burst ?? 0, "must be positive"));
    if (!(qps > 0)) errors.push(invalid(at.child("qps"), qps ?? 0, "must be positive"));
    if (type !== "Server" && cacheSize < 0)
      errors.push(invalid(at.child("cacheSize"), cacheSize, "must not be negative"));
  }
  return errors;
}
