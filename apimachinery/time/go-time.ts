/** A text that is no time or no duration, in the words of Go's time package. */
export class TimeError extends Error {
  override name = "TimeError";
}

/** Text between double quotes as Go's time package writes it: all that is not plain ASCII becomes bytes. */
export function timeQuote(text: string): string {
  let quoted = '"';
  for (const byte of Buffer.from(text)) {
    if (byte >= 0x80 || byte < 0x20) quoted += `\\x${byte.toString(16).padStart(2, "0")}`;
    else quoted += byte === 0x22 || byte === 0x5c ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(byte);
  }
  return `${quoted}"`;
}

export interface Instant {
  /** Whole seconds since 1970, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanos: number;
}

const rfc3339 = "2006-01-02T15:04:05Z07:00";
const rfc3339Micro = "2006-01-02T15:04:05.000000Z07:00";

/** time.Parse(time.RFC3339, text): a fraction may follow the seconds, an hour may have one digit. Throws TimeError. */
export function parseRFC3339(text: string): Instant {
  return new TimeParser(text, rfc3339).parse();
}

/** time.Parse of metav1.RFC3339Micro: exactly six decimals. Throws TimeError. */
export function parseRFC3339Micro(text: string): Instant {
  return new TimeParser(text, rfc3339Micro).parse();
}

/** Go's parser for the two layouts, with its order of checks, which decides the message. */
class TimeParser {
  readonly #text: string;
  readonly #layout: string;
  #rest: string;

  constructor(text: string, layout: string) {
    this.#text = text;
    this.#layout = layout;
    this.#rest = text;
  }

  parse(): Instant {
    const year = this.#year();
    this.#skip("-");
    const month = this.#number("01", { min: 1, max: 12, name: "month" });
    this.#skip("-");
    const day = this.#number("02", { min: 0, max: 99, name: "day" });
    this.#skip("T");
    const hour = this.#number("15", { min: 0, max: 23, name: "hour", short: true });
    this.#skip(":");
    const minute = this.#number("04", { min: 0, max: 59, name: "minute" });
    this.#skip(":");
    const second = this.#number("05", { min: 0, max: 59, name: "second" });
    const nanos = this.#layout === rfc3339 ? this.#anyFraction() : this.#sixDecimals();
    const offset = this.#zone();
    if (this.#rest !== "") this.#fail(`: extra text: ${timeQuote(this.#rest)}`);
    if (day < 1 || day > daysIn(year, month)) this.#fail(": day out of range");
    const seconds = daysBefore(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    return { seconds, nanos };
  }

  #year(): number {
    if (this.#rest.length < 4 || !/^[0-9]/.test(this.#rest)) this.#cannot("2006");
    const digits = this.#rest.slice(0, 4);
    if (!/^[0-9]{4}$/.test(digits)) this.#cannot("2006");
    this.#rest = this.#rest.slice(4);
    return Number(digits);
  }

  #skip(prefix: string): void {
    if (!this.#rest.startsWith(prefix)) this.#cannot(prefix);
    this.#rest = this.#rest.slice(prefix.length);
  }

  #number(element: string, range: { min: number; max: number; name: string; short?: boolean }): number {
    const digits = /^[0-9]{1,2}/.exec(this.#rest)?.[0] ?? "";
    if (digits.length < (range.short ? 1 : 2)) this.#cannot(element);
    this.#rest = this.#rest.slice(digits.length);
    const value = Number(digits);
    if (value < range.min || value > range.max) this.#fail(`: ${range.name} out of range`);
    return value;
  }

  #anyFraction(): number {
    const match = /^[.,]([0-9]+)/.exec(this.#rest);
    if (match === null) return 0;
    this.#rest = this.#rest.slice(match[0].length);
    return Number(match[1]!.slice(0, 9).padEnd(9, "0"));
  }

  #sixDecimals(): number {
    const match = /^[.,]([0-9]{6})/.exec(this.#rest);
    if (match === null) this.#cannot(".000000");
    this.#rest = this.#rest.slice(7);
    return Number(match![1]) * 1000;
  }

  /** Seconds east of UTC. */
  #zone(): number {
    if (this.#rest.startsWith("Z")) {
      this.#rest = this.#rest.slice(1);
      return 0;
    }
    const zone = this.#rest.slice(0, 6);
    if (zone.length < 6 || zone[3] !== ":") this.#cannot("Z07:00");
    const hours = /^[0-9]{2}$/.test(zone.slice(1, 3)) ? Number(zone.slice(1, 3)) : Number.NaN;
    const minutes = /^[0-9]{2}$/.test(zone.slice(4)) ? Number(zone.slice(4)) : Number.NaN;
    if (hours > 24 || minutes > 60) {
      // Go looks at the range first, and has moved on by then.
      this.#rest = this.#rest.slice(6);
      this.#fail(`: time zone offset ${minutes > 60 ? "minute" : "hour"} out of range`);
    }
    if (Number.isNaN(hours) || Number.isNaN(minutes) || (zone[0] !== "+" && zone[0] !== "-")) this.#cannot("Z07:00");
    this.#rest = this.#rest.slice(6);
    const offset = (hours * 60 + minutes) * 60;
    return zone[0] === "-" ? -offset : offset;
  }

  #cannot(element: string): never {
    const { layout, text } = { layout: timeQuote(this.#layout), text: timeQuote(this.#text) };
    throw new TimeError(
      `parsing time ${text} as ${layout}: cannot parse ${timeQuote(this.#rest)} as ${timeQuote(element)}`,
    );
  }

  #fail(message: string): never {
    throw new TimeError(`parsing time ${timeQuote(this.#text)}${message}`);
  }
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const monthDays: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : monthDays[month - 1]!;
}

/** Days from 1970-01-01 to the date, in the Gregorian calendar of all times. */
function daysBefore(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() / 86_400_000;
}
