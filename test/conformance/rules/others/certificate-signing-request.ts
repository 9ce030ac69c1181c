import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { issueCertificate, toPem } from "../../../../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../../../../apimachinery/x509/certificate-request.ts";
import { longerThan, notDNSLabel, notDNSSubdomain } from "../messages.ts";
import {
  duplicate,
  forbidden,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Refusal,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";

// pkg/apis/certificates/validation/validation.go, pkg/apis/core/validation/names.go ValidateSignerName.

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const request = createCertificateRequest(
  { commonName: "a" },
  createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })),
);
const pem = (bytes: Uint8Array): string => base64(toPem("CERTIFICATE REQUEST", bytes));
/** Its last byte is the end of the signature. */
const unsigned = Buffer.from(request);
unsigned[unsigned.length - 1]! ^= 1;

const certificate = toPem(
  "CERTIFICATE",
  issueCertificate(
    {
      subject: { commonName: "a" },
      publicKey,
      serialNumber: Buffer.from([1]),
      notBefore: 0,
      notAfter: 1_000,
      keyUsages: [],
    },
    { privateKey },
  ),
);
const usages = [
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

const badRequest = (bytes: string, detail: string): Refusal =>
  refused({ "spec.request": bytes }, invalid("spec.request", bytes, detail));
const signer = "spec.signerName";
const badSigner = (name: string, shown: string, ...details: readonly string[]): Refusal =>
  refused({ [signer]: name }, ...details.map((detail) => invalid(signer, shown, detail)));
const twoParts = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
const longDomain = Array.from({ length: 32 }, () => "1234567").join(".");

const create: readonly Rule[] = [
  {
    says: "a request is PEM, PKCS #10, and signed by its own key",
    accepts: { "spec.request": base64(`words\n${toPem("CERTIFICATE REQUEST", request)}more`) },
    refuses: [
      badRequest("", "PEM block type must be CERTIFICATE REQUEST"),
      badRequest(base64(certificate), "PEM block type must be CERTIFICATE REQUEST"),
      badRequest(base64("-----BEGIN CERTIFICATE REQUEST-----\n"), "PEM block type must be CERTIFICATE REQUEST"),
      badRequest(pem(Buffer.alloc(0)), "asn1: syntax error: sequence truncated"),
      badRequest(pem(Buffer.from([0x30])), "asn1: syntax error: truncated tag or length"),
      badRequest(pem(request.subarray(0, -1)), "asn1: syntax error: data truncated"),
      badRequest(pem(Buffer.concat([request, Buffer.alloc(1)])), "asn1: syntax error: trailing data"),
      badRequest(pem(unsigned), "x509: ECDSA verification failure"),
    ],
  },
  {
    says: "a certificate is for known usages, each told once",
    accepts: { "spec.usages": usages },
    refuses: [
      refused({ "spec.usages": [] }, required("spec.usages")),
      refused({ "spec.usages": ["Any"] }, notSupported("spec.usages[0]", "Any", usages)),
      refused({ "spec.usages": ["any", "any"] }, duplicate("spec.usages[1]", "any")),
    ],
  },
  {
    says: "a signer has a domain of two labels and a path",
    accepts: ["a.b/c", "a.b/c.d", `${longDomain.slice(0, 253)}/${"x".repeat(253)}`].map((name) => ({ [signer]: name })),
    refuses: [
      refused({ [signer]: "" }, required(signer)),
      badSigner("a", "a", twoParts),
      badSigner("a.b/c/d", "a.b/c/d", twoParts),
      badSigner("a/b", "a", "should be a domain with at least two segments separated by dots"),
      badSigner("A.b/c", "A.b", `validating label "A": ${notDNSLabel}`),
      badSigner("A.B/c", "A.B", `validating label "A": ${notDNSLabel}`),
      badSigner(
        `${"x".repeat(64)}.b/c`,
        `${"x".repeat(64)}.b`,
        `validating label "${"x".repeat(64)}": ${longerThan(63)}`,
      ),
      badSigner("a.b/", "", `validating label "": ${notDNSSubdomain}`),
      badSigner("a.b/c.D.E", "c.D.E", `validating label "D": ${notDNSSubdomain}`),
      refused({ [signer]: `${longDomain}/a` }, tooLong(signer, "may not be more than 253 bytes")),
    ],
  },
  {
    says: "a signer's name is no longer than a name in a domain and a namespace",
    accepts: { [signer]: `a.b/${"x".repeat(253)}.${"x".repeat(253)}` },
    refuses: refused(
      { [signer]: `a.b/${"x".repeat(253)}.${"x".repeat(253)}.${"x".repeat(60)}` },
      tooLong(signer, "may not be more than 571 bytes"),
    ),
  },
  {
    says: "no signer of old is asked",
    accepts: { [signer]: "kubernetes.io/kubelet-serving" },
    refuses: refused(
      { [signer]: "kubernetes.io/legacy-unknown" },
      invalid(signer, "kubernetes.io/legacy-unknown", "the legacy signerName is not allowed via this API version"),
    ),
  },
  {
    says: "a certificate lasts ten minutes at least",
    accepts: { "spec.expirationSeconds": 600 },
    refuses: refused(
      { "spec.expirationSeconds": 599 },
      invalid("spec.expirationSeconds", 599, "may not specify a duration less than 600 seconds (10 minutes)"),
    ),
  },
];

const conditions = "status.conditions";
const condition = (type: string, status = "True"): Json => ({ type, status });
const exclusive = "Approved and Denied conditions are mutually exclusive";

const conditionRules: readonly Rule[] = [
  {
    says: "a condition has a type of its own",
    accepts: { [conditions]: [condition("Failed"), condition("Other")] },
    refuses: [
      refused({ [conditions]: [condition("")] }, required(`${conditions}[0].type`)),
      refused({ [conditions]: [condition("Other"), condition("Other")] }, duplicate(`${conditions}[1].type`, "Other")),
    ],
  },
  {
    says: "a condition has a status, and those of the server are true",
    accepts: ["True", "False", "Unknown"].map((status) => ({ [conditions]: [condition("Other", status)] })),
    refuses: [
      refused({ [conditions]: [condition("Other", "")] }, required(`${conditions}[0].status`)),
      refused(
        { [conditions]: [condition("Other", "true")] },
        notSupported(`${conditions}[0].status`, "true", ["False", "True", "Unknown"]),
      ),
      refused(
        { [conditions]: [condition("Failed", "False")] },
        notSupported(`${conditions}[0].status`, "False", ["True"]),
      ),
    ],
  },
];

const approval: readonly Rule[] = [
  ...conditionRules,
  {
    says: "a request is approved or denied",
    accepts: ["Approved", "Denied"].map((type) => ({ [conditions]: [condition(type)] })),
    refuses: [
      ...["Approved", "Denied"].map((type) =>
        refused(
          { [conditions]: [condition(type, "False")] },
          notSupported(`${conditions}[0].status`, "False", ["True"]),
        ),
      ),
      refused({ [conditions]: [condition("Approved"), condition("Denied")] }, invalid(conditions, "Denied", exclusive)),
      refused(
        { [conditions]: [condition("Denied"), condition("Approved")] },
        invalid(conditions, "Approved", exclusive),
      ),
    ],
  },
  {
    says: "who approves does not sign",
    accepts: { "metadata.labels.a": "b", "status.certificate": base64(certificate) },
    refuses: refused({ [conditions]: [condition("")] }, required(`${conditions}[0].type`)),
  },
  {
    says: "that it failed stays",
    stored: { [conditions]: [condition("Failed")] },
    accepts: { [`${conditions}[+]`]: condition("Denied") },
    refuses: refused(
      { [conditions]: [] },
      forbidden(conditions, 'updates may not remove a condition of type "Failed"'),
    ),
  },
];

const data = (text: string): Json => base64(text);
const badCertificate = (text: string, detail: string): Refusal =>
  refused({ "status.certificate": data(text) }, invalid("status.certificate", "<certificate data>", detail));

const status: readonly Rule[] = [
  ...conditionRules,
  {
    says: "who signs neither approves nor denies",
    accepts: { [conditions]: [condition("Failed")] },
    refuses: ["Approved", "Denied"].map((type) =>
      refused(
        { [conditions]: [condition(type)] },
        forbidden(conditions, `updates may not add a condition of type "${type}"`),
      ),
    ),
  },
  {
    says: "a certificate is PEM of nothing but certificates",
    accepts: [
      { "status.certificate": data(`words\n${certificate}${certificate}`) },
      { "status.certificate": "" },
      { "status.certificate": undefined },
    ],
    refuses: [
      badCertificate("a", "must contain at least one CERTIFICATE PEM block"),
      badCertificate(
        `${certificate}${toPem("CERTIFICATE REQUEST", request)}`,
        'only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"',
      ),
      badCertificate(certificate.replace("-----\n", "-----\nA: b\n\n"), "no PEM block headers are permitted"),
      badCertificate(
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "found CERTIFICATE PEM block containing 0 certificates",
      ),
      badCertificate(toPem("CERTIFICATE", Buffer.from("a")), "x509: malformed certificate"),
    ],
  },
  {
    says: "a certificate stays",
    stored: { "status.certificate": data(certificate) },
    accepts: { [conditions]: [condition("Failed")] },
    refuses: [
      refused(
        { "status.certificate": data(certificate + certificate) },
        forbidden("status.certificate", "updates may not modify existing certificate content"),
      ),
      refused(
        { "status.certificate": undefined },
        forbidden("status.certificate", "updates may not modify existing certificate content"),
      ),
    ],
  },
];

export const certificateSigningRequest: KindRules = {
  group: "certificates.k8s.io",
  kind: "CertificateSigningRequest",
  path: "/apis/certificates.k8s.io/v1/certificatesigningrequests",
  valid: {
    metadata: { name: "rules" },
    spec: { request: pem(request), signerName: "example.com/a", usages: ["any"] },
  },
  create,
  subresources: { approval, status },
};
