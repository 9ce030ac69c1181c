import type { X509Certificate } from "node:crypto";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { readSubject } from "../../apimachinery/x509/der-reader.ts";
import type { Clock } from "../../base/clock.ts";
import type { ApiRequest } from "../request.ts";
import type { Authenticated, Authenticator } from "./authenticator.ts";
import { verifyCertificate } from "./x509.ts";

/** A request's headers, one pair a value, names in any case. */
export type HeaderPairs = Iterable<readonly [name: string, value: string]>;

export interface RequestHeaderOptions {
  readonly authorities: () => readonly X509Certificate[];
  /** Common names of the proxies that are believed; none: any certificate of the authorities. */
  readonly allowedNames: readonly string[];
  readonly clock: Clock;
}

/** Believes a front proxy that proves itself with a certificate (authentication/request/headerrequest). */
export class RequestHeaderAuthenticator implements Authenticator {
  readonly name = "request-header";
  readonly #options: RequestHeaderOptions;

  constructor(options: RequestHeaderOptions) {
    this.#options = options;
  }

  authenticate(request: ApiRequest): Authenticated | undefined {
    // Most requests have no such header: no certificate need be looked at.
    if (request.header("x-remote-user") === undefined) return undefined;
    const der = request.clientCertificate?.();
    if (der === undefined) return undefined;
    const { authorities, allowedNames, clock } = this.#options;
    verifyCertificate(der, authorities(), clock.now());
    const name = readSubject(der).findLast(({ oid }) => oid === "2.5.4.3")?.value ?? "";
    if (allowedNames.length > 0 && !allowedNames.includes(name))
      throw new Error(`x509: subject with cn=${name} is not in the allowed list`);
    const user = requestHeaderUser(request.headerPairs());
    return user === undefined ? undefined : { user };
  }
}

const extraPrefix = "x-remote-extra-";

/** The user that `X-Remote-*` headers name. */
export function requestHeaderUser(headers: HeaderPairs): UserInfo | undefined {
  let username = "";
  let uid = "";
  const groups: string[] = [];
  const extra = new Map<string, string[]>();
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    if (name === "x-remote-user") username ||= value;
    else if (name === "x-remote-uid") uid ||= value;
    else if (name === "x-remote-group") {
      if (value !== "") groups.push(value);
    } else if (name.startsWith(extraPrefix)) {
      const key = unescapeKey(name.slice(extraPrefix.length));
      extra.set(key, [...(extra.get(key) ?? []), value]);
    }
  }
  if (username === "") return undefined;
  return {
    username,
    ...(uid === "" ? {} : { uid }),
    groups,
    ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}

/** Percent-encoded keys are decoded; malformed ones stay as they are. */
export function unescapeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
