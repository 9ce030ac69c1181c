import { createHash, createPublicKey, type KeyObject, sign, type X509Certificate } from "node:crypto";
import { derTag, type NameAttribute, readChildren, readElement, readOid, wholeElement } from "./der-reader.ts";
import * as der from "./der-writer.ts";

/** Who a certificate is about. */
export interface Subject {
  readonly commonName: string;
  /** Kubernetes' groups. */
  readonly organizations?: readonly string[];
}

export interface AlternativeNames {
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly uris?: readonly string[];
  readonly emails?: readonly string[];
}

export type KeyUsage =
  | "digitalSignature"
  | "contentCommitment"
  | "keyEncipherment"
  | "dataEncipherment"
  | "keyAgreement"
  | "certSign"
  | "crlSign"
  | "encipherOnly"
  | "decipherOnly";

/** Bit numbers of RFC 5280 section 4.2.1.3. */
const usageBits: Readonly<Record<KeyUsage, number>> = {
  digitalSignature: 0,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  certSign: 5,
  crlSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
};

export const extendedUsage = { serverAuth: "1.3.6.1.5.5.7.3.1", clientAuth: "1.3.6.1.5.5.7.3.2" } as const;

export interface CertificateTemplate {
  /** A name as plain fields, or a Name's DER, taken over as it is (a signing request's). */
  readonly subject: Subject | Uint8Array;
  readonly publicKey: KeyObject;
  /** Up to 20 bytes, most significant first. Unique for the issuer: draw at least 8 by chance. */
  readonly serialNumber: Uint8Array;
  /** Milliseconds since 1970; certificates keep whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyUsages: readonly KeyUsage[];
  /** Object identifiers. */
  readonly extendedUsages?: readonly string[];
  readonly authority?: boolean;
  readonly names?: AlternativeNames;
}

export interface Issuer {
  /** Absent: the certificate signs itself. */
  readonly certificate?: X509Certificate;
  readonly privateKey: KeyObject;
}

/** Makes an X.509 version 3 certificate (RFC 5280) and returns its DER. */
export function issueCertificate(template: CertificateTemplate, issuer: Issuer): Buffer {
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const subject = template.subject instanceof Uint8Array ? Buffer.from(template.subject) : encodeName(template.subject);
  const tbs = der.sequence(
    der.element(0xa0, der.integer(Buffer.from([2]))),
    der.integer(template.serialNumber),
    algorithm,
    issuer.certificate === undefined ? subject : subjectBytes(issuer.certificate),
    der.sequence(der.time(template.notBefore), der.time(template.notAfter)),
    subject,
    spki(template.publicKey),
    der.element(0xa3, der.sequence(...extensions(template, subject, issuer))),
  );
  return der.sequence(tbs, algorithm, der.bitString(sign(hashOf(issuer.privateKey), tbs, issuer.privateKey)));
}

/** Base64 text between BEGIN and END lines (RFC 7468). */
export function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** A Name: organizations first, then the common name, as upstream's signers write it. */
export function encodeName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (oid: string, value: string) => der.sequence(der.objectIdentifier(oid), der.text(value));
  return der.sequence(
    ...(organizations.length === 0
      ? []
      : [der.set(...organizations.map((one) => attribute("2.5.4.10", one)).sort(Buffer.compare))]),
    der.set(attribute("2.5.4.3", commonName)),
  );
}

/** Kinds of attributes of a name that are kept, in the order in which Go writes them (crypto/x509/pkix Name.ToRDNSequence). */
const keptAttributes = ["6", "10", "11", "7", "8", "9", "17", "3", "5"].map((last) => `2.5.4.${last}`);
/** Of these a name has one, the last of several. */
const singleAttributes: ReadonlySet<string> = new Set(["2.5.4.3", "2.5.4.5"]);

/** The Name that a signer makes of the one in a request: what it knows of it, in an order of its own. */
export function encodeRequestedName(attributes: readonly NameAttribute[]): Buffer {
  const sets: Buffer[] = [];
  for (const oid of keptAttributes) {
    const all = attributes.flatMap((one) => (one.oid === oid && one.value !== undefined ? [one.value] : []));
    const values = singleAttributes.has(oid) ? all.slice(-1).filter((value) => value !== "") : all;
    const encoded = values.map((value) => der.sequence(der.objectIdentifier(oid), der.text(value)));
    if (encoded.length > 0) sets.push(der.set(...encoded.sort(Buffer.compare)));
  }
  return der.sequence(...sets);
}

