import type { CertificateRequest } from "../../apimachinery/x509/certificate-request.ts";

// pkg/apis/certificates/helpers.go.

const nodes = "system:nodes";
const nodePrefix = "system:node:";

/** Why this is no request for the certificate that a kubelet shows the API server; undefined where it is one. */
export function kubeletClientFault(request: CertificateRequest, usages: readonly string[]): string | undefined {
  const { dnsNames, emails, ipAddresses, uris } = request;
  if (!isOfNodes(request)) return "subject organization is not system:nodes";
  if (dnsNames.length > 0) return "DNS subjectAltNames are not allowed";
  if (emails.length > 0) return "Email subjectAltNames are not allowed";
  if (ipAddresses.length > 0) return "IP subjectAltNames are not allowed";
  if (uris.length > 0) return "URI subjectAltNames are not allowed";
  if (!request.commonName.startsWith(nodePrefix)) return "subject common name does not begin with system:node:";
  return usagesFault(usages, "client auth");
}

/** The same of the certificate of a kubelet's own HTTPS API. */
export function kubeletServingFault(request: CertificateRequest, usages: readonly string[]): string | undefined {
  const { dnsNames, emails, ipAddresses, uris } = request;
  if (!isOfNodes(request)) return "subject organization is not system:nodes";
  if (dnsNames.length === 0 && ipAddresses.length === 0) return "DNS or IP subjectAltName is required";
  if (emails.length > 0) return "Email subjectAltNames are not allowed";
  if (uris.length > 0) return "URI subjectAltNames are not allowed";
  const fault = usagesFault(usages, "server auth");
  if (fault !== undefined) return fault;
  return request.commonName.startsWith(nodePrefix) ? undefined : "subject common name does not begin with system:node:";
}

function isOfNodes({ organizations }: CertificateRequest): boolean {
  return organizations.length === 1 && organizations[0] === nodes;
}

/** The purpose and signatures, with encipherment of keys or, where keys are not RSA, without. */
function usagesFault(usages: readonly string[], purpose: string): string | undefined {
  const asked = new Set(usages);
  const needed = [purpose, "digital signature"];
  const allowed = [...needed, "key encipherment"].sort();
  const fits = needed.every((one) => asked.has(one)) && [...asked].every((one) => allowed.includes(one));
  return fits ? undefined : `usages did not match [${allowed.join(" ")}]`;
}
