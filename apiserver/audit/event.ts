import type { Status } from "../../apimachinery/errors/status.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { AuditLevel, AuditStage } from "./policy.ts";

export interface AuditObjectRef {
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly apiGroup?: string;
  readonly apiVersion?: string;
  readonly resourceVersion?: string;
  readonly subresource?: string;
}

/** audit.k8s.io/v1 Event, in the wire's order of fields. Times are RFC 3339 with six decimals. */
export interface AuditEvent {
  readonly kind: "Event";
  readonly apiVersion: "audit.k8s.io/v1";
  readonly level: AuditLevel;
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: Partial<UserInfo>;
  readonly impersonatedUser?: Partial<UserInfo>;
  readonly authenticationMetadata?: { readonly impersonationConstraint: string };
  readonly sourceIPs?: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: AuditObjectRef;
  readonly responseStatus?: Partial<Status>;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Where events go. `write` must not throw and must not block; what it cannot keep it drops and counts. */
export interface AuditBackend {
  write(event: AuditEvent): void;
  /** Resolves once everything accepted has been written. */
  close(): Promise<void>;
}

const maxUserAgentLength = 1024;

export function shortUserAgent(text: string | undefined): string {
  if (text === undefined) return "";
  return text.length > maxUserAgentLength ? `${text.slice(0, maxUserAgentLength)}...TRUNCATED` : text;
}

/** The client's addresses: those that proxies named, then the connection's own (apimachinery/pkg/util/net SourceIPs). */
export function sourceAddresses(
  forwardedFor: string | undefined,
  realIp: string | undefined,
  remoteAddress: string,
): string[] {
  const found = (forwardedFor ?? "").split(",").map((one) => one.trim());
  const all = [...found, (realIp ?? "").trim(), remoteAddress.replace(/^::ffff:/, "")].filter((one) =>
    /^[0-9a-f.:]+$/i.test(one),
  );
  return [...new Set(all)];
}

/** The object, or each item of the list or row of the table, without `metadata.managedFields`. Nothing is changed in place. */
export function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== "object" || object === null) return object;
  const { metadata, items, rows } = object as { metadata?: Record<string, unknown>; items?: unknown; rows?: unknown };
  const copy: Record<string, unknown> = { ...object };
  if (metadata !== undefined && "managedFields" in metadata) {
    const { managedFields: _, ...rest } = metadata;
    copy["metadata"] = rest;
  }
  if (Array.isArray(items)) copy["items"] = items.map(withoutManagedFields);
  if (Array.isArray(rows))
    copy["rows"] = rows.map((row: { object?: unknown }) => ({ ...row, object: withoutManagedFields(row.object) }));
  return copy;
}
