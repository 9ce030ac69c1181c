import {
  encodeRequestedName,
  type Issuer,
  issueCertificate,
  type KeyUsage,
  toPem,
} from "../../apimachinery/x509/certificate.ts";
import type { CertificateRequest } from "../../apimachinery/x509/certificate-request.ts";

// pkg/controller/certificates/authority, signer/signer.go.

/** A certificate and the key that signs in its name. */
export type SigningAuthority = Required<Issuer>;

export interface Asked {
  readonly request: CertificateRequest;
  /** As in the request's spec: `client auth`, `digital signature`, … */
  readonly usages: readonly string[];
  readonly expirationSeconds: number | undefined;
}

export interface SignOptions {
  readonly authority: SigningAuthority;
  /** For how long, where a request asks for no less. */
  readonly durationMs: number;
  readonly now: number;
  /** Up to 16 bytes that nobody can guess. */
  readonly serialNumber: Uint8Array;
}

/** Clocks that are behind by no more than this take a certificate at once. */
const backdateMs = 5 * 60_000;
/** Certificates that hold for less than this lose nothing of it to backdating. */
const shortMs = 8 * 3_600_000;
const minimumMs = 10 * 60_000;

const keyUsages: Readonly<Record<string, KeyUsage>> = {
  signing: "digitalSignature",
  "digital signature": "digitalSignature",
  "content commitment": "contentCommitment",
  "key encipherment": "keyEncipherment",
  "key agreement": "keyAgreement",
  "data encipherment": "dataEncipherment",
  "cert sign": "certSign",
  "crl sign": "crlSign",
  "encipher only": "encipherOnly",
  "decipher only": "decipherOnly",
};

/** In the order in which certificates have them. */
const extendedUsages: ReadonlyMap<string, readonly string[]> = new Map([
  ["2.5.29.37.0", ["any"]],
  ["1.3.6.1.5.5.7.3.1", ["server auth"]],
  ["1.3.6.1.5.5.7.3.2", ["client auth"]],
  ["1.3.6.1.5.5.7.3.3", ["code signing"]],
  ["1.3.6.1.5.5.7.3.4", ["email protection", "s/mime"]],
  ["1.3.6.1.5.5.7.3.5", ["ipsec end system"]],
  ["1.3.6.1.5.5.7.3.6", ["ipsec tunnel"]],
  ["1.3.6.1.5.5.7.3.7", ["ipsec user"]],
  ["1.3.6.1.5.5.7.3.8", ["timestamping"]],
  ["1.3.6.1.5.5.7.3.9", ["ocsp signing"]],
  ["1.3.6.1.4.1.311.10.3.3", ["microsoft sgc"]],
  ["2.16.840.1.113730.4.1", ["netscape sgc"]],
]);

/** The certificate asked for, in PEM: its name and alternative names, and no other extension. Throws where it cannot be. */
export function signCertificate({ request, usages, expirationSeconds }: Asked, options: SignOptions): string {
  const { authority, now, serialNumber } = options;
  const lifetimeMs = lifetimeOf(expirationSeconds, options.durationMs);
  const signerEndMs = authority.certificate.validToDate.getTime();
  const notBefore = now - backdateMs;
  const notAfter = Math.min(now + lifetimeMs - (lifetimeMs < shortMs ? 0 : backdateMs), signerEndMs);
  const until = authority.certificate.validToDate.toISOString();
  if (notBefore >= signerEndMs) throw new Error(`the signer has expired: NotAfter=${until}`);
  if (now >= signerEndMs) throw new Error(`refusing to sign a certificate that expired in the past: NotAfter=${until}`);
  const { publicKey, dnsNames, emails, ipAddresses, uris } = request;
  const bytes = issueCertificate(
    {
      subject: encodeRequestedName(request.subject),
      publicKey,
      serialNumber,
      notBefore,
      notAfter,
      ...usagesOf(usages),
      names: { dnsNames, emails, ipAddresses, uris },
    },
    authority,
  );
  return toPem("CERTIFICATE", bytes);
}

/** What is asked for, if it is no longer than the signer's own and no shorter than ten minutes. */
function lifetimeOf(expirationSeconds: number | undefined, durationMs: number): number {
  if (expirationSeconds === undefined) return durationMs;
  const askedMs = expirationSeconds * 1000;
  return askedMs > durationMs ? durationMs : Math.max(askedMs, minimumMs);
}

function usagesOf(usages: readonly string[]) {
  const asked = new Set(usages);
  const extended = [...extendedUsages].filter(([, names]) => names.filter((name) => asked.delete(name)).length > 0);
  const own = new Set([...asked].flatMap((name) => keyUsages[name] ?? []));
  const unknown = [...asked].filter((name) => keyUsages[name] === undefined);
  if (unknown.length > 0) {
    throw new Error(`unrecognized usage values: [${unknown.map((name) => JSON.stringify(name)).join(" ")}]`);
  }
  return { keyUsages: [...own], extendedUsages: extended.map(([oid]) => oid) };
}
