import { createHash, X509Certificate } from "node:crypto";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { readSubject, versionOf } from "../../apimachinery/x509/der-reader.ts";
import type { Clock } from "../../base/clock.ts";
import { LruMap } from "../../base/lru-map.ts";
import type { ApiRequest } from "../request.ts";
import type { Authenticated, Authenticator } from "./authenticator.ts";
import { extraCredentialId } from "./names.ts";

const oidCommonName = "2.5.4.3";
const oidOrganization = "2.5.4.10";
/** Kubernetes' own attribute for a user's uid. */
const oidUserUid = "1.3.6.1.4.1.57683.2";
const oidClientAuth = "1.3.6.1.5.5.7.3.2";
const oidAnyUsage = "2.5.29.37.0";

/** Certificates remembered; each costs about a kilobyte. The oldest goes first. */
const maxRemembered = 4096;

interface Known {
  readonly user: UserInfo | undefined;
  readonly notBefore: number;
  readonly notAfter: number;
  /** The authorities it was verified against; others mean asking anew. */
  readonly authorities: readonly X509Certificate[];
}

export interface X509Options {
  /** Certificates of the client authorities; a new array where they have changed. */
  readonly authorities: () => readonly X509Certificate[];
  readonly clock: Clock;
}

/**
 * Users by client certificate: common name is the user, organizations are the groups
 * (apiserver/pkg/authentication/request/x509). TLS has proven that the client holds the key; here the certificate itself
 * is checked, once, and remembered. The period of validity is checked at every use.
 */
export class X509Authenticator implements Authenticator {
  readonly name = "x509";
  readonly #options: X509Options;
  readonly #byFingerprint = new LruMap<string, Known>(maxRemembered);
  #byBuffer = new WeakMap<Buffer, Known>();

  constructor(options: X509Options) {
    this.#options = options;
  }

  authenticate(request: ApiRequest): Authenticated | undefined {
    const der = request.clientCertificate?.();
    if (der === undefined) return undefined;
    const known = this.#verified(der);
    checkPeriod(known, this.#options.clock.now());
    return known.user === undefined ? undefined : { user: known.user };
  }

  #verified(der: Buffer): Known {
    const authorities = this.#options.authorities();
    const known = this.#byBuffer.get(der);
    if (known?.authorities === authorities) return known;
    const fingerprint = createHash("sha256").update(der).digest("hex");
    let entry = this.#byFingerprint.get(fingerprint);
    if (entry?.authorities !== authorities) {
      const certificate = verifyCertificate(der, authorities, this.#options.clock.now());
      entry = {
        user: userOfCertificate(der, fingerprint),
        notBefore: certificate.validFromDate.getTime(),
        notAfter: certificate.validToDate.getTime(),
        authorities,
      };
      this.#byFingerprint.set(fingerprint, entry);
    }
    this.#byBuffer.set(der, entry);
    return entry;
  }
}

/** The certificate, if one of the authorities issued it for clients; throws saying why not. */
export function verifyCertificate(der: Buffer, authorities: readonly X509Certificate[], now: number): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    throw new Error("x509: malformed certificate", { cause });
  }
  const fail = (why: string) =>
    new Error(`verifying certificate SN=${BigInt(`0x${certificate.serialNumber}`)} failed: x509: ${why}`);
  checkPeriod(
    { notBefore: certificate.validFromDate.getTime(), notAfter: certificate.validToDate.getTime() },
    now,
    fail,
  );
  const issuer = authorities.find(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
  if (issuer === undefined || !mayIssue(issuer)) throw fail("certificate signed by unknown authority");
  checkPeriod({ notBefore: issuer.validFromDate.getTime(), notAfter: issuer.validToDate.getTime() }, now, fail);
  const usages = certificate.keyUsage as readonly string[] | undefined;
  if (usages !== undefined && !usages.includes(oidClientAuth) && !usages.includes(oidAnyUsage)) {
    throw fail("certificate specifies an incompatible key usage");
  }
  return certificate;
}

/** An authority says that it is one, but where its certificate is of a version that has no word for that, as Go's crypto/x509 has it. */
function mayIssue({ ca, raw }: X509Certificate): boolean {
  return ca || versionOf(raw) < 3;
}

function checkPeriod(
  { notBefore, notAfter }: { readonly notBefore: number; readonly notAfter: number },
  now: number,
  fail: (why: string) => Error = (why) => new Error(`x509: ${why}`),
): void {
  if (now < notBefore)
    throw fail(
      `certificate has expired or is not yet valid: current time ${formatTime(now)} is before ${formatTime(notBefore)}`,
    );
  if (now > notAfter)
    throw fail(
      `certificate has expired or is not yet valid: current time ${formatTime(now)} is after ${formatTime(notAfter)}`,
    );
}

/** Who a certificate stands for; undefined where it has no common name. */
export function userOfCertificate(der: Buffer, fingerprint: string): UserInfo | undefined {
  let username = "";
  const groups: string[] = [];
  const uids: (string | undefined)[] = [];
  for (const { oid, value } of readSubject(der)) {
    if (oid === oidUserUid) uids.push(value);
    else if (oid === oidCommonName && value !== undefined) username = value;
    else if (oid === oidOrganization && value !== undefined) groups.push(value);
  }
  if (username === "") return undefined;
  const uid = uidOf(uids);
  return {
    username,
    ...(uid === "" ? {} : { uid }),
    groups,
    extra: { [extraCredentialId]: [`X509SHA256=${fingerprint}`] },
  };
}

function uidOf(uids: readonly (string | undefined)[]): string {
  if (uids.includes(undefined)) throw new Error("unable to parse UID into a string");
  if (uids.length === 0) return "";
  if (uids.length > 1) throw new Error(`expected 1 UID, but found multiple: [${uids.join(" ")}]`);
  if (uids[0] === "") throw new Error("UID cannot be an empty string");
  return uids[0]!;
}
