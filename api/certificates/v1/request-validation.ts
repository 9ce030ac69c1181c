import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported, required, tooLong } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import type { CertificateSigningRequest } from "../../generated/types/certificates-v1.ts";

// Rules: pkg/apis/certificates/validation validateCertificateSigningRequest, pkg/apis/core/validation/names.go. That the
// request is PEM is checked here, that it is a well-formed PKCS #10 request is its signer's to see.

const specPath = path("spec");
const usagesPath = specPath.child("usages");
const signerPath = specPath.child("signerName");
const conditionsPath = path("status", "conditions");

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
  const request = Buffer.from(spec.request ?? "", "base64").toString("latin1");
  if (!request.includes("-----BEGIN CERTIFICATE REQUEST-----")) {
    const detail = "PEM block type must be CERTIFICATE REQUEST";
    errors.push(invalid(specPath.child("request"), spec.request ?? "", detail));
  }
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
