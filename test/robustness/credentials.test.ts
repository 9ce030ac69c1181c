import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { extendedUsage, issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import {
  createCertificateRequest,
  parseCertificateRequest,
  readCertificateRequest,
} from "../../apimachinery/x509/certificate-request.ts";
import { readSubject } from "../../apimachinery/x509/der-reader.ts";
import { decodeJwt, JwtSigner, verificationKey, verifyJwt } from "../../apiserver/authentication/jwt.ts";
import { verifyIdToken } from "../../apiserver/authentication/openid/id-token.ts";
import { readClaims, readLegacyClaims } from "../../apiserver/authentication/service-account-claims.ts";
import { tokenFileAuthenticator } from "../../apiserver/authentication/token-file.ts";
import { userOfCertificate, verifyCertificate } from "../../apiserver/authentication/x509.ts";
import { parseKubeconfig } from "../../client/mod.ts";
import { answersOrSays, bent, cases, damaged, isLinear, soup, valueWith, within } from "../support/fuzz.ts";

const now = Date.UTC(2026, 0, 1);
const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const template = {
  publicKey: pair.publicKey,
  serialNumber: Buffer.from([1, 2]),
  notBefore: now - 3_600_000,
  notAfter: now + 3_600_000,
};
const root = new X509Certificate(
  issueCertificate(
    { ...template, subject: { commonName: "ca" }, keyUsages: ["certSign"], authority: true },
    { privateKey: pair.privateKey },
  ),
);
const leaf = issueCertificate(
  {
    ...template,
    subject: { commonName: "ann", organizations: ["devs", "ops"] },
    keyUsages: ["digitalSignature"],
    extendedUsages: [extendedUsage.clientAuth],
    names: { dnsNames: ["a.example.com"], ipAddresses: ["10.0.0.1", "::1"] },
  },
  { privateKey: pair.privateKey, certificate: root },
);
const request = createCertificateRequest(
  { commonName: "system:node:n", organizations: ["system:nodes"] },
  pair.privateKey,
);
/** Tags, lengths and ends of DER. */
const der = [
  "3080",
  "30848fffffff",
  "a000",
  "0500",
  "1e0161",
  "0c02ff41",
  "06022b80",
  "1f",
  "30820000",
  "0200",
  "0303",
].map((hex) => Buffer.from(hex, "hex"));

describe("credentials take whatever comes", () => {
  test("a certificate is somebody's, or refused in words", within(20_000), () => {
    fc.assert(
      fc.property(damaged([leaf], der), (bytes) => {
        answersOrSays(() => readSubject(bytes));
        const verified = answersOrSays(() => verifyCertificate(bytes, [root], now));
        if (verified !== undefined) assert.deepEqual(userOfCertificate(bytes, "f"), userOfCertificate(leaf, "f"));
        else answersOrSays(() => userOfCertificate(bytes, "f"));
      }),
      cases(2_000),
    );
  });

  test("a request for a certificate is read as it was signed, or refused in words", within(20_000), () => {
    fc.assert(
      fc.property(damaged([request], der), (bytes) => {
        const read = answersOrSays(() => readCertificateRequest(bytes));
        if (read !== undefined) assert.equal(read.commonName, "system:node:n");
        answersOrSays(() => parseCertificateRequest(toPem("CERTIFICATE REQUEST", bytes)));
      }),
      cases(1_000),
    );
    const pem = toPem("CERTIFICATE REQUEST", request);
    const pieces = [
      "-----BEGIN CERTIFICATE REQUEST-----",
      "-----END CERTIFICATE REQUEST-----",
      "-----BEGIN ",
      "-----",
      "\n",
      "A",
      "=",
      " ",
      "-----BEGIN A-----\n",
    ];
    fc.assert(
      fc.property(fc.oneof(damaged([pem], pieces).map(String), soup(pieces)), (text) => {
        answersOrSays(() => parseCertificateRequest(text));
      }),
      cases(1_000),
    );
    isLinear(parseCertificateRequest, pieces);
    isLinear((text) => parseCertificateRequest(`-----BEGIN A-----${text}`), pieces);
  });

  const signer = new JwtSigner(pair.privateKey);
  const key = verificationKey(pair.publicKey);
  const claims = {
    iss: "https://issuer",
    sub: "system:serviceaccount:a:b",
    aud: ["x"],
    exp: now / 1_000 + 60,
    nbf: 1,
    iat: 1,
    jti: "j",
    "kubernetes.io": {
      namespace: "a",
      serviceaccount: { name: "b", uid: "c" },
      pod: { name: "p", uid: "d" },
      warnafter: 5,
    },
  };
  const names = [...Object.keys(claims), ...Object.keys(claims["kubernetes.io"]), "name", "uid"];
  const others = fc.oneof(bent([claims], valueWith(names)), valueWith(names));
  const rules = {
    issuer: "https://issuer",
    audiences: ["x"],
    algorithms: ["ES256"],
    keys: async () => [pair.publicKey],
    now,
  };

  test("a token is what was signed, or nobody's", within(20_000), async () => {
    const token = signer.sign(claims);
    const pieces = [".", "A", "=", "-", "_", "e30", "bnVsbA", "eyJhbGciOiJub25lIn0"];
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged([token], pieces).map(String), soup(pieces)), async (text) => {
        const jwt = answersOrSays(() => decodeJwt(text));
        const good = jwt !== undefined && answersOrSays(() => verifyJwt(jwt, key)) === true;
        if (good) assert.deepEqual(jwt.claims, claims);
        await answersOrSaysLater(async () => assert.deepEqual(await verifyIdToken(text, rules), claims));
      }),
      cases(1_000),
    );
    isLinear(decodeJwt, pieces);
  });

  test("claims of any kind are read, none makes a user of nothing", within(20_000), async () => {
    await fc.assert(
      fc.asyncProperty(others, async (value) => {
        const jwt = decodeJwt(signer.sign(value as Record<string, unknown>));
        if (jwt === undefined) return;
        assert.ok(verifyJwt(jwt, key));
        const read = answersOrSays(() => readClaims(jwt.claims))!;
        assert.ok([read.namespace, read.issuer, read.subject].every((text) => typeof text === "string"));
        answersOrSays(() => readLegacyClaims(jwt.claims));
        await answersOrSaysLater(() => verifyIdToken(signer.sign(value as Record<string, unknown>), rules));
      }),
      cases(800),
    );
  });

  test("tables of tokens and kubeconfigs are read or refused", within(20_000), () => {
    const table = 'token,user,uid,"a,b"\n"t""2",u,\n';
    const pieces = [",", '"', '""', "\n", "\r\n", "a"];
    fc.assert(
      fc.property(fc.oneof(damaged([table], pieces).map(String), soup(pieces)), (text) => {
        answersOrSays(() => tokenFileAuthenticator(text, "f"));
      }),
      cases(1_000),
    );
    isLinear((text) => tokenFileAuthenticator(text, "f"), pieces);
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u", namespace: "n" } }],
      clusters: [{ name: "k", cluster: { server: "https://h", "certificate-authority-data": "YQ==" } }],
      users: [
        { name: "u", user: { token: "t", exec: { command: "x", args: ["a"], env: [{ name: "n", value: "v" }] } } },
      ],
    };
    fc.assert(
      fc.property(bent([kubeconfig], valueWith(["name", "context", "cluster", "user"])), (value) => {
        answersOrSays(() => parseKubeconfig(JSON.stringify(value)));
      }),
      cases(1_000),
    );
  });
});

async function answersOrSaysLater(read: () => Promise<unknown>): Promise<void> {
  let thrown: unknown;
  try {
    await read();
  } catch (error) {
    thrown = error;
  }
  if (thrown !== undefined)
    answersOrSays(() => {
      throw thrown;
    });
}
