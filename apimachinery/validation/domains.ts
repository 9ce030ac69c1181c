import type { FieldError } from "../field/error.ts";
import { invalid, required } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "./dns.ts";
import { patternMessage } from "./messages.ts";

// Rules and texts: apimachinery/pkg/util/validation/validation.go.

const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const httpPathPattern = new RegExp(`^${httpPath}$`);

/** A domain of at least three labels: the names of API services and webhooks. */
export function isFullyQualifiedName(place: Path, name: string): readonly FieldError[] {
  if (name === "") return [required(place)];
  const messages = isDNS1123Subdomain(name);
  if (messages.length > 0) return [invalid(place, name, messages.join(","))];
  if (name.split(".").length >= 3) return [];
  return [invalid(place, name, "should be a domain with at least three segments separated by dots")];
}

/** A domain of at least two labels, each a good label; a final dot is allowed. */
export function isFullyQualifiedDomainName(place: Path, text: string): readonly FieldError[] {
  if (text === "") return [required(place)];
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  const messages = isDNS1123Subdomain(name);
  if (messages.length > 0) return [invalid(place, name, messages.join(","))];
  const labels = name.split(".");
  if (labels.length < 2)
    return [invalid(place, name, "should be a domain with at least two segments separated by dots")];
  for (const label of labels) {
    const wrong = isDNS1123Label(label);
    if (wrong.length > 0) return [invalid(place, label, wrong.join(","))];
  }
  return [];
}

/** `acme.io/foo`: the names of CSR signers. */
export function isDomainPrefixedPath(place: Path, text: string): readonly FieldError[] {
  if (text === "") return [required(place)];
  const slash = text.indexOf("/");
  if (slash <= 0 || slash === text.length - 1) {
    return [invalid(place, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const host = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const errors = isDNS1123Subdomain(host).map((message) => invalid(place, host, message));
  if (!httpPathPattern.test(rest)) errors.push(invalid(place, rest, patternMessage("Invalid path", httpPath)));
  return errors;
}
