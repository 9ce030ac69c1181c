import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const usages = ["sign", "verify"] as const;
const notBefore = new Date("2020-01-01T00:00:00Z");
const notAfter = new Date("2120-01-01T00:00:00Z");

// The library's types are those of browsers; `never` stands for the same classes of Node.

/** An authority for tests, and what it issues: a server's certificate for 127.0.0.1, and clients'. */
export async function createAuthority(): Promise<{
  readonly ca: string;
  issue(subject: string, purpose: "server" | "client"): Promise<Issued>;
}> {
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, [...usages]);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=tests",
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  let serial = 1;
  return {
    ca: authority.toString("pem"),
    async issue(subject, purpose) {
      const own = await webcrypto.subtle.generateKey(algorithm, true, [...usages]);
      const names: x509.JsonGeneralNames = [
        { type: "ip", value: "127.0.0.1" },
        { type: "dns", value: "cluster.test" },
      ];
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: `0${++serial}`,
        subject,
        issuer: authority.subject,
        notBefore,
        notAfter,
        signingAlgorithm: algorithm,
        publicKey: own.publicKey as never,
        signingKey: keys.privateKey as never,
        extensions: [
          new x509.ExtendedKeyUsageExtension([purpose === "server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2"]),
          ...(purpose === "server" ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        ],
      });
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", own.privateKey)).toString("base64");
      const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)?.join("\n")}\n-----END PRIVATE KEY-----\n`;
      return { certificate: certificate.toString("pem"), key };
    },
  };
}
