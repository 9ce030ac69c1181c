import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { certificateBlocks, readAuthorities } from "./bundle.ts";
import { issueCertificate, toPem } from "./certificate.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const der = issueCertificate(
  {
    subject: { commonName: "a" },
    serialNumber: Buffer.from([1]),
    notBefore: 0,
    notAfter: 1e12,
    publicKey,
    keyUsages: ["certSign"],
  },
  { privateKey },
);
const good = toPem("CERTIFICATE", der);
const problemOf = (pem: string): string | undefined => readAuthorities(pem).problem;

test("one good certificate makes a bundle, whatever stands around it", () => {
  const bad = toPem("CERTIFICATE", Buffer.from("a"));
  for (const text of [
    good,
    `words\n${good}more`,
    bad + good,
    good + bad,
    toPem("X", der) + good,
    good.replaceAll("\n", "\r\n"),
  ]) {
    const { certificates, problem } = readAuthorities(text);
    assert.deepEqual([certificates.map(({ subject }) => subject), problem], [["CN=a"], undefined], text);
  }
});

test("without one, it is told what is wrong in Go's words", () => {
  const none = "no valid certificate authority data seen";
  const noBlock = "unable to parse bytes as PEM block";
  const malformed = "failed to parse certificate: x509: malformed certificate";
  assert.equal(problemOf(toPem("CERTIFICATE", der.subarray(1))), malformed);
  assert.equal(problemOf(toPem("CERTIFICATE", der.subarray(0, -1))), malformed);
  assert.equal(
    problemOf(toPem("CERTIFICATE", Buffer.concat([der, der]))),
    "failed to parse certificate: x509: trailing data",
  );
  assert.equal(problemOf(toPem("CERTIFICATE", Buffer.alloc(0))), malformed);
  assert.equal(problemOf(`${toPem("CERTIFICATE", Buffer.from("a"))} words`), malformed);
  assert.equal(problemOf(toPem("X", der)), none);
  assert.equal(problemOf(`${toPem("X", der)} `), noBlock);
  assert.equal(problemOf("words"), noBlock);
  assert.equal(problemOf(good.replace("-----\n", "-----\nA: b\n\n")), none);
  assert.equal(problemOf(good.replace("-----END CERTIFICATE", "-----END CERTIFICATES")), noBlock);
  assert.equal(problemOf(` ${good}`), noBlock);
});

test("certificates are taken out of a bundle as they are written anew", () => {
  assert.deepEqual(certificateBlocks(`a\n${good}b\n${toPem("X", der)}${good}`), [good.trimEnd(), good.trimEnd()]);
  assert.deepEqual(certificateBlocks(good.replace("-----\n", "-----\nA: b\n\n")), []);
});
