import type { FieldError } from "../field/error.ts";
import { invalid, required } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import { goQuote } from "../text/go-quote.ts";
import { readAuthorities } from "../x509/bundle.ts";
import { isDNS1123Subdomain } from "./dns.ts";
import { isValidPortNum } from "./formats.ts";

// Rules and texts: apiserver/pkg/util/webhook/validation.go.

/** A webhook's address and authority, as admission configurations and custom resources name them. */
export interface WebhookClientConfig {
  readonly url?: string;
  readonly service?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** Base64. */
  readonly caBundle?: string;
}

/** One of URL and service, and that one good. */
export function validateWebhookClientConfig({ url, service }: WebhookClientConfig, place: Path): readonly FieldError[] {
  if ((url === undefined) === (service === undefined)) {
    return [required(place, "exactly one of url or service is required")];
  }
  if (url !== undefined) return validateWebhookUrl(url, place.child("url"));
  return validateWebhookService(service!, place.child("service"));
}

/** Certificates in PEM, at least one of them good (client-go/transport createErrorParsingCAData). */
export function validateCaBundle(caBundle: string, place: Path): readonly FieldError[] {
  const { problem } = readAuthorities(Buffer.from(caBundle, "base64").toString("latin1"));
  return problem === undefined ? [] : [invalid(place, caBundle, `unable to load root certificates: ${problem}`)];
}

const form = "; desired format: https://host[/path]";

function validateWebhookUrl(text: string, place: Path): readonly FieldError[] {
  const problem = urlProblem(text);
  if (problem !== undefined) {
    return [required(place, `url must be a valid URL: parse ${goQuote(text)}: ${problem}${form}`)];
  }
  const parts = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/is.exec(text);
  const [, scheme = "", authority = "", query = "", fragment = ""] = parts ?? [];
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  const errors: FieldError[] = [];
  const lower = scheme.toLowerCase();
  if (lower !== "https") errors.push(invalid(place, lower, `'https' is the only allowed URL scheme${form}`));
  if (host === "") errors.push(invalid(place, host, `host must be specified${form}`));
  if (at >= 0) errors.push(invalid(place, authority.slice(0, at), "user information is not permitted in the URL"));
  if (fragment !== "") errors.push(invalid(place, fragment, "fragments are not permitted in the URL"));
  if (query !== "") errors.push(invalid(place, query, "query parameters are not permitted in the URL"));
  return errors;
}

/** What Go's net/url refuses. */
function urlProblem(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(text)) return "net/url: invalid control character in URL";
  if (text.startsWith(":")) return "missing protocol scheme";
  const badEscape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  if (badEscape !== null) return `invalid URL escape ${goQuote(badEscape[0])}`;
  const [, authority] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text) ?? [];
  if (authority === undefined) {
    return /^[^/?#]*:/.test(text) && !/^[a-z][a-z0-9+.-]*:/i.test(text)
      ? "first path segment in URL cannot contain colon"
      : undefined;
  }
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const port = /:[^\]:]*$/.exec(host)?.[0];
  if (port !== undefined && !/^:\d*$/.test(port)) return `invalid port ${goQuote(port)} after host`;
  return / |[<>"]/.test(host) ? `invalid character ${goQuote(/[ <>"]/.exec(host)![0])} in host name` : undefined;
}

function validateWebhookService(
  { namespace = "", name = "", path: text, port = 0 }: NonNullable<WebhookClientConfig["service"]>,
  place: Path,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  // Upstream's callers hand the two over in the other order: what is missing is told by the other's name.
  if (namespace === "") errors.push(required(place.child("name")));
  if (name === "") errors.push(required(place.child("namespace")));
  const messages = isValidPortNum(port);
  if (messages.length > 0) {
    errors.push(invalid(place.child("port"), port, `port is not valid: ${messages.join(", ")}`));
  }
  if (text === undefined || text === "" || text === "/") return errors;
  const at = place.child("path");
  if (text === "//") return [...errors, invalid(at, text, "segment[0] may not be empty")];
  if (!text.startsWith("/")) errors.push(invalid(at, text, "must start with a '/'"));
  for (const [i, step] of text.slice(1).replace(/\/$/, "").split("/").entries()) {
    if (step === "") {
      errors.push(invalid(at, text, `segment[${i}] may not be empty`));
      continue;
    }
    for (const message of isDNS1123Subdomain(step)) errors.push(invalid(at, text, `segment[${i}]: ${message}`));
  }
  return errors;
}
