import { isDNS1035Label, isDNS1123Label, isDNS1123Subdomain } from "./dns.ts";
import { type Messages, noMessages } from "./messages.ts";

/**
 * Checks an object's name; with `prefix`, a generateName to which characters will be added. Returns what is wrong
 * (apimachinery/pkg/api/validation/generic.go).
 */
export type NameValidator = (name: string, prefix: boolean) => Messages;

/** A prefix may end in a dash: letters follow. Upstream cuts one character more than the dash; so do we. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;
}

/** Most resources. */
export const nameIsDNSSubdomain: NameValidator = (name, prefix) =>
  isDNS1123Subdomain(prefix ? maskTrailingDash(name) : name);

/** The newer form of that rule, which counts bytes and leaves prefixes alone (api/validate/strfmt.go LongName). */
export const longName: NameValidator = (name, prefix) =>
  prefix
    ? noMessages
    : isDNS1123Subdomain(name).map((message) => message.replace(/^(must be .*) characters$/, "$1 bytes"));

/** Namespaces and what becomes part of a host name. */
export const nameIsDNSLabel: NameValidator = (name, prefix) => isDNS1123Label(prefix ? maskTrailingDash(name) : name);

/** Services. */
export const nameIsDNS1035Label: NameValidator = (name, prefix) =>
  isDNS1035Label(prefix ? maskTrailingDash(name) : name);

export const validateNamespaceName: NameValidator = nameIsDNSLabel;
export const validateServiceAccountName: NameValidator = nameIsDNSSubdomain;

function illegalContent(name: string): Messages {
  if (!name.includes("/") && !name.includes("%")) return noMessages;
  return ["/", "%"].filter((text) => name.includes(text)).map((text) => `may not contain '${text}'`);
}

/** What may stand in a URL's path as one segment: RBAC's names (validate/content/path.go). */
export const pathSegmentName: NameValidator = (name, prefix) => {
  if (!prefix && (name === "." || name === "..")) return [`may not be '${name}'`];
  return illegalContent(name);
};
