import { byteLength } from "../text/go-quote.ts";
import { dns1123SubdomainMaxLength } from "./dns.ts";
import { emptyMessage, type Messages, maxLengthMessage, noMessages, patternMessage, rangeMessage } from "./messages.ts";

// Rules and texts: apimachinery/pkg/util/validation/validation.go.

function checkPattern(text: string, pattern: RegExp, message: () => string): Messages {
  return pattern.test(text) ? noMessages : [message()];
}

const maxInt32 = 2147483647;

export function isInRange(value: number, low: number, high: number): Messages {
  return value >= low && value <= high ? noMessages : [rangeMessage(low, high)];
}

/** 1 to 65535. */
export function isValidPortNum(port: number): Messages {
  return isInRange(port, 1, 65535);
}

export function isValidGroupID(id: number): Messages {
  return isInRange(id, 0, maxInt32);
}

export function isValidUserID(id: number): Messages {
  return isInRange(id, 0, maxInt32);
}

/** IANA service name: at most 15 of a-z, 0-9 and single inner hyphens, with a letter. */
export function isValidPortName(port: string): Messages {
  const messages: string[] = [];
  if (byteLength(port) > 15) messages.push(maxLengthMessage(15));
  if (!/^[-a-z0-9]+$/.test(port))
    messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(port)) messages.push("must contain at least one letter (a-z)");
  if (port.includes("--")) messages.push("must not contain consecutive hyphens");
  if (port.startsWith("-") || port.endsWith("-")) messages.push("must not begin or end with a hyphen");
  return messages;
}

/** `25%`. */
export function isValidPercent(text: string): Messages {
  return checkPattern(text, /^[0-9]+%$/, () =>
    patternMessage("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", "1%", "93%"),
  );
}

export function isHTTPHeaderName(text: string): Messages {
  return checkPattern(text, /^[-A-Za-z0-9]+$/, () =>
    patternMessage(
      "a valid HTTP header must consist of alphanumeric characters or '-'",
      "[-A-Za-z0-9]+",
      "X-Header-Name",
    ),
  );
}

function changesDirectory(text: string): Messages {
  if (text === ".") return ["must not be '.'"];
  if (text === "..") return ["must not be '..'"];
  return text.startsWith("..") ? ["must not start with '..'"] : noMessages;
}

/** The strict rule, which secretRef/configMapRef keys and old servers apply. */
export function isEnvVarName(text: string): Messages {
  const messages = checkPattern(text, /^[-._a-zA-Z][-._a-zA-Z0-9]*$/, () =>
    patternMessage(
      "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
      "[-._a-zA-Z][-._a-zA-Z0-9]*",
      "my.env-name",
      "MY_ENV.NAME",
      "MyEnvName1",
    ),
  );
  return [...messages, ...changesDirectory(text)];
}

/** The rule since RelaxedEnvironmentVariableValidation: printable ASCII but `=`. */
export function isRelaxedEnvVarName(text: string): Messages {
  if (text === "") return [`environment variable name ${emptyMessage}`];
  return checkPattern(
    text,
    /^[\x20-\x3c\x3e-\x7e]*$/,
    () => "a valid environment variable name must consist only of printable ASCII characters other than '='",
  );
}

/** Keys of ConfigMaps and Secrets, which become file names. */
export function isConfigMapKey(text: string): Messages {
  const messages: string[] = [];
  if (byteLength(text) > dns1123SubdomainMaxLength) messages.push(maxLengthMessage(dns1123SubdomainMaxLength));
  if (!/^[-._a-zA-Z0-9]+$/.test(text)) {
    const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    messages.push(patternMessage(rule, "[-._a-zA-Z0-9]+", "key.name", "KEY_NAME", "key-name"));
  }
  return [...messages, ...changesDirectory(text)];
}

export function isCIdentifier(text: string): Messages {
  return checkPattern(text, /^[A-Za-z_][A-Za-z0-9_]*$/, () =>
    patternMessage(
      "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
      "[A-Za-z_][A-Za-z0-9_]*",
      "my_name",
      "MY_NAME",
      "MyName",
    ),
  );
}

/** A decimal integer without leading zeros, plus sign or negative zero (validate/content/decimal_int.go). */
export function isDecimalInteger(text: string): Messages {
  if (text === "") return [emptyMessage];
  return checkPattern(text, /^(0|-?[1-9][0-9]*)$/, () => "must be a valid decimal integer in canonical form");
}
