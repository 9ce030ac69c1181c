import { parseCIDR, parseIP } from "../net/ip.ts";
import { parseDuration } from "../time/duration.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../validation/dns.ts";

// The formats a custom resource's schema may name, and what they accept (kube-openapi pkg/validation/strfmt).

const hex = "[0-9a-fA-F]";
const uuid = (version: string, variant: string): RegExp =>
  new RegExp(`^${hex}{8}-?${hex}{4}-?${version}-?${variant}-?${hex}{12}$`);
const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);
const passes =
  (rule: (text: string) => readonly string[]) =>
  (text: string): boolean =>
    rule(text).length === 0;

const channel = "(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])";
const card =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11}|6[27][0-9]{14})$/;
const host =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;

const formats: ReadonlyMap<string, (text: string) => boolean> = new Map<string, (text: string) => boolean>([
  ["bsonobjectid", matches(/^[0-9a-fA-F]{24}$/)],
  ["uri", isUri],
  ["email", matches(/^(?:[^<>@\s]+@[^<>@\s]+|[^<>@]*<[^<>@\s]+@[^<>@\s]+>)$/)],
  ["hostname", (text) => host.test(text) && text.length <= 255 && text.split(".").every((part) => part.length <= 63)],
  ["ipv4", (text) => text.includes(".") && parseIP(text) !== undefined],
  ["ipv6", (text) => text.includes(":") && parseIP(text) !== undefined],
  ["cidr", (text) => parseCIDR(text) !== undefined],
  ["mac", isMac],
  ["uuid", matches(uuid(`${hex}{4}`, `${hex}{4}`))],
  ["uuid3", matches(uuid(`3${hex}{3}`, `${hex}{4}`))],
  ["uuid4", matches(uuid(`4${hex}{3}`, `[89abAB]${hex}{3}`))],
  ["uuid5", matches(uuid(`5${hex}{3}`, `[89abAB]${hex}{3}`))],
  ["isbn", (text) => isIsbn10(text) || isIsbn13(text)],
  ["isbn10", isIsbn10],
  ["isbn13", isIsbn13],
  ["creditcard", isCreditCard],
  ["ssn", matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/)],
  ["hexcolor", matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  ["rgbcolor", matches(new RegExp(`^rgb\\(\\s*${channel}\\s*,\\s*${channel}\\s*,\\s*${channel}\\s*\\)$`))],
  ["byte", matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)],
  ["password", () => true],
  ["date", isDate],
  ["duration", isDuration],
  ["datetime", isDateTime],
  ["k8sshortname", passes(isDNS1123Label)],
  ["k8slongname", passes(isDNS1123Subdomain)],
]);

const normalized = (format: string): string => format.replaceAll("-", "");

/** What a string must pass to be of the format; undefined where the format is not one of strings. */
export function stringFormat(format: string): ((text: string) => boolean) | undefined {
  return formats.get(normalized(format));
}

/** The format as validation heeds it: empty where it means nothing for the type (validation/formats.go). */
export function heededFormat(type: string | undefined, format: string | undefined): string {
  if (!format) return "";
  switch (type ?? "") {
    case "":
    case "string":
      return formats.has(normalized(format)) ? format : "";
    case "integer":
      return format === "int32" || format === "int64" ? format : "";
    case "number":
      return format === "float" || format === "double" ? format : "";
    default:
      return "";
  }
}

function isUri(text: string): boolean {
  if (text.startsWith("/")) return /^[!-~\u0080-\uffff]*$/.test(text);
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:[!-~\u0080-\uffff]*$/.test(text) && !/%(?![0-9a-fA-F]{2})/.test(text);
}

/** Go's net.ParseMAC: 6, 8 or 20 octets, joined by colons, hyphens, or in pairs by dots. */
function isMac(text: string): boolean {
  const octets = /^[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2})*$/.test(text) ? (text.length + 1) / 3 : 0;
  const pairs = /^[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4})+$/.test(text) ? ((text.length + 1) / 5) * 2 : 0;
  return [6, 8, 20].includes(octets) || [6, 8, 20].includes(pairs);
}

const digitsOf = (text: string): string => text.replace(/[\s-]+/g, "");

function isIsbn10(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^[0-9]{9}[0-9X]$/.test(digits)) return false;
  const sum = [...digits].reduce((total, digit, i) => total + (i + 1) * (digit === "X" ? 10 : Number(digit)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^[0-9]{13}$/.test(digits)) return false;
  return [...digits].reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0) % 10 === 0;
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, "");
  if (!card.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isDateTime(text: string): boolean {
  const [date, time, ...more] = text.toLowerCase().split("t");
  if (time === undefined || more.length > 0 || !isDate(date!)) return false;
  const match = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/.exec(time);
  return match !== null && match[1]! <= "23" && match[2]! <= "59" && match[3]! <= "59";
}

const durationUnits =
  /^(?:ns|nano|nanos|us|µs|micro|micros|ms|milli|millis|s|sec|secs|m|min|mins|h|hr|d|w|wk|nanos.*|micros.*|millis.*|seconds?.*|minutes?.*|hours?.*|days?.*|weeks?.*|secs.*|mins.*|hour.*|day.*|week.*)$/;

/** Go's durations, and those of Scala: `22 ns`, `3 weeks`. */
function isDuration(text: string): boolean {
  try {
    parseDuration(text);
    return true;
  } catch {
    return [...text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)].some((match) => durationUnits.test(match[2]!.toLowerCase()));
  }
}
