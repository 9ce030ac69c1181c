import type { KeyObject, X509Certificate } from "node:crypto";
import { readSubject } from "../../apimachinery/x509/der-reader.ts";

const dayMs = 86_400_000;
/** Certificates of a year that have less than this left are renewed at the next start. */
const renewBeforeMs = 90 * dayMs;
export const leafValidityMs = 365 * dayMs;
export const authorityValidityMs = 3650 * dayMs;
/** Certificates begin this long before they are made, for clients whose clocks are late. */
export const backdateMs = 5 * 60_000;

export interface Wanted {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** Why a certificate must be issued anew, in words for people; undefined where it is good. `now` in milliseconds. */
export function reasonToRenew(
  wanted: Wanted,
  certificate: X509Certificate,
  authority: X509Certificate,
  now: number,
): string | undefined {
  const left = certificate.validToDate.getTime() - now;
  if (left < 0) return "it has expired";
  if (left < renewBeforeMs) return `it expires in ${Math.floor(left / dayMs)} days`;
  if (certificate.validFromDate.getTime() > now) return "it is not valid yet";
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey))
    return "it was signed by another authority";
  const subject = readSubject(certificate.raw);
  const values = (oid: string) => subject.flatMap((one) => (one.oid === oid ? [one.value ?? ""] : [])).sort();
  if (values("2.5.4.3").join() !== wanted.commonName) return `it is not for ${wanted.commonName}`;
  if (values("2.5.4.10").join() !== [...wanted.organizations].sort().join())
    return `it is not for the group ${wanted.organizations.join()}`;
  for (const name of wanted.dnsNames ?? [])
    if (certificate.checkHost(name, { subject: "never" }) === undefined) return `it lacks the name ${name}`;
  for (const address of wanted.ipAddresses ?? [])
    if (certificate.checkIP(address) === undefined) return `it lacks the address ${address}`;
  return undefined;
}

/** What is wrong with an authority, beyond repair; undefined where it is good. */
export function authorityFault(
  certificate: X509Certificate,
  key: KeyObject | undefined,
  now: number,
): string | undefined {
  if (!certificate.ca) return "is not the certificate of an authority";
  if (key !== undefined && !certificate.checkPrivateKey(key)) return "does not belong to the key beside it";
  if (certificate.validToDate.getTime() < now)
    return `has expired on ${certificate.validToDate.toISOString().slice(0, 10)}`;
  return undefined;
}
