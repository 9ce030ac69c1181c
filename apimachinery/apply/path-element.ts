import { isJsonObject, type JsonValue } from "../json/json.ts";
import { compareText, goQuote } from "../text/go-quote.ts";

/**
 * One step of a field's path, as FieldsV1 writes it: `f:name` a field, `k:{"name":"a"}` the list item with these keys,
 * `v:"a"` the item of a set, `i:0` the item at an index. Keys within `k:` are sorted and written without spaces, so equal
 * elements are equal text (structured-merge-diff, fieldpath/serialize-pe.go).
 */
export type PathElement = string;

/** A struct's field or a map's key: `f:replicas`. */
export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** An item of a set, by its value: `v:"a"`. */
export function valueElement(value: JsonValue | bigint): PathElement {
  return `v:${scalarJson(value)}`;
}

/** `names` must be sorted; a key whose value is undefined is left out. */
export function keyElement(names: readonly string[], values: readonly (JsonValue | bigint | undefined)[]): PathElement {
  let text = "k:{";
  for (let i = 0; i < names.length; i++) {
    const value = values[i];
    if (value === undefined) continue;
    if (text.length > 3) text += ",";
    text += `${scalarJson(names[i]!)}:${scalarJson(value)}`;
  }
  return `${text}}`;
}

const plainText = /^[\w./:@-]*$/;

/** JSON as Go's encoder writes it, which escapes what HTML would take for markup. */
function scalarJson(value: JsonValue | bigint): string {
  if (typeof value === "string" && plainText.test(value)) return `"${value}"`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = JSON.stringify(value);
  return typeof value === "string" && /[<>&\u2028\u2029]/.test(value)
    ? text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    : text;
}

/** A `k:` element's keys and values, a `v:` element's value; undefined for text that is not JSON. */
export function parseElement(element: PathElement): JsonValue | undefined {
  try {
    return JSON.parse(element.slice(2)) as JsonValue;
  } catch {
    return undefined;
  }
}

/**
 * The element in its one right spelling; undefined for a kind that this version does not know, which readers skip.
 * Throws for text that is no path element.
 */
export function canonicalElement(element: string): PathElement | undefined {
  if (element.length < 2) throw new Error("key must be 2 characters long:");
  if (element[1] !== ":") throw new Error(`missing colon: ${element}`);
  switch (element[0]) {
    case "f":
      return element;
    case "v": {
      const value = parseElement(element);
      if (value === undefined) throw new Error(`invalid value in path element: ${element}`);
      return valueElement(value);
    }
    case "k": {
      const keys = parseElement(element);
      if (!isJsonObject(keys)) throw new Error(`invalid keys in path element: ${element}`);
      const names = Object.keys(keys).sort(compareText);
      return keyElement(
        names,
        names.map((name) => keys[name]),
      );
    }
    case "i":
      if (!/^[+-]?\d+$/.test(element.slice(2))) throw new Error(`invalid index in path element: ${element}`);
      return `i:${Number(element.slice(2))}`;
    default:
      return undefined;
  }
}

const kinds = "fkvi";

/** The order in which FieldsV1 lists elements: fields by name, items by their keys, values, indexes. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  const kind = a.charCodeAt(0);
  if (kind !== b.charCodeAt(0)) return kinds.indexOf(a[0]!) - kinds.indexOf(b[0]!);
  // Names are ASCII wherever it matters, so the engine's own comparison of texts is the wire's.
  if (kind === 0x66 /* f */) return a < b ? -1 : 1;
  return compareTexts(a, b) ?? compareParsed(a, b, kind);
}

const quote = 0x22;
const backslash = 0x5c;

/** The order of two items that differ within a plain text; undefined where only parsing them can tell. */
function compareTexts(a: PathElement, b: PathElement): number | undefined {
  let inText = false;
  const length = Math.min(a.length, b.length);
  for (let i = 2; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === backslash || y === backslash) return undefined;
    if (x !== y) {
      if (!inText) return undefined;
      // Where one text ends, it is the lesser.
      return x === quote ? -1 : y === quote ? 1 : x - y;
    }
    if (x === quote) inText = !inText;
  }
  return undefined;
}

function compareParsed(a: PathElement, b: PathElement, kind: number): number {
  const left = parseElement(a);
  const right = parseElement(b);
  if (kind === 0x6b /* k */ && isJsonObject(left) && isJsonObject(right)) return compareKeys(left, right);
  return compareValues(left, right);
}

function compareKeys(a: Record<string, JsonValue>, b: Record<string, JsonValue>): number {
  const left = Object.keys(a);
  const right = Object.keys(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareText(left[i]!, right[i]!) || compareValues(a[left[i]!], b[right[i]!]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const ranks = ["number", "string", "boolean"];

function compareValues(a: JsonValue | undefined, b: JsonValue | undefined): number {
  if (typeof a !== typeof b) return rank(a) - rank(b);
  if (typeof a === "number") return a - (b as number);
  if (typeof a === "string") return compareText(a, b as string);
  if (typeof a === "boolean") return Number(a) - Number(b);
  return compareText(JSON.stringify(a ?? null), JSON.stringify(b ?? null));
}

function rank(value: JsonValue | undefined): number {
  const at = ranks.indexOf(typeof value);
  return at < 0 ? ranks.length : at;
}

/** As messages write a path: `.spec.containers[name="a"]`, `.finalizers[="x"]`. */
export function formatPath(path: readonly PathElement[]): string {
  return path.map(formatElement).join("");
}

export function formatElement(element: PathElement): string {
  const text = element.slice(2);
  if (element[0] === "f") return `.${text}`;
  if (element[0] === "i") return `[${text}]`;
  const value = parseElement(element);
  if (element[0] === "v") return `[=${formatValue(value)}]`;
  if (!isJsonObject(value)) return `[${text}]`;
  const keys = Object.keys(value).map((key) => `${key}=${formatValue(value[key])}`);
  return `[${keys.join(",")}]`;
}

function formatValue(value: JsonValue | undefined): string {
  if (typeof value === "string") return goQuote(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(",")}]`;
  if (isJsonObject(value)) {
    return Object.keys(value)
      .map((key) => `${key}=${formatValue(value[key])}`)
      .join("");
  }
  return String(value ?? null);
}
