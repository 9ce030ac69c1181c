import { X509Certificate } from "node:crypto";
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { parseTime } from "../../apimachinery/time/time.ts";
import { hasCondition, isIssued } from "../certificate-requests/decision.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";

// pkg/controller/certificates/cleaner/cleaner.go.

const hourMs = 3_600_000;
/** After a request was answered: with a certificate, by a denial or a failure. */
const answeredMs = hourMs;
/** While nobody has decided, or nobody has signed. */
const pendingMs = 24 * hourMs;

export interface Observed {
  readonly request: CertificateSigningRequest;
  readonly now: number;
}

/** Requests go once nobody needs them any more. */
export function plan({ request, now }: Observed): readonly Action[] {
  if (now <= endOf(request)) return [];
  const { name = "", uid = "" } = request.metadata;
  return [{ type: "delete", resource: CertificateSigningRequest, name, uid }];
}

/** Upstream looks once an hour; here each goes at its time. */
export function summarize({ request, now }: Observed): Summary {
  const end = endOf(request);
  return now > end || end === Number.POSITIVE_INFINITY ? {} : { wakeAtMs: end + 1 };
}

/** After when a request is to go (ms since 1970). */
export function endOf(request: CertificateSigningRequest): number {
  const { metadata, status } = request;
  const conditions = status.conditions ?? [];
  const after = (type: string, ms: number): number[] =>
    conditions.flatMap((one) => (one.type === type ? [timeAfter(one.lastUpdateTime, ms)] : []));
  return Math.min(
    ...(conditions.length === 0 ? [timeAfter(metadata.creationTimestamp, pendingMs)] : []),
    ...after("Denied", answeredMs),
    ...after("Failed", answeredMs),
    ...after("Approved", isIssued(request) ? answeredMs : pendingMs),
    ...(hasCondition(request, "Approved") ? [certificateEnd(status.certificate)] : []),
  );
}

function timeAfter(time: string | undefined, ms: number): number {
  return time === undefined ? Number.POSITIVE_INFINITY : parseTime(time) + ms;
}

/** Until when the first certificate holds; for ever where there is none that can be read. */
function certificateEnd(base64: string | undefined): number {
  if (!base64) return Number.POSITIVE_INFINITY;
  try {
    return new X509Certificate(Buffer.from(base64, "base64")).validToDate.getTime();
  } catch {
    return Number.POSITIVE_INFINITY; // Then it tells of no end.
  }
}
