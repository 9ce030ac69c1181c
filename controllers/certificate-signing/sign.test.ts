import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import { createCertificateRequest, parseCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import { type SigningAuthority, signCertificate } from "./sign.ts";

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const key = newKey();
const authority = (notAfter = now + 30 * day): SigningAuthority => ({
  privateKey: key,
  certificate: new X509Certificate(
    issueCertificate(
      {
        subject: { commonName: "root" },
        publicKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey,
        serialNumber: Buffer.from([1]),
        notBefore: 0,
        notAfter,
        keyUsages: ["certSign"],
        authority: true,
      },
      { privateKey: key },
    ),
  ),
});
const names = { dnsNames: ["a.b"], ipAddresses: ["10.0.0.1"], uris: ["spiffe://a/b"], emails: ["a@b.c"] };
const request = parseCertificateRequest(
  toPem("CERTIFICATE REQUEST", createCertificateRequest({ commonName: "n", organizations: ["o"] }, newKey(), names)),
);

function signed(usages: readonly string[], more: { seconds?: number; durationMs?: number; notAfter?: number } = {}) {
  const { seconds, durationMs = day, notAfter } = more;
  const pem = signCertificate(
    { request, usages, expirationSeconds: seconds },
    { authority: authority(notAfter), durationMs, now, serialNumber: Buffer.from("80".repeat(16), "hex") },
  );
  return new X509Certificate(pem);
}

/** From when and until when, from now on. */
function lifetime(more: Parameters<typeof signed>[1]): readonly [number, number] {
  const { validFromDate, validToDate } = signed([], more);
  return [validFromDate.getTime() - now, validToDate.getTime() - now];
}

test("a certificate has the request's names and key, the signer's name, and nothing else of either", () => {
  const certificate = signed(["client auth", "digital signature"]);
  assert.deepEqual(
    [certificate.subject, certificate.issuer, certificate.subjectAltName, certificate.serialNumber, certificate.ca],
    [
      "O=o\nCN=n",
      "CN=root",
      "DNS:a.b, email:a@b.c, IP Address:10.0.0.1, URI:spiffe://a/b",
      "80".repeat(16).toUpperCase(),
      false,
    ],
  );
  assert.ok(certificate.publicKey.equals(request.publicKey));
});

test("lifetimes: backdated, short ones at no cost, none beyond the signer's", () => {
  assert.deepEqual(lifetime({}), [-5 * minute, day - 5 * minute]);
  assert.deepEqual(lifetime({ durationMs: 8 * hour }), [-5 * minute, 8 * hour - 5 * minute]);
  assert.deepEqual(lifetime({ durationMs: 8 * hour - 1000 }), [-5 * minute, 8 * hour - 1000]);
  assert.deepEqual(lifetime({ durationMs: minute }), [-5 * minute, minute]);
  assert.deepEqual(lifetime({ seconds: 3600 }), [-5 * minute, hour]);
  assert.deepEqual(lifetime({ seconds: 1 }), [-5 * minute, 10 * minute]);
  assert.deepEqual(lifetime({ seconds: -1 }), [-5 * minute, 10 * minute]);
  assert.deepEqual(lifetime({ seconds: 10 * 86_400 }), [-5 * minute, day - 5 * minute]);
  // The signer's own limit stays where it is lower than the least that is granted.
  assert.deepEqual(lifetime({ seconds: 360, durationMs: 5 * minute }), [-5 * minute, 5 * minute]);
  assert.deepEqual(lifetime({ notAfter: now + hour }), [-5 * minute, hour]);
});

test("a signer whose own time is over signs nothing", () => {
  const end = (ms: number): string => new Date(ms).toISOString();
  assert.throws(() => signed([], { notAfter: now }), {
    message: `refusing to sign a certificate that expired in the past: NotAfter=${end(now)}`,
  });
  assert.throws(() => signed([], { notAfter: now - 5 * minute }), {
    message: `the signer has expired: NotAfter=${end(now - 5 * minute)}`,
  });
});

test("usages become key usages and purposes, each once and in one order", () => {
  const purposes = (...usages: string[]) => signed(usages).keyUsage ?? [];
  assert.deepEqual(purposes("signing"), []);
  assert.deepEqual(purposes("client auth", "client auth"), ["1.3.6.1.5.5.7.3.2"]);
  assert.deepEqual(purposes("ocsp signing", "crl sign", "s/mime", "email protection", "content commitment"), [
    "1.3.6.1.5.5.7.3.4",
    "1.3.6.1.5.5.7.3.9",
  ]);
  assert.deepEqual(purposes("netscape sgc", "any", "server auth"), [
    "2.5.29.37.0",
    "1.3.6.1.5.5.7.3.1",
    "2.16.840.1.113730.4.1",
  ]);
  const bits = (...usages: string[]) =>
    /0603551d0f0101ff0404(030[23].{4,6}?)30/.exec(signed(usages).raw.toString("hex"))?.[1];
  assert.equal(bits("cert sign", "encipher only", "client auth"), "03020005");
  assert.equal(bits("signing", "digital signature"), "03020780");
  assert.equal(bits("client auth"), undefined);
  assert.throws(() => signed(["client auth", "unsupported string"]), {
    message: 'unrecognized usage values: ["unsupported string"]',
  });
});
