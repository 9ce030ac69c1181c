import { byteLength } from "../text/go-quote.ts";
import { type Messages, maxLengthMessage, noMessages, patternMessage } from "./messages.ts";

// Rules and texts: apimachinery/pkg/util/validation/validation.go.

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const labelPattern = new RegExp(`^${label}$`);

const subdomain = `${label}(\\.${label})*`;
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const subdomainPattern = new RegExp(`^${subdomain}$`);

const underscoreLabel = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const underscoreSubdomain = `${underscoreLabel}(\\.${underscoreLabel})*`;
const underscoreRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const underscorePattern = new RegExp(`^${underscoreSubdomain}$`);

const wildcard = `\\*\\.${subdomain}`;
const wildcardRule =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const wildcardPattern = new RegExp(`^${wildcard}$`);

const label1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const label1035Rule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const label1035Pattern = new RegExp(`^${label1035}$`);

const dns1123LabelMaxLength = 63;
export const dns1123SubdomainMaxLength = 253;
const dns1035LabelMaxLength = 63;

function check(value: string, max: number, pattern: RegExp, message: () => string): Messages {
  const long = value.length > max || byteLength(value) > max;
  const matches = pattern.test(value);
  if (!long && matches) return noMessages;
  return [...(long ? [maxLengthMessage(max)] : []), ...(matches ? [] : [message()])];
}

/** RFC 1123 label: `my-name`, at most 63 characters. */
export function isDNS1123Label(value: string): Messages {
  return check(value, dns1123LabelMaxLength, labelPattern, () =>
    subdomainPattern.test(value) ? "must not contain dots" : patternMessage(labelRule, label, "my-name", "123-abc"),
  );
}

/** RFC 1123 subdomain: labels between dots, at most 253 characters. */
export function isDNS1123Subdomain(value: string): Messages {
  return check(value, dns1123SubdomainMaxLength, subdomainPattern, () =>
    patternMessage(subdomainRule, subdomain, "example.com"),
  );
}

/** RFC 1123 subdomain in which labels may begin with, or hold, an underscore. */
export function isDNS1123SubdomainWithUnderscore(value: string): Messages {
  return check(value, dns1123SubdomainMaxLength, underscorePattern, () =>
    patternMessage(underscoreRule, underscoreSubdomain, "example.com"),
  );
}

/** `*.example.com`. */
export function isWildcardDNS1123Subdomain(value: string): Messages {
  return check(value, dns1123SubdomainMaxLength, wildcardPattern, () =>
    patternMessage(wildcardRule, wildcard, "*.example.com"),
  );
}

/** RFC 1035 label: begins with a letter; the names of Services. */
export function isDNS1035Label(value: string): Messages {
  return check(value, dns1035LabelMaxLength, label1035Pattern, () =>
    patternMessage(label1035Rule, label1035, "my-name", "abc-123"),
  );
}
