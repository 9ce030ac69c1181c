import { isIP } from "node:net";

interface TlsError extends NodeJS.ErrnoException {
  /** Of ERR_TLS_CERT_ALTNAME_INVALID. */
  readonly host?: string;
  readonly cert?: { readonly subjectaltname?: string; readonly subject?: { readonly CN?: string } };
}

const dialReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
};

const unknownAuthority: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
]);

/** What Go's net, crypto/tls and net/http packages say of the usual failures of a connection. */
export function networkErrorText(
  error: Error,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const reason = dialReasons[code];
  if (reason !== undefined) return `dial tcp ${host.includes(":") ? `[${host}]` : host}:${port}: ${reason}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `dial tcp: lookup ${host}: no such host`;
  if (code === "ECONNRESET" || code === "EPIPE") {
    return /hang up|disconnected/.test(message) ? "EOF" : "read: connection reset by peer";
  }
  if (code.startsWith("HPE_")) return `net/http: HTTP/1.x transport connection broken: malformed HTTP response`;
  const certificate = certificateText(error as TlsError);
  if (certificate !== undefined) return `tls: failed to verify certificate: x509: ${certificate}`;
  if (/wrong.version.number|packet.length.too.long|unexpected.message/i.test(code + message)) {
    return "http: server gave HTTP response to HTTPS client";
  }
  return message;
}

function certificateText(error: TlsError): string | undefined {
  const { code = "" } = error;
  if (unknownAuthority.has(code)) return "certificate signed by unknown authority";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return "certificate has expired or is not yet valid";
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return hostnameText(error);
  return /^CERT_|^INVALID_/.test(code) ? error.message : undefined;
}

/** crypto/x509 HostnameError. */
function hostnameText({ host = "", cert }: TlsError): string {
  const names = (cert?.subjectaltname ?? "").split(", ").filter((name) => name !== "");
  const of = (kind: string): readonly string[] =>
    names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
  if (isIP(host) !== 0) {
    const addresses = of("IP Address:");
    return addresses.length === 0
      ? `cannot validate certificate for ${host} because it doesn't contain any IP SANs`
      : `certificate is valid for ${addresses.join(", ")}, not ${host}`;
  }
  if (names.length === 0 && cert?.subject?.CN === host) {
    return "certificate relies on legacy Common Name field, use SANs instead";
  }
  const dns = of("DNS:");
  return dns.length === 0
    ? `certificate is not valid for any names, but wanted to match ${host}`
    : `certificate is valid for ${dns.join(", ")}, not ${host}`;
}
