import { X509Certificate } from "node:crypto";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported, required, tooLong } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { parseCertificateRequest } from "../../../apimachinery/x509/certificate-request.ts";
import { readElement } from "../../../apimachinery/x509/der-reader.ts";
import { pemBlocks } from "../../../apimachinery/x509/pem.ts";
import type { CertificateSigningRequest } from "../../generated/types/certificates-v1.ts";

// Rules: pkg/apis/certificates/validation validateCertificateSigningRequest, pkg/apis/core/validation/names.go.

const specPath = path("spec");
const usagesPath = specPath.child("usages");
const signerPath = specPath.child("signerName");
const conditionsPath = path("status", "conditions");
const certificatePath = path("status", "certificate");

const usages: readonly string[] = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

export function addRequestErrors(
  errors: FieldError[],
  { spec, status }: CertificateSigningRequest,
  old: CertificateSigningRequest | undefined,
): void {
  const problem = requestProblem(spec.request ?? "");
  if (problem !== undefined) errors.push(invalid(specPath.child("request"), spec.request ?? "", problem));
  addUsageErrors(errors, spec.usages ?? [], old?.spec.usages ?? []);
  const legacy = "kubernetes.io/legacy-unknown";
  if (spec.signerName === legacy && old?.spec.signerName !== legacy) {
    errors.push(invalid(signerPath, legacy, "the legacy signerName is not allowed via this API version"));
  } else addSignerErrors(errors, spec.signerName ?? "");
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < 600) {
    const detail = "may not specify a duration less than 600 seconds (10 minutes)";
    errors.push(invalid(specPath.child("expirationSeconds"), spec.expirationSeconds, detail));
  }
  addConditionErrors(errors, status, old?.status);
  addCertificateErrors(errors, status.certificate ?? "", old?.status.certificate ?? "");
}

/** Why the text is no request that its own key has signed. */
function requestProblem(request: string): string | undefined {
  try {
    parseCertificateRequest(pemOf(request));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function pemOf(base64: string): string {
  return Buffer.from(base64, "base64").toString("latin1");
}

/** What is stored may stay, and what is not PEM may be replaced by the like. */
function addCertificateErrors(errors: FieldError[], certificate: string, before: string): void {
  if (certificate === before || certificateProblem(before) !== undefined) return;
  const problem = certificateProblem(certificate);
  if (problem !== undefined) errors.push(invalid(certificatePath, "<certificate data>", problem));
}

/** Why the text is not one or more certificates in PEM; none is fine too. */
function certificateProblem(base64: string): string | undefined {
  if (base64 === "") return undefined;
  let count = 0;
  for (const block of pemBlocks(pemOf(base64))) {
    if (block.type !== "CERTIFICATE") return `only CERTIFICATE PEM blocks are allowed, found ${goQuote(block.type)}`;
    if (block.headers > 0) return "no PEM block headers are permitted";
    if (block.bytes.length === 0) return "found CERTIFICATE PEM block containing 0 certificates";
    if (!holdsCertificates(block.bytes)) return "x509: malformed certificate";
    count += 1;
  }
  return count === 0 ? "must contain at least one CERTIFICATE PEM block" : undefined;
}

function holdsCertificates(bytes: Buffer): boolean {
  try {
    for (let offset = 0; offset < bytes.length; ) {
      const { end } = readElement(bytes, offset);
      new X509Certificate(bytes.subarray(offset, end));
      offset = end;
    }
    return true;
  } catch {
    return false;
  }
}

function addUsageErrors(errors: FieldError[], now: readonly string[], before: readonly string[]): void {
  if (now.length === 0) errors.push(required(usagesPath));
  if (before.every((usage) => usages.includes(usage))) {
    for (const [i, usage] of now.entries()) {
      if (!usages.includes(usage)) errors.push(notSupported(usagesPath.index(i), usage, usages));
    }
  }
  if (new Set(before).size < before.length) return;
  for (const [i, usage] of now.entries()) {
    if (now.indexOf(usage) < i) errors.push(duplicate(usagesPath.index(i), usage));
  }
}

function addSignerErrors(errors: FieldError[], name: string): void {
  if (name === "") {
    errors.push(required(signerPath));
    return;
  }
  const [domain = "", rest, ...more] = name.split("/");
  if (rest === undefined || more.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    errors.push(invalid(signerPath, name, detail));
    return;
  }
  if (domain.length > 253) errors.push(tooLong(signerPath, 253));
  const labels = domain.split(".");
  addSegmentErrors(errors, labels, domain, isDNS1123Label);
  if (labels.length < 2) {
    errors.push(invalid(signerPath, domain, "should be a domain with at least two segments separated by dots"));
  }
  addSegmentErrors(errors, rest.split("."), rest, isDNS1123Subdomain);
  if (name.length > 571) errors.push(tooLong(signerPath, 571));
}

/** Only the first bad segment is told of: the others' messages would read the same. */
function addSegmentErrors(
  errors: FieldError[],
  segments: readonly string[],
  whole: string,
  check: (segment: string) => readonly string[],
): void {
  const bad = segments.find((segment) => check(segment).length > 0);
  if (bad === undefined) return;
  for (const message of check(bad)) {
    errors.push(invalid(signerPath, whole, `validating label ${goQuote(bad)}: ${message}`));
  }
}

type Status = CertificateSigningRequest["status"];

function addConditionErrors(errors: FieldError[], { conditions = [] }: Status, old: Status | undefined): void {
  const before = old?.conditions ?? [];
  const has = (list: readonly { readonly type: string }[], wanted: string): boolean =>
    list.some(({ type }) => type === wanted);
  const lenientTypes = new Set(before.map(({ type }) => type)).size < before.length;
  const lenientBoth = has(before, "Approved") && has(before, "Denied");
  for (const [i, { type = "", status = "" }] of conditions.entries()) {
    const place = conditionsPath.index(i);
    if (type === "" && !has(before, "")) errors.push(required(place.child("type")));
    const allowed = ["Approved", "Denied", "Failed"].includes(type) ? ["True"] : ["False", "True", "Unknown"];
    if (status === "") errors.push(required(place.child("status")));
    else if (!allowed.includes(status)) errors.push(notSupported(place.child("status"), status, allowed));
    const earlier = conditions.slice(0, i);
    const opposite = type === "Approved" ? "Denied" : type === "Denied" ? "Approved" : undefined;
    if (opposite !== undefined && !lenientBoth && has(earlier, opposite)) {
      errors.push(invalid(conditionsPath, type, "Approved and Denied conditions are mutually exclusive"));
    }
    if (!lenientTypes && has(earlier, type)) errors.push(duplicate(place.child("type"), type));
  }
}
