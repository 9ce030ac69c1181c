import { X509Certificate } from "node:crypto";
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { ObjectReader } from "../registry/access.ts";

const shortMs = 5 * 60_000;

/**
 * How many certificates were issued to those who asked for a lifetime, and how many of these had it, or nearly so
 * (pkg/registry/certificates/certificates/storage/metrics.go). Each server counts all that it hears of.
 */
export function countCertificateDurations(reader: ObjectReader, metrics: MetricsRegistry): void {
  const labels = ["signerName"] as const;
  const requested = metrics.counter({
    name: "apiserver_certificates_registry_csr_requested_duration_total",
    help: "Total number of issued CSRs with a requested duration, sliced by signer (only kubernetes.io signer names are specifically identified)",
    labels,
  });
  const honored = metrics.counter({
    name: "apiserver_certificates_registry_csr_honored_duration_total",
    help: "Total number of issued CSRs with a requested duration that was honored, sliced by signer (only kubernetes.io signer names are specifically identified)",
    labels,
  });
  reader.onChange(CertificateSigningRequest, ({ type, object: { spec, status }, previous }) => {
    if (type !== "MODIFIED" || spec.expirationSeconds === undefined) return;
    const { certificate } = status;
    if (!certificate || previous === undefined || previous.status.certificate) return;
    const signer = spec.signerName.startsWith("kubernetes.io/") ? spec.signerName : "other";
    requested.labels(signer).inc();
    const lifetimeMs = lifetimeOf(certificate);
    if (lifetimeMs !== undefined && isHonored(spec.expirationSeconds * 1000, lifetimeMs)) honored.labels(signer).inc();
  });
}

/** Of the first certificate. */
function lifetimeOf(base64: string): number | undefined {
  try {
    const { validFromDate, validToDate } = new X509Certificate(Buffer.from(base64, "base64"));
    return validToDate.getTime() - validFromDate.getTime();
  } catch {
    return undefined; // Then nobody can tell.
  }
}

/** Signers backdate a little, and round. */
function isHonored(wantedMs: number, gotMs: number): boolean {
  return Math.abs(wantedMs - gotMs) < shortMs + wantedMs / 20;
}
