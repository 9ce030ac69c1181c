import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { issueCertificate, toPem } from "./certificate.ts";
import { createCertificateRequest, parseCertificateRequest, readCertificateRequest } from "./certificate-request.ts";
import { readElement, readOid, readSubject } from "./der-reader.ts";
import { integer, ipBytes, objectIdentifier, time } from "./der-writer.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const template = {
  publicKey,
  serialNumber: Buffer.from("0a", "hex"),
  notBefore: 0,
  notAfter: Date.UTC(2060, 0),
  keyUsages: ["digitalSignature" as const],
};

describe("X.509", () => {
  it("issues certificates that Node reads back as they were meant", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
        (commonName, organizations) => {
          const subject = {
            commonName: commonName.toWellFormed(),
            organizations: organizations.map((one) => one.toWellFormed()),
          };
          const der = issueCertificate(
            { ...template, subject, names: { dnsNames: ["a.b"], ipAddresses: ["10.0.0.1"] } },
            { privateKey },
          );
          const certificate = new X509Certificate(der);
          assert.ok(certificate.verify(publicKey));
          assert.equal(certificate.subjectAltName, "DNS:a.b, IP Address:10.0.0.1");
          assert.equal(certificate.validToDate.getTime(), Date.UTC(2060, 0));
          const values = (oid: string) => readSubject(der).flatMap((one) => (one.oid === oid ? [one.value] : []));
          assert.deepEqual(values("2.5.4.3"), [subject.commonName]);
          assert.deepEqual(values("2.5.4.10").sort(), [...subject.organizations].sort());
        },
      ),
    );
  });

  it("reads the requests it makes, and takes none whose signature is not its key's", () => {
    const der = createCertificateRequest({ commonName: "system:node:n1", organizations: ["system:nodes"] }, privateKey);
    const request = parseCertificateRequest(toPem("CERTIFICATE REQUEST", der));
    assert.deepEqual(
      [request.commonName, request.organizations, request.dnsNames],
      ["system:node:n1", ["system:nodes"], []],
    );
    assert.ok(request.publicKey.equals(publicKey));
    assert.throws(() => parseCertificateRequest(toPem("CERTIFICATE", der)), {
      message: "PEM block type must be CERTIFICATE REQUEST",
    });
    const other = createCertificateRequest(
      { commonName: "system:node:n2", organizations: ["system:nodes"] },
      privateKey,
    );
    const mixed = Buffer.from(der);
    mixed.set(other.subarray(0, 60));
    assert.throws(() => readCertificateRequest(mixed));
  });

  it("survives any damage to a request", () => {
    const der = createCertificateRequest({ commonName: "n" }, privateKey);
    const refused = (at: number, byte: number) => {
      const bytes = Buffer.from(der);
      if (bytes[at] === byte) return;
      bytes[at] = byte;
      assert.throws(() => readCertificateRequest(bytes), Error, `byte ${at} as ${byte}`);
    };
    for (let at = 0; at < der.length; at++) refused(at, 0);
    fc.assert(fc.property(fc.nat(der.length - 1), fc.integer({ min: 0, max: 255 }), refused), { numRuns: 300 });
  });

  it("writes integers, identifiers, times and addresses as the standards have them", () => {
    assert.equal(integer(Buffer.from("0080", "hex")).toString("hex"), "02020080");
    assert.equal(integer(Buffer.from("00007f", "hex")).toString("hex"), "02017f");
    for (const oid of ["1.2.840.113549.1.1.11", "2.5.4.3", "1.3.6.1.4.1.57683.2"]) {
      const bytes = objectIdentifier(oid);
      assert.equal(readOid(bytes, readElement(bytes, 0)), oid);
    }
    assert.equal(
      time(Date.UTC(2026, 4, 1, 12))
        .subarray(2)
        .toString(),
      "260501120000Z",
    );
    assert.equal(time(Date.UTC(2050, 0)).subarray(2).toString(), "20500101000000Z");
    assert.deepEqual(
      ["10.0.0.1", "::1", "fd00::2:0:1", "::ffff:1.2.3.4"].map((address) => ipBytes(address).toString("hex")),
      ["0a000001", `${"0".repeat(31)}1`, `fd00${"0".repeat(16)}000200000001`, "01020304"],
    );
  });
});
