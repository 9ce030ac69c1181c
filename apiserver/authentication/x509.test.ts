import "reflect-metadata";
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign, webcrypto, X509Certificate } from "node:crypto";
import { before, describe, it } from "node:test";
import * as x509 from "@peculiar/x509";
import fc from "fast-check";
import { encodeName, issueCertificate } from "../../apimachinery/x509/certificate.ts";
import { readSubject } from "../../apimachinery/x509/der-reader.ts";
import * as der from "../../apimachinery/x509/der-writer.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { testRequest } from "./test-request.ts";
import { userOfCertificate, X509Authenticator } from "./x509.ts";

const startMs = Date.parse("2026-05-01T12:00:00Z");
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const keyPair = () =>
  webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<webcrypto.CryptoKeyPair>;

async function authority(name: string, keys: webcrypto.CryptoKeyPair): Promise<Buffer> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(startMs - 1e6),
    notAfter: new Date(startMs + 1e9),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return Buffer.from(certificate.rawData);
}

describe("client certificates", () => {
  let ca: webcrypto.CryptoKeyPair;
  let authorities: X509Certificate[];

  before(async () => {
    x509.cryptoProvider.set(webcrypto as never);
    ca = await keyPair();
    authorities = [new X509Certificate(await authority("kubernetes", ca))];
  });

  async function leaf(
    subject: x509.JsonName,
    change: { key?: webcrypto.CryptoKey; usage?: string; notAfter?: number } = {},
  ): Promise<Buffer> {
    const certificate = await x509.X509CertificateGenerator.create({
      subject: new x509.Name(subject),
      issuer: "CN=kubernetes",
      publicKey: (await keyPair()).publicKey,
      signingKey: change.key ?? ca.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(startMs - 1000),
      notAfter: new Date(change.notAfter ?? startMs + 1e8),
      serialNumber: "0a",
      extensions:
        change.usage === "" ? [] : [new x509.ExtendedKeyUsageExtension([change.usage ?? "1.3.6.1.5.5.7.3.2"])],
    });
    return Buffer.from(certificate.rawData);
  }

  function ask(der: Buffer | undefined, clock = new VirtualClock({ startMs })) {
    const authenticator = new X509Authenticator({ authorities: () => authorities, clock });
    return () => authenticator.authenticate(testRequest({}, { clientCertificate: () => der }));
  }

  it("name the user by common name and the groups by organization", async () => {
    const der = await leaf([{ O: ["dev"] }, { O: ["system:masters", "a,b=c+d"] }, { CN: ["ann\nO=x"] }]);
    const fingerprint = createHash("sha256").update(der).digest("hex");
    const asked = ask(der);
    const found = asked();
    assert.deepEqual(found, {
      user: {
        username: "ann\nO=x",
        groups: ["dev", "system:masters", "a,b=c+d"],
        extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${fingerprint}`] },
      },
    });
    assert.equal(asked()!.user, found!.user);
  });

  it("carry the user's uid in Kubernetes' own attribute, once", async () => {
    const der = await leaf([{ CN: ["ann"] }, { "1.3.6.1.4.1.57683.2": [{ utf8String: "u-1" }] }] as x509.JsonName);
    assert.equal(ask(der)()!.user.uid, "u-1");
    const twice = await leaf([
      { CN: ["ann"] },
      { "1.3.6.1.4.1.57683.2": [{ utf8String: "a" }] },
      { "1.3.6.1.4.1.57683.2": [{ utf8String: "b" }] },
    ] as x509.JsonName);
    assert.throws(ask(twice), { message: "expected 1 UID, but found multiple: [a b]" });
  });

  it("are refused when foreign, for servers, expired or damaged", async () => {
    const foreign = await keyPair();
    const failed = "verifying certificate SN=10 failed: x509: ";
    assert.throws(ask(await leaf([{ CN: ["ann"] }], { key: foreign.privateKey })), {
      message: `${failed}certificate signed by unknown authority`,
    });
    assert.throws(ask(await leaf([{ CN: ["ann"] }], { usage: "1.3.6.1.5.5.7.3.1" })), {
      message: `${failed}certificate specifies an incompatible key usage`,
    });
    assert.throws(ask(await leaf([{ CN: ["ann"] }], { notAfter: startMs - 1000 })), {
      message: `${failed}certificate has expired or is not yet valid: current time 2026-05-01T12:00:00Z is after 2026-05-01T11:59:59Z`,
    });
    assert.throws(ask(Buffer.from("nonsense")), { message: "x509: malformed certificate" });
    assert.ok(ask(await leaf([{ CN: ["ann"] }], { usage: "" }))());
  });

  it("may come from an authority whose certificate is too old to say that it is one, and from no other that does not say so", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const name = encodeName({ commonName: "old" });
    const algorithm = der.sequence(der.objectIdentifier("1.2.840.10045.4.3.2"));
    const fields = [
      der.integer(Buffer.from([1])),
      algorithm,
      name,
      der.sequence(der.time(startMs - 1000), der.time(startMs + 1e8)),
      name,
      publicKey.export({ type: "spki", format: "der" }),
    ];
    const signed = (tbs: Buffer): X509Certificate =>
      new X509Certificate(der.sequence(tbs, algorithm, der.bitString(sign("sha256", tbs, privateKey))));
    const template = { publicKey, notBefore: startMs - 1000, notAfter: startMs + 1e8, keyUsages: [] };
    const user = issueCertificate(
      { ...template, subject: { commonName: "ann" }, serialNumber: Buffer.from([10]) },
      { certificate: signed(der.sequence(...fields)), privateKey },
    );
    const asked = (authority: X509Certificate) =>
      new X509Authenticator({ authorities: () => [authority], clock: new VirtualClock({ startMs }) }).authenticate(
        testRequest({}, { clientCertificate: () => user }),
      );
    assert.equal(asked(signed(der.sequence(...fields)))!.user.username, "ann");
    const third = der.element(0xa0, der.integer(Buffer.from([2])));
    assert.throws(() => asked(signed(der.sequence(third, ...fields))), {
      message: "verifying certificate SN=10 failed: x509: certificate signed by unknown authority",
    });
  });

  it("expire while remembered", async () => {
    const clock = new VirtualClock({ startMs });
    const asked = ask(await leaf([{ CN: ["ann"] }], { notAfter: startMs + 5000 }), clock);
    assert.ok(asked());
    await clock.advance(6000);
    assert.throws(asked, /certificate has expired or is not yet valid/);
  });

  it("without a name, or no certificate at all, are nobody's", async () => {
    assert.equal(ask(await leaf([{ O: ["dev"] }]))(), undefined);
    assert.equal(ask(undefined)(), undefined);
  });

  it("can be cut or changed anywhere without more than an error", async () => {
    const der = await leaf([{ O: ["dev"] }, { CN: ["ann"] }]);
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
        const bytes = Buffer.from(cut ? der.subarray(0, at) : der);
        if (!cut) bytes[at] = byte;
        try {
          readSubject(bytes);
          userOfCertificate(bytes, "");
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
