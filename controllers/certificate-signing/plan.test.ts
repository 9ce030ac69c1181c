import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import type { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { type AlternativeNames, type Subject, toPem } from "../../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import { signerRules, summarize } from "./plan.ts";

const now = Date.UTC(2026, 0, 1);
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

interface Asked {
  readonly signerName?: string;
  readonly subject?: Subject;
  readonly names?: AlternativeNames;
  readonly usages?: readonly string[];
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly certificate?: string;
}

const client = "kubernetes.io/kube-apiserver-client";
const approved = { type: "Approved", status: "True" };

function requestOf(asked: Asked): CertificateSigningRequest {
  const { subject = { commonName: "n" }, names = {}, conditions = [approved], certificate } = asked;
  const pem = toPem("CERTIFICATE REQUEST", createCertificateRequest(subject, privateKey, names));
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "r" },
    spec: {
      signerName: asked.signerName ?? client,
      usages: asked.usages ?? ["client auth"],
      request: Buffer.from(pem).toString("base64"),
    },
    status: { conditions, ...(certificate === undefined ? {} : { certificate }) },
  };
}

/** What becomes of a request: the certificate, why it failed, or nothing. */
function outcome(asked: Asked): string | undefined {
  const { status } = summarize({ request: requestOf(asked), sign: () => "PEM", now });
  const failed = status?.conditions?.find(({ type }) => type === "Failed");
  return failed?.message ?? (status?.certificate && Buffer.from(status.certificate, "base64").toString());
}

test("only what is approved, not denied, not failed and has no certificate is signed", () => {
  assert.equal(outcome({}), "PEM");
  assert.equal(outcome({ conditions: [] }), undefined);
  assert.equal(outcome({ conditions: [approved, { type: "Denied", status: "True" }] }), undefined);
  assert.equal(outcome({ conditions: [approved, { type: "Failed", status: "True" }] }), undefined);
  assert.equal(outcome({ conditions: [approved, { type: "Failed", status: "" }] }), undefined);
  assert.equal(outcome({ certificate: "UEVN" }), undefined);
  assert.deepEqual(summarize({ request: requestOf({}), sign: undefined, now }), {});
});

test("a signer that fails throws, and a request that it does not sign keeps the conditions it had", () => {
  const sign = (): string => {
    throw new Error("the signer has expired");
  };
  assert.throws(() => summarize({ request: requestOf({}), sign, now }), { message: "the signer has expired" });
  const { status } = summarize({ request: requestOf({ usages: [] }), sign, now });
  assert.deepEqual(status?.conditions, [
    approved,
    {
      type: "Failed",
      status: "True",
      reason: "SignerValidationFailure",
      message: "missing required usage for client certificate: client auth",
      lastUpdateTime: "2026-01-01T00:00:00Z",
    },
  ]);
});

test("each signer has its rules", () => {
  const node = { commonName: "system:node:a", organizations: ["system:nodes"] };
  const kubelet = { signerName: "kubernetes.io/kube-apiserver-client-kubelet", subject: node };
  const serving = { signerName: "kubernetes.io/kubelet-serving", subject: node, names: { ipAddresses: ["10.0.0.1"] } };
  const forClient = ["digital signature", "client auth"];
  const forServer = ["key encipherment", "digital signature", "server auth"];
  const cases: readonly (readonly [Asked, string])[] = [
    [{ usages: ["client auth", "digital signature", "key encipherment"] }, "PEM"],
    [{ usages: ["client auth", "any"] }, "invalid usage for client certificate: any"],
    [{ ...kubelet, usages: forClient }, "PEM"],
    [{ ...kubelet, usages: [...forClient, "key encipherment"] }, "PEM"],
    [
      { ...kubelet, usages: [...forClient, "server auth"] },
      "usages did not match [client auth digital signature key encipherment]",
    ],
    [
      { ...kubelet, subject: { ...node, organizations: ["system:nodes", "more"] }, usages: forClient },
      "subject organization is not system:nodes",
    ],
    [{ ...kubelet, names: { dnsNames: ["a"] }, usages: forClient }, "DNS subjectAltNames are not allowed"],
    [{ ...kubelet, names: { emails: ["a"] }, usages: forClient }, "Email subjectAltNames are not allowed"],
    [{ ...kubelet, names: { ipAddresses: ["::1"] }, usages: forClient }, "IP subjectAltNames are not allowed"],
    [{ ...kubelet, names: { uris: ["a:b"] }, usages: forClient }, "URI subjectAltNames are not allowed"],
    [
      { ...kubelet, subject: { ...node, commonName: "a" }, usages: forClient },
      "subject common name does not begin with system:node:",
    ],
    [{ ...serving, usages: forServer }, "PEM"],
    [{ ...serving, usages: forServer.slice(1) }, "PEM"],
    [{ ...serving, usages: forClient }, "usages did not match [digital signature key encipherment server auth]"],
    [{ ...serving, names: {}, usages: forServer }, "DNS or IP subjectAltName is required"],
    [
      { ...serving, names: { dnsNames: ["a"], emails: ["b"] }, usages: forServer },
      "Email subjectAltNames are not allowed",
    ],
    [
      { ...serving, names: { dnsNames: ["a"], uris: ["b:c"] }, usages: forServer },
      "URI subjectAltNames are not allowed",
    ],
    [{ signerName: "kubernetes.io/legacy-unknown", usages: ["cert sign"] }, "PEM"],
  ];
  for (const [asked, expected] of cases) assert.equal(outcome(asked), expected, JSON.stringify(asked));
});

test("a certificate of a node is never given to a name or a group that is none of a node's", () => {
  const words = fc.constantFrom("system:nodes", "system:masters", "system:node:a", "a", "");
  fc.assert(
    fc.property(words, fc.array(words, { maxLength: 2 }), fc.boolean(), (commonName, organizations, serving) => {
      const signer = serving ? "kubernetes.io/kubelet-serving" : "kubernetes.io/kube-apiserver-client-kubelet";
      const usages = ["digital signature", serving ? "server auth" : "client auth"];
      const subject = { commonName, organizations: organizations.filter((one) => one !== "") };
      const result = outcome({ signerName: signer, subject, usages, names: serving ? { dnsNames: ["a"] } : {} });
      const isNode = commonName.startsWith("system:node:") && String(subject.organizations) === "system:nodes";
      assert.equal(result === "PEM", isNode);
    }),
  );
  assert.equal(Object.keys(signerRules).length, 4);
});
