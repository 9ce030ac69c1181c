import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeRequestedName, extendedUsage, issueCertificate, toPem } from "./certificate.ts";
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

  it("signs with keys of every kind, as strongly as the key is", () => {
    const keys = [
      generateKeyPairSync("rsa", { modulusLength: 2048 }),
      generateKeyPairSync("ec", { namedCurve: "secp384r1" }),
      generateKeyPairSync("ec", { namedCurve: "secp521r1" }),
      generateKeyPairSync("ed25519"),
    ];
    for (const { privateKey, publicKey } of keys) {
      const request = parseCertificateRequest(
        toPem("CERTIFICATE REQUEST", createCertificateRequest({ commonName: "n" }, privateKey, { dnsNames: ["a.b"] })),
      );
      assert.deepEqual([request.commonName, request.dnsNames], ["n", ["a.b"]]);
      const root = issueCertificate(
        { ...template, publicKey, keyUsages: ["certSign"], subject: { commonName: "r" }, authority: true },
        { privateKey },
      );
      const issuer = { certificate: new X509Certificate(root), privateKey };
      const leaf = new X509Certificate(issueCertificate({ ...template, subject: request.subjectDer }, issuer));
      assert.ok(leaf.verify(publicKey) && leaf.checkIssued(issuer.certificate), publicKey.asymmetricKeyType);
    }
  });

  it("names the issuer's key as the issuer does, or not at all", () => {
    const subjectKey = { commonName: "root" };
    const own = issueCertificate({ ...template, subject: subjectKey, authority: true }, { privateKey });
    const identifier = Buffer.from("0102030405060708090a0b0c0d0e0f1011121314", "hex");
    const ours = Buffer.from(own);
    const at = ours.indexOf(Buffer.from("0603551d0e04160414", "hex")) + 9;
    ours.set(identifier, at);
    const issue = (certificate: Buffer) =>
      issueCertificate(
        { ...template, subject: { commonName: "leaf" } },
        {
          certificate: new X509Certificate(certificate),
          privateKey,
        },
      );
    assert.ok(issue(ours).includes(Buffer.concat([Buffer.from("0603551d23041830168014", "hex"), identifier])));
    const silent = issueCertificate({ ...template, subject: subjectKey }, { privateKey });
    assert.ok(!issue(silent).includes(Buffer.from("0603551d23", "hex")));
  });

  it("writes usages of keys, and none where there are none", () => {
    const issue = (keyUsages: Parameters<typeof issueCertificate>[0]["keyUsages"]) =>
      issueCertificate(
        { ...template, keyUsages, subject: { commonName: "n" }, extendedUsages: [extendedUsage.clientAuth] },
        { privateKey },
      ).toString("hex");
    assert.ok(!issue([]).includes("0603551d0f"));
    assert.ok(issue(["digitalSignature", "decipherOnly"]).includes("0603551d0f0101ff04050303078080"));
    assert.ok(issue(["keyEncipherment", "encipherOnly"]).includes("0603551d0f0101ff040403020021"));
  });

  it("makes a signer's name of a request's: kinds in Go's order, unknown ones left out, the last common name", () => {
    const attributes = [
      { oid: "2.5.4.3", value: "first" },
      { oid: "1.2.3", value: "unknown" },
      { oid: "2.5.4.10", value: "b" },
      { oid: "2.5.4.3", value: "last" },
      { oid: "2.5.4.6", value: "DE" },
      { oid: "2.5.4.10", value: "a" },
    ];
    const name = encodeRequestedName(attributes);
    const der = issueCertificate({ ...template, subject: name }, { privateKey });
    assert.deepEqual(
      readSubject(der).map(({ oid, value }) => `${oid}=${value}`),
      ["2.5.4.6=DE", "2.5.4.10=a", "2.5.4.10=b", "2.5.4.3=last"],
    );
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