function extensions(template: CertificateTemplate, subject: Buffer, { certificate, privateKey }: Issuer): Buffer[] {
  const extension = (oid: string, critical: boolean, value: Buffer) =>
    der.sequence(der.objectIdentifier(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
  const { keyUsages, extendedUsages = [], authority = false, names } = template;
  const list = keyUsages.length === 0 ? [] : [extension("2.5.29.15", true, keyUsageBits(keyUsages))];
  if (extendedUsages.length > 0)
    list.push(extension("2.5.29.37", false, der.sequence(...extendedUsages.map(der.objectIdentifier))));
  list.push(extension("2.5.29.19", true, der.sequence(...(authority ? [der.boolean(true)] : []))));
  if (authority) list.push(extension("2.5.29.14", false, der.octetString(keyIdentifier(template.publicKey))));
  const issuerKey =
    certificate === undefined ? keyIdentifier(createPublicKey(privateKey)) : subjectKeyIdentifier(certificate.raw);
  if (issuerKey !== undefined) list.push(extension("2.5.29.35", false, der.sequence(der.element(0x80, issuerKey))));
  const alternatives = names === undefined ? [] : encodeAlternatives(names);
  // Where there is no name but these (RFC 5280 section 4.2.1.6).
  const alone = subject.length === 2;
  if (alternatives.length > 0) list.push(extension("2.5.29.17", alone, der.sequence(...alternatives)));
  return list;
}

/** What a certificate calls its own key, however it came by that; undefined where it does not say. */
function subjectKeyIdentifier(raw: Buffer): Buffer | undefined {
  const fields = readChildren(raw, readChildren(raw, readElement(raw, 0))[0]!);
  const wrapped = fields.find(({ tag }) => tag === 0xa3);
  if (wrapped === undefined) return undefined;
  for (const extension of readChildren(raw, readChildren(raw, wrapped)[0]!)) {
    const parts = readChildren(raw, extension);
    if (parts[0]?.tag !== derTag.oid || readOid(raw, parts[0]) !== "2.5.29.14") continue;
    const { start, end } = readElement(raw, parts.at(-1)!.start);
    return raw.subarray(start, end);
  }
  return undefined;
}

export function encodeAlternatives({
  dnsNames = [],
  ipAddresses = [],
  uris = [],
  emails = [],
}: AlternativeNames): Buffer[] {
  return [
    ...dnsNames.map((name) => der.element(0x82, Buffer.from(name, "latin1"))),
    ...emails.map((email) => der.element(0x81, Buffer.from(email, "latin1"))),
    ...ipAddresses.map((address) => der.element(0x87, der.ipBytes(address))),
    ...uris.map((uri) => der.element(0x86, Buffer.from(uri, "latin1"))),
  ];
}

function keyUsageBits(usages: readonly KeyUsage[]): Buffer {
  let bits = 0;
  for (const usage of usages) bits |= 0x8000 >> usageBits[usage];
  const bytes = (bits & 0xff) === 0 ? [bits >> 8] : [bits >> 8, bits & 0xff];
  const last = bytes.at(-1)!;
  let unused = 0;
  while (unused < 7 && (last & (1 << unused)) === 0) unused++;
  return der.bitString(Buffer.from(bytes), unused);
}

/** SHA-1 of the key's bits (RFC 5280 section 4.2.1.2): a name, not a proof. */
function keyIdentifier(key: KeyObject): Buffer {
  const whole = spki(key);
  const bits = readChildren(whole, readElement(whole, 0))[1]!;
  return createHash("sha1")
    .update(whole.subarray(bits.start + 1, bits.end))
    .digest();
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

function subjectBytes(certificate: X509Certificate): Buffer {
  const raw = certificate.raw;
  const fields = readChildren(raw, readChildren(raw, readElement(raw, 0))[0]!);
  return wholeElement(raw, fields[fields[0]!.tag === 0xa0 ? 5 : 4]!);
}

const curves: Readonly<Record<string, { readonly hash: string; readonly oid: string }>> = {
  secp384r1: { hash: "sha384", oid: "1.2.840.10045.4.3.3" },
  secp521r1: { hash: "sha512", oid: "1.2.840.10045.4.3.4" },
};

/** Undefined: the algorithm has its own. */
export function hashOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === "ed25519") return undefined;
  return curves[asymmetricKeyDetails?.namedCurve ?? ""]?.hash ?? "sha256";
}

/** As Go chooses it for a key: a curve has the hash that is as strong. */
export function signatureAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Buffer {
  switch (asymmetricKeyType) {
    case "ec":
      return der.sequence(
        der.objectIdentifier(curves[asymmetricKeyDetails?.namedCurve ?? ""]?.oid ?? "1.2.840.10045.4.3.2"),
      );
    case "rsa":
      return der.sequence(der.objectIdentifier("1.2.840.113549.1.1.11"), der.nothing);
    case "ed25519":
      return der.sequence(der.objectIdentifier("1.3.101.112"));
    default:
      throw new Error(`cannot sign certificates with a key of type ${asymmetricKeyType}`);
  }
}
