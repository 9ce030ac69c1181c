import { isQualifiedName, isValidLabelValue } from "../../validation/labels.ts";
import { nameIsDNS1035Label, nameIsDNSLabel, nameIsDNSSubdomain } from "../../validation/names.ts";
import { globalFunction, memberFunction } from "../check/function.ts";
import { listType, optionalType, stringType } from "../types/type.ts";
import { parseTimestamp } from "../values/time.ts";
import { ArrayList, OpaqueValue, Optional, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";
import { parseRequestURI } from "./url.ts";
import { closedType, receive } from "./values.ts";

export const formatType = closedType("kubernetes.NamedFormat");

export class FormatValue extends OpaqueValue {
  readonly type = formatType;
  readonly name: string;
  readonly validate: (text: string) => readonly string[];
  /** Length of the pattern that a check is taken to run, for its cost. */
  readonly patternLength: number;

  constructor(name: string, patternLength: number, validate: (text: string) => readonly string[]) {
    super();
    this.name = name;
    this.patternLength = patternLength;
    this.validate = validate;
  }

  equals(other: Value): boolean {
    return other instanceof FormatValue && other.name === this.name;
  }
}

const when = (valid: boolean, message: string): readonly string[] => (valid ? [] : [message]);
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined;
}

/** strfmt's DateTime wants a full time, in upper or lower case letters. */
function isDateTime(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2}))$/i.exec(text);
  return match !== null && parseTimestamp(text.toUpperCase()) !== undefined;
}

const formats: ReadonlyMap<string, FormatValue> = new Map(
  (
    [
      ["dns1123Label", "DNS1123Label", 30, (text) => nameIsDNSLabel(text, false)],
      ["dns1123Subdomain", "DNS1123Subdomain", 60, (text) => nameIsDNSSubdomain(text, false)],
      ["dns1035Label", "DNS1035Label", 30, (text) => nameIsDNS1035Label(text, false)],
      ["qualifiedName", "QualifiedName", 60, (text) => isQualifiedName(text)],
      ["dns1123LabelPrefix", "DNS1123LabelPrefix", 30, (text) => nameIsDNSLabel(text, true)],
      ["dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", 60, (text) => nameIsDNSSubdomain(text, true)],
      ["dns1035LabelPrefix", "DNS1035LabelPrefix", 30, (text) => nameIsDNS1035Label(text, true)],
      ["labelValue", "LabelValue", 40, (text) => isValidLabelValue(text)],
      ["uri", "URI", 1103, uriMessages],
      ["uuid", "uuid", 70, (text) => when(uuid.test(text), "does not match the UUID format")],
      ["byte", "byte", 84, (text) => when(base64.test(text), "invalid base64")],
      ["date", "date", 71, (text) => when(isDate(text), "invalid date")],
      ["datetime", "datetime", 71, (text) => when(isDateTime(text), "invalid datetime")],
    ] satisfies readonly (readonly [string, string, number, (text: string) => readonly string[]])[]
  ).map(([key, name, patternLength, validate]) => [key, new FormatValue(name, patternLength, validate)]),
);

function uriMessages(text: string): readonly string[] {
  const url = parseRequestURI(text);
  return typeof url === "string" ? [url] : [];
}

/** `format.dns1123Label().validate(name)`. Upstream: apiserver/pkg/cel/library/format.go. */
export const formatLibrary: Library = {
  name: "kubernetes.format",
  types: new Map([[formatType.name, formatType]]),
  functions: [
    ...[...formats].map(([key, value]) =>
      globalFunction(`format.${key}`, [`format.${key}`, [], formatType, () => value]),
    ),
    globalFunction("format.named", [
      "format-named",
      [stringType],
      optionalType(formatType),
      ([name]) => new Optional(formats.get(name as string)),
    ]),
    memberFunction("validate", [
      "format-validate",
      [formatType, stringType],
      optionalType(listType(stringType)),
      receive(FormatValue, ({ validate }, [text]) => {
        const messages = validate(text as string);
        return messages.length === 0 ? Optional.none : new Optional(new ArrayList([...messages]));
      }),
    ]),
  ],
};
