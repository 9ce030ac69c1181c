import { goQuote } from "../text/go-quote.ts";
import type { JsonValue } from "./json.ts";

/** JSON that cannot be read, in the words of Go's encoding/json. */
export class JsonSyntaxError extends SyntaxError {
  override name = "JsonSyntaxError";
}

/**
 * Levels of lists and objects in one another. Go reads 10,000; what JavaScript engines write and copy by recursion ends at a
 * few thousand, so more than this is refused, in Go's words.
 */
export const maxDepth = 1000;

/** As many as upstream reports of one document (sigs.k8s.io/json saveStrictError). */
const maxDuplicates = 100;

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

interface Frame {
  readonly container: Record<string, unknown> | unknown[];
  /** Of an object: the key whose value is read next. */
  key: string;
}

export interface ExactJson {
  /** Integers beyond 2^53 that fit into 64 bits are bigints; no string holds half a surrogate pair. */
  readonly value: JsonValue;
  /** Paths of keys that an object repeats, in the order met, each once: `spec.containers[0].name`. */
  readonly duplicates: readonly string[];
}

/**
 * Reads JSON slowly and exactly: for documents with repeated keys, with large numbers, or with a mistake to explain. Throws
 * JsonSyntaxError alone. Of repeated keys the last counts. Time is linear in the text's length.
 */
export function parseExactly(text: string): ExactJson {
  return new Parser(text).parse();
}

/** A field that a reader finds fault with. */
export interface FaultyField {
  readonly fault: "duplicate" | "unknown";
  /** `spec.containers[0].name` */
  readonly path: string;
}

/**
 * Repeated keys, and those of `unknown` (paths), in the order met, each once. What is below an unknown field is nobody's fault.
 * For texts that parseExactly reads.
 */
export function findFaultyFields(text: string, unknown: ReadonlySet<string>): readonly FaultyField[] {
  const faults = new Map<string, FaultyField>();
  new Parser(text, (path, isRepeated) => {
    const fault = unknown.has(path) ? "unknown" : isRepeated ? "duplicate" : undefined;
    if (fault !== undefined && faults.size < maxDuplicates && !isBelow(path, unknown)) {
      faults.set(`${fault} ${path}`, { fault, path });
    }
  }).parse();
  return [...faults.values()];
}

function isBelow(path: string, unknown: ReadonlySet<string>): boolean {
  for (const one of unknown) {
    if (path.startsWith(one) && (path[one.length] === "." || path[one.length] === "[")) return true;
  }
  return false;
}

class Parser {
  readonly #text: string;
  #at = 0;
  readonly #stack: Frame[] = [];
  readonly #duplicates = new Set<string>();
  readonly #onKey: ((path: string, isRepeated: boolean) => void) | undefined;

  constructor(text: string, onKey?: (path: string, isRepeated: boolean) => void) {
    this.#text = text;
    this.#onKey = onKey;
  }

  parse(): ExactJson {
    for (;;) {
      let value = this.#begin();
      if (value === open) continue;
      // A value is complete: give it to its container, which may be complete then, too.
      for (;;) {
        const frame = this.#stack.at(-1);
        if (frame === undefined) return this.#end(value);
        this.#store(frame, value);
        if (!this.#closes(frame)) break;
        this.#stack.pop();
        value = frame.container;
      }
    }
  }

  #end(value: unknown): ExactJson {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail("after top-level value");
    return { value: value as JsonValue, duplicates: [...this.#duplicates] };
  }

  /** A scalar or an empty container; `open` where a container was begun that has something in it. */
  #begin(): unknown {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#beginObject();
      case "[":
        return this.#beginList();
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #beginObject(): unknown {
    const frame: Frame = { container: {}, key: "" };
    this.#push(frame);
    this.#skipSpace();
    if (this.#text[this.#at] === "}") return this.#pop();
    this.#key(frame);
    return open;
  }

  #beginList(): unknown {
    this.#push({ container: [], key: "" });
    this.#skipSpace();
    return this.#text[this.#at] === "]" ? this.#pop() : open;
  }

  #push(frame: Frame): void {
    this.#stack.push(frame);
    if (this.#stack.length > maxDepth) this.#fail("exceeded max depth");
    this.#at++;
  }

  #pop(): unknown {
    this.#at++;
    return this.#stack.pop()!.container;
  }

