import { byteLength } from "../text/go-quote.ts";
import { isDNS1123Subdomain } from "./dns.ts";
import { emptyMessage, type Messages, noMessages, patternMessage } from "./messages.ts";

// Rules and texts: apimachinery/pkg/api/validate/content/kube.go, whose limits count bytes and say so.

const name = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const nameRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const namePattern = new RegExp(`^${name}$`);

const value = `(${name})?`;
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const valuePattern = new RegExp(`^${value}$`);

const labelValueMaxLength = 63;
const labelNameMaxLength = 63;

function tooLongMessage(length: number): string {
  return `must be no more than ${length} bytes`;
}

function nameMessage(): string {
  return patternMessage(nameRule, name, "MyName", "my.name", "123-abc");
}

/** `app` or `example.com/app`: the keys of labels, the names of finalizers, conditions and resources. */
export function isQualifiedName(text: string): Messages {
  const slash = text.indexOf("/");
  const part = slash < 0 ? text : text.slice(slash + 1);
  if (slash < 0 && part.length <= labelNameMaxLength && namePattern.test(part)) return noMessages;
  if (part.includes("/")) {
    return [
      `a valid label key ${nameMessage()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const messages = slash < 0 ? [] : prefixMessages(text.slice(0, slash));
  if (part === "") messages.push(`name part ${emptyMessage}`);
  else if (byteLength(part) > labelNameMaxLength) messages.push(`name part ${tooLongMessage(labelNameMaxLength)}`);
  if (!namePattern.test(part)) messages.push(`name part ${nameMessage()}`);
  return messages.length === 0 ? noMessages : messages;
}

function prefixMessages(prefix: string): string[] {
  if (prefix === "") return [`prefix part ${emptyMessage}`];
  return isDNS1123Subdomain(prefix).map(
    (message) => `prefix part ${message.replace(/^(must be no more than 253) characters$/, "$1 bytes")}`,
  );
}

/** Empty, or up to 63 bytes of letters, digits, `-`, `_` and `.` that begin and end with a letter or digit. */
export function isValidLabelValue(text: string): Messages {
  const long = text.length > labelValueMaxLength || byteLength(text) > labelValueMaxLength;
  const matches = valuePattern.test(text);
  if (!long && matches) return noMessages;
  return [
    ...(long ? [tooLongMessage(labelValueMaxLength)] : []),
    ...(matches ? [] : [patternMessage(valueRule, value, "MyValue", "my_value", "12345")]),
  ];
}
