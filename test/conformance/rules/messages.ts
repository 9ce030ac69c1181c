// What is said of a value that is not of a form (apimachinery/pkg/util/validation, api/validate/content).

const regex = (rule: string, examples: readonly string[], pattern: string): string =>
  `${rule} (e.g. ${examples.map((example) => `'${example}', `).join(" or ")}regex used for validation is '${pattern}')`;

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const name = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

export const notDNSLabel = regex(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ["my-name", "123-abc"],
  label,
);

export const notDNSSubdomain = regex(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ["example.com"],
  subdomain,
);

export const notDNS1035Label = regex(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ["my-name", "abc-123"],
  "[a-z]([-a-z0-9]*[a-z0-9])?",
);

const notName = regex(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ["MyName", "my.name", "123-abc"],
  name,
);

/** Of the part after the slash, or of all where there is none. */
export const notQualifiedName = `name part ${notName}`;
export const emptyName = "name part must be non-empty";
export const longName = "name part must be no more than 63 bytes";
/** Of the part before the slash. */
export const emptyPrefix = "prefix part must be non-empty";
export const notPrefix = `prefix part ${notDNSSubdomain}`;
export const longPrefix = "prefix part must be no more than 253 bytes";
export const twoSlashes = `a valid label key ${notName} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;

export const notLabelValue = regex(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ["MyValue", "my_value", "12345"],
  `(${name})?`,
);
export const longLabelValue = "must be no more than 63 bytes";

export const notCIdentifier = regex(
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  ["my_name", "MY_NAME", "MyName"],
  "[A-Za-z_][A-Za-z0-9_]*",
);

/** Of names of at most so many characters. */
export const longerThan = (characters: number): string => `must be no more than ${characters} characters`;
export const outside = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;
export const negative = "must be greater than or equal to 0";
export const immutable = "field is immutable";

export const dotsInLabel = "must not contain dots";
export const notWildcard = regex(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  ["*.example.com"],
  `\\*\\.${subdomain}`,
);
export const notConfigKey = regex(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ["key.name", "KEY_NAME", "key-name"],
  "[-._a-zA-Z0-9]+",
);
export const notPortNumber = outside(1, 65535);
/** Of the name of a port. */
export const portName = {
  long: longerThan(15),
  characters: "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
  letter: "must contain at least one letter (a-z)",
  hyphens: "must not contain consecutive hyphens",
  ends: "must not begin or end with a hyphen",
};
/** Of addresses and ranges (apimachinery/pkg/util/validation/ip.go). */
export const notIP = {
  form: "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
  zeros: "must not have leading 0s",
  mapped: "must not be an IPv4-mapped IPv6 address",
};
export const notCIDR = {
  form: "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
  zeros: "must not have leading 0s in IP or prefix length",
  mapped: "must not have an IPv4-mapped IPv6 address",
  bits: "must not have bits set beyond the prefix length",
};
export const notCanonical = (canonical: string): string => `must be in canonical form (${JSON.stringify(canonical)})`;
/** Of quantities. */
export const notPositive = "must be greater than zero";
