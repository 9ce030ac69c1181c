import { goQuote } from "../../text/go-quote.ts";
import { globalFunction, memberFunction } from "../check/function.ts";
import { boolType, listType, mapType, stringType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { ArrayList, LiteralMap, OpaqueValue, type Result, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";
import { closedType, receive } from "./values.ts";

export const urlType = closedType("kubernetes.URL");

export interface GoUrl {
  readonly scheme: string;
  readonly host: string;
  /** As written, escapes and all. */
  readonly path: string;
  readonly query: string;
  readonly text: string;
}

class UrlValue extends OpaqueValue {
  readonly type = urlType;
  readonly url: GoUrl;

  constructor(url: GoUrl) {
    super();
    this.url = url;
  }

  equals(other: Value): boolean {
    return other instanceof UrlValue && other.url.text === this.url.text;
  }
}

/** Go's url.ParseRequestURI: an absolute URL or an absolute path. What is wrong, in Go's words, where it is none. */
export function parseRequestURI(text: string): GoUrl | string {
  const fail = (why: string): string => `parse ${goQuote(text)}: ${why}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  if (/[\u0000-\u001f\u007f]/.test(text)) return fail("net/url: invalid control character in URL");
  if (text === "") return fail("empty url");
  if (text === "*") return { scheme: "", host: "", path: "*", query: "", text };
  const colon = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  if (colon === null && text.startsWith(":")) return fail("missing protocol scheme");
  const scheme = colon?.[1]?.toLowerCase() ?? "";
  const rest = colon === null ? text : text.slice(colon[0].length);
  const mark = rest.indexOf("?");
  const hierarchy = mark < 0 ? rest : rest.slice(0, mark);
  const query = mark < 0 ? "" : rest.slice(mark + 1);
  if (!hierarchy.startsWith("/")) {
    if (scheme === "") return fail("invalid URI for request");
    return { scheme, host: "", path: "", query, text };
  }
  const hasAuthority = hierarchy.startsWith("//") && (scheme !== "" || !hierarchy.startsWith("///"));
  if (!hasAuthority || scheme === "") return withPath({ scheme, host: "", path: hierarchy, query, text }, fail);
  const slash = hierarchy.indexOf("/", 2);
  const authority = slash < 0 ? hierarchy.slice(2) : hierarchy.slice(2, slash);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const wrong = hostError(host);
  if (wrong !== undefined) return fail(wrong);
  return withPath(
    { scheme, host: unescapeHost(host), path: slash < 0 ? "" : hierarchy.slice(slash), query, text },
    fail,
  );
}

function withPath(url: GoUrl, fail: (why: string) => string): GoUrl | string {
  const escaped = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(url.path);
  return escaped === null ? url : fail(`invalid URL escape ${goQuote(escaped[0])}`);
}

function hostError(host: string): string | undefined {
  if (host.startsWith("[")) {
    const end = host.lastIndexOf("]");
    if (end < 0) return "missing ']' in host";
    return validPort(host.slice(end + 1)) ? undefined : `invalid port ${goQuote(host.slice(end + 1))} after host`;
  }
  const colon = host.lastIndexOf(":");
  if (colon >= 0 && !validPort(host.slice(colon))) return `invalid port ${goQuote(host.slice(colon))} after host`;
  const escaped = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(host);
  if (escaped !== null) return `invalid URL escape ${goQuote(escaped[0])}`;
  const character = /[ "\\^`{}|]/.exec(host);
  return character === null ? undefined : `invalid character ${goQuote(character[0])} in host name`;
}

function validPort(port: string): boolean {
  return port === "" || /^:\d*$/.test(port);
}

function unescapeHost(host: string): string {
  return host.replace(/(?:%[89a-fA-F][0-9a-fA-F])+/g, (escaped) =>
    Buffer.from(escaped.replaceAll("%", ""), "hex").toString(),
  );
}

function hostname(host: string): string {
  const colon = host.lastIndexOf(":");
  const bare = colon >= 0 && validPort(host.slice(colon)) ? host.slice(0, colon) : host;
  return bare.startsWith("[") && bare.endsWith("]") ? bare.slice(1, -1) : bare;
}

function port(host: string): string {
  const colon = host.lastIndexOf(":");
  return colon >= 0 && validPort(host.slice(colon)) ? host.slice(colon + 1) : "";
}

/** The path as Go escapes it: bytes that may not stand in a path become escapes, unless all that is there may. */
function escapedPath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]/gu, (character) =>
    Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** url.Query: pairs that cannot be read are left out. */
function query(text: string): Result {
  const values = new Map<string, string[]>();
  for (const pair of text.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const equals = pair.indexOf("=");
    const key = unescapeQuery(equals < 0 ? pair : pair.slice(0, equals));
    const value = unescapeQuery(equals < 0 ? "" : pair.slice(equals + 1));
    if (key === undefined || value === undefined) continue;
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return LiteralMap.of([...values].map(([key, list]) => [key, new ArrayList(list)] as const));
}

function unescapeQuery(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const spaced = text.replaceAll("+", " ");
  return spaced.replace(/(?:%[0-9a-fA-F]{2})+/g, (escaped) =>
    Buffer.from(escaped.replaceAll("%", ""), "hex").toString(),
  );
}

function toUrl([text]: readonly Value[]): Result {
  const url = parseRequestURI(text as string);
  if (typeof url === "string") return new CelError(`URL parse error during conversion from string: ${url}`);
  const hash = url.text.indexOf("#");
  if (hash < 0) return new UrlValue(url);
  // The function parses a second time, as a reference, which takes the fragment off.
  const whole = parseRequestURI(url.text.slice(0, hash) || "/");
  return typeof whole === "string" ? new UrlValue(url) : new UrlValue({ ...whole, text: url.text });
}

function part(name: string, id: string, pick: (url: GoUrl) => string) {
  return memberFunction(name, [id, [urlType], stringType, receive(UrlValue, ({ url }) => pick(url))]);
}

/** Upstream: apiserver/pkg/cel/library/urls.go. */
export const urlsLibrary: Library = {
  name: "kubernetes.urls",
  types: new Map([[urlType.name, urlType]]),
  functions: [
    globalFunction("url", ["string_to_url", [stringType], urlType, toUrl]),
    globalFunction("isURL", [
      "is_url_string",
      [stringType],
      boolType,
      ([text]) => typeof parseRequestURI(text as string) !== "string",
    ]),
    part("getScheme", "url_get_scheme", ({ scheme }) => scheme),
    part("getHost", "url_get_host", ({ host }) => host),
    part("getHostname", "url_get_hostname", ({ host }) => hostname(host)),
    part("getPort", "url_get_port", ({ host }) => port(host)),
    part("getEscapedPath", "url_get_escaped_path", ({ path }) => escapedPath(path)),
    memberFunction("getQuery", [
      "url_get_query",
      [urlType],
      mapType(stringType, listType(stringType)),
      receive(UrlValue, ({ url }) => query(url.query)),
    ]),
  ],
};
