import type { RawHeaders } from "../../apimachinery/httpstream/upgrade.ts";
import type { ApiRequest } from "../request.ts";

/** Of one connection alone (RFC 9110, 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  ...["connection", "proxy-connection", "keep-alive", "proxy-authenticate", "proxy-authorization"],
  ...["te", "trailer", "transfer-encoding", "upgrade", "http2-settings"],
]);
/** What tells the API server who asks is for nobody else. */
const credential = /^(?:authorization|impersonate-.*|x-remote-(?:user|uid|group|extra-.*))$/;
const bearerProtocol = "base64url.bearer.authorization.k8s.io.";
const cors: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
]);

/** The fields of a client's request that are passed on, with who it came from. `upgrade`: it asks for another protocol. */
export function requestHeaders(request: ApiRequest, options: { readonly upgrade?: boolean } = {}): [string, string][] {
  const named = options.upgrade === true ? "" : (request.header("connection") ?? "").toLowerCase();
  const perConnection = new Set(named.split(",").map((name) => name.trim()));
  const headers: [string, string][] = [];
  let forwarded = request.remoteAddress;
  for (const [name, value] of request.headerPairs()) {
    if (name.startsWith(":") || credential.test(name) || perConnection.has(name)) continue;
    if (hopByHop.has(name) && !(options.upgrade === true && (name === "connection" || name === "upgrade"))) continue;
    if (name === "x-forwarded-for") forwarded = `${value}, ${forwarded}`;
    else if (name === "sec-websocket-protocol") headers.push([name, withoutBearer(value)]);
    else headers.push([name, value]);
  }
  const host = request.header("host") ?? request.header(":authority");
  if (host !== undefined && !headers.some(([name]) => name === "host")) headers.unshift(["host", host]);
  if (forwarded !== "") headers.push(["x-forwarded-for", forwarded]);
  return headers;
}

function withoutBearer(value: string): string {
  const names = value.split(",").map((name) => name.trim());
  return names.filter((name) => !name.startsWith(bearerProtocol)).join(", ");
}

/** The fields of a proxied answer that reach the client, names in lower case. */
export function answerHeaders(headers: RawHeaders): Record<string, string | string[]> {
  const connection = headers.filter(([name]) => name.toLowerCase() === "connection").map(([, value]) => value);
  const perConnection = new Set(
    connection
      .join(",")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  const kept: Record<string, string | string[]> = {};
  for (const [raw, value] of headers) {
    const name = raw.toLowerCase();
    if (hopByHop.has(name) || perConnection.has(name) || cors.has(name)) continue;
    const before = kept[name];
    kept[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return kept;
}
