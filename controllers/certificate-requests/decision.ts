import type { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { type CertificateRequest, parseCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import type { Clock } from "../../base/clock.ts";
import { bucketRateLimiter, exponentialRateLimiter, maxOfRateLimiters, type RateLimiter } from "../../client/mod.ts";

// pkg/controller/certificates/certificate_controller.go and certificate_controller_utils.go.

/** Whether there is a condition of the type, whatever its status. */
export function hasCondition({ status }: CertificateSigningRequest, type: string): boolean {
  return (status.conditions ?? []).some((condition) => condition.type === type);
}

/** Whether there is one that says so, or says nothing else. */
export function hasTrueCondition({ status }: CertificateSigningRequest, wanted: string): boolean {
  return (status.conditions ?? []).some(({ type, status }) => type === wanted && (!status || status === "True"));
}

export function isIssued({ status }: CertificateSigningRequest): boolean {
  return Boolean(status.certificate);
}

/** What is asked for; throws where it is no request. */
export function requestedOf({ spec }: CertificateSigningRequest): CertificateRequest {
  return parseCertificateRequest(Buffer.from(spec.request, "base64").toString("latin1"));
}

/** 200 ms doubling to a quarter of an hour a request, 10 retries a second over all. */
export function certificateRateLimiter(clock: Clock): RateLimiter<string> {
  return maxOfRateLimiters(
    exponentialRateLimiter<string>({ baseMs: 200, maxMs: 1_000_000 }),
    bucketRateLimiter<string>({ clock, perSecond: 10, burst: 100 }),
  );
}