  #key(frame: Frame): void {
    this.#skipSpace();
    if (this.#text[this.#at] !== '"') this.#fail("looking for beginning of object key string");
    frame.key = this.#string();
    const isRepeated = Object.hasOwn(frame.container, frame.key);
    this.#onKey?.(this.#path(), isRepeated);
    if (isRepeated && this.#duplicates.size < maxDuplicates) this.#duplicates.add(this.#path());
    this.#skipSpace();
    if (this.#text[this.#at] !== ":") this.#fail("after object key");
    this.#at++;
  }

  #path(): string {
    let path = "";
    for (const { container, key } of this.#stack) {
      if (Array.isArray(container)) path += `[${container.length}]`;
      else path += path === "" ? key : `.${key}`;
    }
    return path;
  }

  #store(frame: Frame, value: unknown): void {
    if (Array.isArray(frame.container)) frame.container.push(value);
    else if (frame.key === "__proto__") {
      Object.defineProperty(frame.container, frame.key, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    } else frame.container[frame.key] = value;
  }

  /** After a value: true at the container's end, false where another value follows. */
  #closes(frame: Frame): boolean {
    this.#skipSpace();
    const list = Array.isArray(frame.container);
    const next = this.#text[this.#at];
    if (next === (list ? "]" : "}")) {
      this.#at++;
      return true;
    }
    if (next !== ",") this.#fail(list ? "after array element" : "after object key:value pair");
    this.#at++;
    if (!list) this.#key(frame);
    return false;
  }

  #string(): string {
    const start = this.#at++;
    for (; ; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x22) break;
      if (code === 0x5c) this.#escape();
      else if (!(code >= 0x20)) this.#fail("in string literal");
    }
    this.#at++;
    return (JSON.parse(this.#text.slice(start, this.#at)) as string).toWellFormed();
  }

  #escape(): void {
    const letter = this.#text[++this.#at];
    if (letter === undefined || !'bfnrtu\\/"'.includes(letter)) this.#fail("in string escape code");
    if (letter !== "u") return;
    for (let i = 0; i < 4; i++) {
      const digit = this.#text[++this.#at];
      if (digit === undefined || !/[0-9a-fA-F]/.test(digit)) this.#fail("in \\u hexadecimal character escape");
    }
  }

  #word<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      this.#at++;
      if (this.#text[this.#at] !== word[i]) this.#fail(`in literal ${word} (expecting '${word[i]}')`);
    }
    this.#at++;
    return value;
  }

  #number(): number | bigint {
    const start = this.#at;
    const negative = this.#text[this.#at] === "-";
    if (negative) this.#at++;
    if (this.#text[this.#at] === "0") this.#at++;
    else this.#digits(negative ? "in numeric literal" : "looking for beginning of value");
    let integer = true;
    if (this.#text[this.#at] === ".") {
      integer = false;
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (this.#text[this.#at] === "e" || this.#text[this.#at] === "E") {
      integer = false;
      this.#at++;
      if (this.#text[this.#at] === "+" || this.#text[this.#at] === "-") this.#at++;
      this.#digits("in exponent of numeric literal");
    }
    return numberOf(this.#text.slice(start, this.#at), integer);
  }

  #digits(context: string): void {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
    if (this.#at === start) this.#fail(context);
  }

  #skipSpace(): void {
    for (; ; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  #fail(context: string): never {
    if (this.#at >= this.#text.length) throw new JsonSyntaxError("unexpected end of JSON input");
    throw new JsonSyntaxError(`invalid character ${quoteByte(this.#text.codePointAt(this.#at)!)} ${context}`);
  }
}

const open = Symbol("open");

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function numberOf(source: string, integer: boolean): number | bigint {
  const value = Number(source);
  if (integer && !Number.isSafeInteger(value)) {
    // A number of thousands of digits is no 64-bit integer: BigInt need not read it.
    const exact = source.length <= 20 ? BigInt(source) : maxInt64 + 1n;
    if (exact >= minInt64 && exact <= maxInt64) return exact;
  }
  if (!Number.isFinite(value)) {
    throw new JsonSyntaxError(`json: cannot unmarshal number ${source} into Go value of type float64`);
  }
  return value;
}

/** The first byte of a character's UTF-8 form, between single quotes, as Go's scanner shows it. */
function quoteByte(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  const byte = codePoint < 0x80 ? codePoint : Buffer.from(character.toWellFormed())[0]!;
  return `'${goQuote(String.fromCharCode(byte)).slice(1, -1)}'`;
}
