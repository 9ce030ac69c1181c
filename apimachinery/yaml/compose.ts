import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import { goJson } from "../text/go-json.ts";
import { goQuote } from "../text/go-quote.ts";
import { resolvePlain, resolveTagged, type Scalar } from "./resolve.ts";
import { YamlError } from "./yaml-error.ts";

/** What a document holds: JSON, but for integers beyond 2^53, which are bigints. */
export type YamlValue = Scalar | YamlValue[] | { [key: string]: YamlValue };

export interface Composed {
  readonly value: YamlValue;
  /** `line 3: key "a" already set in map`, for each key that an object repeats. */
  readonly repeated: readonly string[];
}

/** Levels, aliases counted as what they stand for; more cannot be written as JSON (see ../json/exact-parser.ts). */
const maxDepth = 1000;

/**
 * Builds the first document's value from its events, as go-yaml v2 and sigs.k8s.io/yaml do: keys become text, of repeated
 * keys the last counts, merges (`<<`) apply where they stand, aliases become copies. Throws YamlError alone; a document of
 * which aliases make too much is refused by go-yaml's own measure.
 */
export function compose(text: string, events: readonly Event[]): Composed {
  return new Composer(text, events).document();
}

/** Of all nodes, how many may come from aliases (decode.go, allowedAliasRatio). */
function allowedAliasRatio(nodes: number): number {
  const [low, high] = [400_000, 4_000_000];
  if (nodes <= low) return 0.99;
  return nodes >= high ? 0.1 : 0.99 - 0.89 * ((nodes - low) / (high - low));
}

class Composer {
  readonly #text: string;
  readonly #events: readonly Event[];
  /** Index of the event that the alias at an index stands for. */
  readonly #targets = new Map<number, number>();
  readonly #openAliases = new Set<number>();
  readonly #repeated: string[] = [];
  /** Where lines end, found once a line is to be told. */
  #lineEnds: readonly number[] | undefined;
  #at = 0;
  #depth = 0;
  #nodes = 0;
  #aliasNodes = 0;

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  document(): Composed {
    if (this.#events.length === 0) return { value: null, repeated: [] };
    this.#findTargets();
    this.#nodes++;
    this.#at = 1;
    const value = this.#events[1]?.type === EVENT_ID.POP ? null : this.#node();
    return { value, repeated: this.#repeated };
  }

  /** An alias means the last anchor of its name before it. */
  #findTargets(): void {
    const anchors = new Map<string, number>();
    for (const [i, event] of this.#events.entries()) {
      if (event.type === EVENT_ID.DOCUMENT && i > 0) return;
      if (!("anchorStart" in event) || event.anchorStart < 0) continue;
      const name = this.#text.slice(event.anchorStart, event.anchorEnd).replace(/^[&*]/, "");
      if (event.type !== EVENT_ID.ALIAS) anchors.set(name, i);
      else {
        const target = anchors.get(name);
        if (target === undefined) throw new YamlError(`yaml: unknown anchor '${name}' referenced`);
        this.#targets.set(i, target);
      }
    }
  }

  #count(): void {
    this.#nodes++;
    if (this.#openAliases.size > 0) this.#aliasNodes++;
    if (this.#aliasNodes <= 100 || this.#nodes <= 1000) return;
    if (this.#aliasNodes / this.#nodes > allowedAliasRatio(this.#nodes)) {
      throw new YamlError("yaml: document contains excessive aliasing");
    }
  }

  #node(): YamlValue {
    this.#count();
    const index = this.#at++;
    const event = this.#events[index]!;
    if (++this.#depth > maxDepth) throw new YamlError("yaml: exceeded max depth of 10000");
    try {
      switch (event.type) {
        case EVENT_ID.ALIAS:
          return this.#alias(index, () => this.#node());
        case EVENT_ID.SEQUENCE:
          return this.#sequence();
        case EVENT_ID.MAPPING: {
          const object: Record<string, YamlValue> = {};
          this.#mapping(object);
          return object;
        }
        case EVENT_ID.SCALAR:
          return this.#jsonable(this.#scalar(event));
        default:
          throw new YamlError("yaml: did not find expected node content");
      }
    } finally {
      this.#depth--;
    }
  }

  /** Reads what the alias stands for with `read`, then goes on after the alias. */
  #alias<T>(index: number, read: () => T): T {
    const event = this.#events[index] as { anchorStart: number; anchorEnd: number };
    if (this.#openAliases.has(index)) {
      const name = this.#text.slice(event.anchorStart, event.anchorEnd).replace(/^\*/, "");
      throw new YamlError(`yaml: anchor '${name}' value contains itself`);
    }
    this.#openAliases.add(index);
    const after = this.#at;
    this.#at = this.#targets.get(index)!;
    const value = read();
    this.#at = after;
    this.#openAliases.delete(index);
    return value;
  }

  #sequence(): YamlValue[] {
    const list: YamlValue[] = [];
    while (this.#events[this.#at]!.type !== EVENT_ID.POP) list.push(this.#node());
    this.#at++;
    return list;
  }

  #mapping(object: Record<string, YamlValue>): void {
    while (this.#events[this.#at]!.type !== EVENT_ID.POP) {
      if (this.#isMerge(this.#events[this.#at]!)) {
        this.#at++;
        this.#merge(object, false);
        continue;
      }
      const key = this.#key();
      const valueEvent = this.#events[this.#at]!;
      const value = this.#node();
      const name = this.#keyText(key, value);
      if (Object.hasOwn(object, name)) {
        const shown = typeof key === "string" ? goQuote(key) : String(key);
        this.#repeated.push(`line ${this.#lineOf(valueEvent)}: key ${shown} already set in map`);
      }
      put(object, name, value);
    }
    this.#at++;
  }

