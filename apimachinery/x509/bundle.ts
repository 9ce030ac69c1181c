import { X509Certificate } from "node:crypto";
import { toPem } from "./certificate.ts";
import { readElement } from "./der-reader.ts";
import { type PemBlock, pemBlocks } from "./pem.ts";

/**
 * The blocks of a bundle that call themselves certificates, in PEM, without what stands around them; what they hold may be
 * none. As upstream reads bundles (client-go/util/cert ParseCertsPEM), those with headers are passed over.
 */
export function certificateBlocks(pem: string): readonly string[] {
  return [...pemBlocks(pem)].filter(isCertificate).map(({ bytes }) => toPem("CERTIFICATE", bytes).trimEnd());
}

function isCertificate({ type, headers }: PemBlock): boolean {
  return type === "CERTIFICATE" && headers === 0;
}

/** The one certificate that the DER holds. Throws with Go's words (crypto/x509 ParseCertificate). */
export function readCertificate(der: Buffer): X509Certificate {
  let certificate: X509Certificate;
  let end: number;
  try {
    ({ end } = readElement(der, 0));
    certificate = new X509Certificate(der.subarray(0, end));
  } catch (cause) {
    throw new Error("x509: malformed certificate", { cause });
  }
  if (end < der.length) throw new Error("x509: trailing data");
  return certificate;
}

/** What a bundle brings to be trusted, and if that is nothing, why. */
export interface Authorities {
  readonly certificates: readonly X509Certificate[];
  readonly problem?: string;
}

/**
 * The good certificates of a bundle: bad ones among them are passed over. Without a good one it is told what is wrong with the
 * first bad one, or with what follows the last block (client-go/transport rootCertPool, createErrorParsingCAData).
 */
export function readAuthorities(pem: string): Authorities {
  const certificates: X509Certificate[] = [];
  let rest = pem;
  let bad: string | undefined;
  for (const block of pemBlocks(pem)) {
    rest = block.rest;
    if (!isCertificate(block)) continue;
    try {
      certificates.push(readCertificate(block.bytes));
    } catch (error) {
      bad ??= `failed to parse certificate: ${(error as Error).message}`;
    }
  }
  if (certificates.length > 0) return { certificates };
  const nothing = rest === "" ? "no valid certificate authority data seen" : "unable to parse bytes as PEM block";
  return { certificates, problem: bad ?? nothing };
}
