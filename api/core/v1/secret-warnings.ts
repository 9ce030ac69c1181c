import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { readCertificate } from "../../../apimachinery/x509/bundle.ts";
import { type PemBlock, pemBlocks } from "../../../apimachinery/x509/pem.ts";
import type { Secret } from "../../generated/types/core-v1.ts";

// Texts of Go's crypto/tls X509KeyPair, which upstream passes on (pkg/registry/core/secret/strategy.go).

/** Says what is wrong with the pair of a TLS secret: it is stored all the same. */
export function* tlsWarnings({ type, data }: Secret): Iterable<string> {
  if (type !== "kubernetes.io/tls") return;
  const warning = pairWarning(pemText(data?.["tls.crt"]), pemText(data?.["tls.key"]));
  if (warning !== undefined) yield warning;
}

function pemText(base64: string | undefined): string {
  return Buffer.from(base64 ?? "", "base64").toString("latin1");
}

function pairWarning(certificateText: string, keyText: string): string | undefined {
  const certificates = [...pemBlocks(certificateText)];
  const leaf = certificates.find(({ type }) => type === "CERTIFICATE");
  if (leaf === undefined) return noCertificate(certificates);
  const keys = [...pemBlocks(keyText)];
  const key = keys.find(({ type }) => type === "PRIVATE KEY" || type.endsWith(" PRIVATE KEY"));
  if (key === undefined) return noKey(keys);
  let certificate: X509Certificate;
  try {
    certificate = readCertificate(leaf.bytes);
  } catch (error) {
    return (error as Error).message;
  }
  const privateKey = readPrivateKey(key.bytes);
  if (privateKey === undefined) return "tls: failed to parse private key";
  if (certificate.publicKey.asymmetricKeyType !== privateKey.asymmetricKeyType) {
    return "tls: private key type does not match public key type";
  }
  return certificate.checkPrivateKey(privateKey) ? undefined : "tls: private key does not match public key";
}

/** By its contents, whatever the block calls itself. */
function readPrivateKey(key: Buffer): KeyObject | undefined {
  for (const type of ["pkcs1", "pkcs8", "sec1"] as const) {
    try {
      return createPrivateKey({ key, format: "der", type });
    } catch {
      // It may be of the next kind.
    }
  }
  return undefined;
}

function noCertificate(skipped: readonly PemBlock[]): string {
  if (skipped.length === 0) return "tls: failed to find any PEM data in certificate input";
  if (skipped.length === 1 && skipped[0]!.type.endsWith("PRIVATE KEY")) {
    return "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched";
  }
  const types = skipped.map(({ type }) => type).join(" ");
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types}]`;
}

function noKey(skipped: readonly PemBlock[]): string {
  if (skipped.length === 0) return "tls: failed to find any PEM data in key input";
  if (skipped.length === 1 && skipped[0]!.type === "CERTIFICATE") {
    return "tls: found a certificate rather than a key in the PEM for the private key";
  }
  const types = skipped.map(({ type }) => type).join(" ");
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${types}]`;
}
