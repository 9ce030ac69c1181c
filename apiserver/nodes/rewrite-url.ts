import { posix } from "node:path";

/** How the proxied server is seen from outside. */
export interface ProxiedPage {
  /** The proxy's own path, before that of the page; empty where both are the same. */
  readonly prefix: string;
  /** Host and port of the server that answered, as in a URL. */
  readonly source: string;
  /** The host that the client asked for. */
  readonly asked: string | undefined;
}

/**
 * A URL of a proxied answer as a client of the proxy must follow it: within the proxied path, where it leads to the host
 * that answered or the one that was asked for; undefined where it is none (apimachinery/pkg/util/proxy Transport.rewriteURL,
 * Go's net/url). Each character stands for a byte.
 */
export function rewriteUrl(text: string, { prefix, source, asked }: ProxiedPage): string | undefined {
  const url = parse(text);
  if (url === undefined) return undefined;
  const isElsewhere = url.host !== "" && url.host !== source && url.host !== asked;
  if (isElsewhere || !url.path.startsWith("/")) return write(url, escapedPath(url.path));
  const here = url.host === asked ? url : { ...url, scheme: "", host: "" };
  const path = decode(url.path);
  if (path.startsWith(decode(prefix))) return write(here, escapedPath(url.path));
  return write(here, escapeBytes(posix.join(decode(prefix), path)));
}

interface Parts {
  readonly scheme: string;
  readonly user: string;
  readonly host: string;
  /** As written; of `mailto:x` what follows the colon is `opaque`. */
  readonly path: string;
  readonly opaque: string;
  /** With its question mark. */
  readonly query: string;
  readonly fragment: string;
}

const wrongEscape = /%(?![0-9a-fA-F]{2})/;

function parse(text: string): Parts | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  if (/[\u0000-\u001f\u007f]/.test(text) || text.startsWith(":")) return undefined;
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?([^?#]*)(\?[^#]*)?(?:#(.*))?$/.exec(text);
  const [, scheme = "", rest = "", query = "", fragment = ""] = match ?? [];
  const nothing = { scheme: scheme.toLowerCase(), user: "", host: "", path: "", opaque: "", query, fragment };
  if (wrongEscape.test(fragment)) return undefined;
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...nothing, opaque: rest };
    if (/^[^/]*:/.test(rest) || wrongEscape.test(rest)) return undefined;
    return { ...nothing, path: rest };
  }
  const hasHost = rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"));
  const [, authority = "", path = ""] = hasHost ? (/^\/\/([^/]*)(.*)$/.exec(rest) ?? []) : ["", "", rest];
  const at = authority.lastIndexOf("@") + 1;
  const host = authority.slice(at);
  if (wrongEscape.test(path) || /[ "\\^`{}|<>]/.test(host) || /:[^\]]*[^0-9\]][^\]]*$/.test(host)) return undefined;
  return { ...nothing, user: authority.slice(0, at), host, path };
}

function write({ scheme, user, host, opaque, query, fragment }: Parts, path: string): string {
  const start = scheme === "" ? "" : `${scheme}:`;
  const end = `${query}${fragment === "" ? "" : `#${escapedPath(fragment)}`}`;
  if (opaque !== "") return `${start}${opaque}${end}`;
  const hasAuthority = host !== "" || user !== "" || (scheme !== "" && path !== "");
  return `${start}${hasAuthority ? `//${user}${host}` : ""}${path}${end}`;
}

/** A path behind a proxy as the proxied server is asked for it: decoded, cleaned and escaped anew (Connect of ProxyREST). */
export const proxiedPathOf = (path: string): string => escapeBytes(posix.join("/", decode(path)));

/** What the percent-escapes of a path stand for. */
export const decode = (path: string): string =>
  path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** A path stays as it was written where all that is in it may stand there. */
export const escapedPath = (path: string): string =>
  /[^A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]/.test(path) ? escapeBytes(decode(path)) : path;

const escapeBytes = (path: string): string =>
  path.replace(
    /[^A-Za-z0-9\-_.~$&+,/:;=@]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
