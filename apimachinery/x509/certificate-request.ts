import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import {
  type AlternativeNames,
  encodeAlternatives,
  encodeName,
  hashOf,
  type Subject,
  signatureAlgorithm,
} from "./certificate.ts";
import {
  type DerElement,
  derTag,
  type NameAttribute,
  readChildren,
  readElement,
  readName,
  readOid,
  wholeElement,
} from "./der-reader.ts";
import * as der from "./der-writer.ts";
import { decodePem } from "./pem.ts";

/** A PKCS #10 certification request (RFC 2986), its own signature verified. */
export interface CertificateRequest {
  readonly subject: readonly NameAttribute[];
  /** The subject's DER, to be taken over as it is. */
  readonly subjectDer: Buffer;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly publicKey: KeyObject;
  readonly dnsNames: readonly string[];
  readonly emails: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
}

const oidExtensionRequest = "1.2.840.113549.1.9.14";
const oidAlternativeNames = "2.5.29.17";
const hashes: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.5": "sha1",
  "1.2.840.10045.4.1": "sha1",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
};

/** What is said of a signature that does not match its key. */
const failures: Readonly<Record<string, string>> = {
  rsa: "crypto/rsa: verification error",
  ec: "x509: ECDSA verification failure",
  ed25519: "x509: Ed25519 verification failure",
};

/** Reads the first block of PEM text, which must be a CERTIFICATE REQUEST (k8s.io/api/certificates ParseCSR). */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const block = decodePem(pem);
  if (block?.type !== "CERTIFICATE REQUEST") throw new Error("PEM block type must be CERTIFICATE REQUEST");
  return readCertificateRequest(block.bytes);
}

/** Errors are those of Go's crypto/x509 where it is one that a signature or a length leads to. */
export function readCertificateRequest(bytes: Buffer): CertificateRequest {
  const whole = readElement(bytes, 0);
  if (whole.end < bytes.length) throw new Error("asn1: syntax error: trailing data");
  const [info, algorithm, signature] = readChildren(bytes, whole);
  const wellFormed =
    whole.tag === derTag.sequence && info?.tag === derTag.sequence && algorithm?.tag === derTag.sequence;
  if (!wellFormed || signature?.tag !== derTag.bitString || bytes[signature.start] !== 0) {
    throw new Error("x509: malformed certificate request");
  }
  const [, subject, spki, attributes] = readChildren(bytes, info);
  if (subject === undefined || spki === undefined) throw new Error("x509: malformed certificate request");
  const publicKey = createPublicKey({ key: wholeElement(bytes, spki), format: "der", type: "spki" });
  checkSignature(bytes, info, algorithm, signature, publicKey);
  const names = readName(bytes, subject);
  const values = (oid: string) =>
    names.flatMap((one) => (one.oid === oid && one.value !== undefined ? [one.value] : []));
  return {
    subject: names,
    subjectDer: wholeElement(bytes, subject),
    commonName: values("2.5.4.3").at(-1) ?? "",
    organizations: values("2.5.4.10"),
    publicKey,
    ...readAlternativeNames(bytes, attributes),
  };
}

function checkSignature(
  bytes: Buffer,
  info: DerElement,
  algorithm: DerElement,
  signature: DerElement,
  key: KeyObject,
): void {
  const oid = readChildren(bytes, algorithm)[0];
  const name = oid?.tag === derTag.oid ? readOid(bytes, oid) : "";
  const hash = hashes[name];
  const ed25519 = name === "1.3.101.112";
  if (hash === undefined && !ed25519) throw new Error("x509: cannot verify signature: algorithm unimplemented");
  if (!verify(hash ?? null, wholeElement(bytes, info), key, bytes.subarray(signature.start + 1, signature.end))) {
    throw new Error(failures[key.asymmetricKeyType ?? ""] ?? "x509: cannot verify signature: algorithm unimplemented");
  }
}

function readAlternativeNames(bytes: Buffer, attributes: DerElement | undefined) {
  const found = { dnsNames: [] as string[], emails: [] as string[], ipAddresses: [] as string[], uris: [] as string[] };
  if (attributes === undefined) return found;
  for (const attribute of readChildren(bytes, attributes)) {
    const [oid, values] = readChildren(bytes, attribute);
    if (oid === undefined || values === undefined || readOid(bytes, oid) !== oidExtensionRequest) continue;
    for (const extension of readChildren(bytes, values).flatMap((list) => readChildren(bytes, list))) {
      const parts = readChildren(bytes, extension);
      if (parts[0] === undefined || readOid(bytes, parts[0]) !== oidAlternativeNames) continue;
      const value = parts.at(-1)!;
      for (const name of readChildren(bytes, readElement(bytes, value.start, value.end))) {
        const content = bytes.subarray(name.start, name.end);
        if (name.tag === 0x82) found.dnsNames.push(content.toString("latin1"));
        else if (name.tag === 0x81) found.emails.push(content.toString("latin1"));
        else if (name.tag === 0x86) found.uris.push(content.toString("latin1"));
        else if (name.tag === 0x87) found.ipAddresses.push(addressText(content));
      }
    }
  }
  return found;
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join(".");
  if (bytes.length !== 16) throw new Error(`x509: cannot parse IP address of length ${bytes.length}`);
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(i).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** Makes a request for a certificate of this key, for these names too. Returns DER. */
export function createCertificateRequest(
  subject: Subject,
  privateKey: KeyObject,
  names: AlternativeNames = {},
): Buffer {
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const alternatives = encodeAlternatives(names);
  const extension = der.sequence(
    der.objectIdentifier(oidAlternativeNames),
    der.octetString(der.sequence(...alternatives)),
  );
  const asked = der.sequence(der.objectIdentifier(oidExtensionRequest), der.set(der.sequence(extension)));
  const attributes = alternatives.length === 0 ? [] : [asked];
  const info = der.sequence(der.integer(Buffer.from([0])), encodeName(subject), spki, der.element(0xa0, ...attributes));
  const signature = der.bitString(sign(hashOf(privateKey), info, privateKey));
  return der.sequence(info, signatureAlgorithm(privateKey), signature);
}