  #isMerge(event: Event): boolean {
    if (event.type !== EVENT_ID.SCALAR) return false;
    const tag = this.#tagOf(event);
    if (tag === undefined ? event.style !== SCALAR_STYLE.PLAIN : tag !== "!!merge") return false;
    return getScalarValue(this.#text, event) === "<<";
  }

  /** The next node's pairs, or those of a list of nodes, the first of which has the last word. */
  #merge(object: Record<string, YamlValue>, listed: boolean): void {
    const index = this.#at;
    const event = this.#events[index]!;
    this.#count();
    this.#at++;
    if (event.type === EVENT_ID.MAPPING) {
      this.#mapping(object);
      return;
    }
    if (event.type === EVENT_ID.ALIAS && this.#events[this.#targets.get(index)!]!.type === EVENT_ID.MAPPING) {
      this.#alias(index, () => this.#merge(object, true));
      return;
    }
    if (event.type !== EVENT_ID.SEQUENCE || listed) {
      throw new YamlError("yaml: map merge requires map or sequence of maps as the value");
    }
    const merged: Record<string, YamlValue>[] = [];
    while (this.#events[this.#at]!.type !== EVENT_ID.POP) {
      const pairs: Record<string, YamlValue> = {};
      this.#merge(pairs, true);
      merged.push(pairs);
    }
    this.#at++;
    for (const pairs of merged.reverse()) for (const [name, value] of Object.entries(pairs)) put(object, name, value);
  }

  #key(): YamlValue {
    const event = this.#events[this.#at]!;
    if (event.type !== EVENT_ID.SCALAR) return this.#node();
    this.#count();
    this.#at++;
    return this.#scalar(event);
  }

  #keyText(key: YamlValue, value: YamlValue): string {
    switch (typeof key) {
      case "string":
        return key;
      case "number":
        return Number.isNaN(key) ? ".nan" : key === Infinity ? ".inf" : key === -Infinity ? "-.inf" : String(key);
      case "boolean":
      case "bigint":
        return String(key);
      default:
        if (key === null) {
          throw new YamlError(`unsupported map key of type: %!s(<nil>), key: <nil>, value: ${goJson(value)}`);
        }
        throw new YamlError(`yaml: invalid map key: ${goJson(key)}`);
    }
  }

  #scalar(event: ScalarEvent): Scalar {
    const text = getScalarValue(this.#text, event);
    const tag = this.#tagOf(event);
    if (tag !== undefined) return resolveTagged(tag, text);
    return event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text).value : text;
  }

  /** `!!int` for the core tags, however they are written. */
  #tagOf(event: ScalarEvent): string | undefined {
    if (event.tagStart < 0) return undefined;
    const tag = this.#text.slice(event.tagStart, event.tagEnd);
    return tag.replace(/^!<(.*)>$/, "$1").replace(/^tag:yaml\.org,2002:/, "!!");
  }

  /** JSON has no infinity. */
  #jsonable(value: Scalar): Scalar {
    if (typeof value !== "number" || Number.isFinite(value)) return value;
    throw new YamlError(
      `json: unsupported value: ${value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : "NaN"}`,
    );
  }

  /** Counted from one. */
  #lineOf(event: Event): number {
    const position =
      "start" in event
        ? event.start
        : "valueStart" in event
          ? event.valueStart
          : "anchorStart" in event
            ? event.anchorStart
            : 0;
    this.#lineEnds ??= lineEndsOf(this.#text);
    let [low, high] = [0, this.#lineEnds.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#lineEnds[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }
}

function lineEndsOf(text: string): readonly number[] {
  const ends: number[] = [];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) ends.push(i);
  return ends;
}

/** Sets a key, which may be one that means more than itself to JavaScript. */
function put(object: Record<string, YamlValue>, name: string, value: YamlValue): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
