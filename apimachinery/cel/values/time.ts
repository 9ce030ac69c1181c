import { parseDuration as parseGoDuration, TimeError } from "../../time/duration.ts";
import { CelError } from "./error.ts";
import { plainDouble } from "./go-number.ts";
import { duration, maxTimestamp, minTimestamp, timestamp } from "./numbers.ts";
import { type Duration, type Result, Timestamp } from "./value.ts";

export const second = 1_000_000_000n;

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** A text of RFC 3339 with up to nine decimals, as Go's `time.Parse` takes it; `undefined` where it is none. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, seconds] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || seconds > 59) return undefined;
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (offsetHours > 24 || offsetMinutes > 60) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * 60 * (match[8] === "-" ? -1 : 1);
  const fraction = (match[7] ?? "").padEnd(9, "0").slice(0, 9);
  const epoch = daysSinceEpoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + seconds - offset;
  const nanos = BigInt(epoch) * second + BigInt(fraction);
  return nanos < minTimestamp || nanos > maxTimestamp ? undefined : new Timestamp(nanos, offset);
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
}

function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

/** RFC 3339 with as many decimals as it takes, in the zone the instant was written in. */
export function formatTimestamp({ nanos, offset }: Timestamp): string {
  const seconds = floorDivide(nanos, second);
  const fraction = nanos - seconds * second;
  const fields = calendar(Number(seconds) + offset);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${String(fields.year).padStart(4, "0")}-${two(fields.month)}-${two(fields.day)}`;
  const time = `${two(fields.hours)}:${two(fields.minutes)}:${two(fields.seconds)}`;
  const decimals = fraction === 0n ? "" : `.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
  const ahead = Math.abs(offset) / 60;
  const zone = offset === 0 ? "Z" : `${offset < 0 ? "-" : "+"}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
  return `${date}T${time}${decimals}${zone}`;
}

export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** A Go duration ("1h30m"); an error where it is none or beyond 292 years. */
export function parseDuration(text: string): Result | undefined {
  try {
    return duration(parseGoDuration(text));
  } catch (error) {
    if (error instanceof TimeError) return undefined;
    throw error;
  }
}

export function formatDuration({ nanos }: Duration): string {
  return `${plainDouble(Number(nanos / second) + Number(nanos % second) / 1e9)}s`;
}

export interface Calendar {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 0 is 1 January. */
  readonly dayOfYear: number;
}

/** Date and time of day of seconds since 1970 that already include the zone's offset. */
export function calendar(seconds: number): Calendar {
  const days = Math.floor(seconds / 86400);
  const rest = seconds - days * 86400;
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const marchDay = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * marchDay + 2) / 153);
  const day = marchDay - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day,
    hours: Math.floor(rest / 3600),
    minutes: Math.floor(rest / 60) % 60,
    seconds: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    dayOfYear: days - daysSinceEpoch(year, 1, 1),
  };
}

const zones = new Map<string, Intl.DateTimeFormat | undefined>();
const maxZones = 1000;

function zoneFormat(zone: string): Intl.DateTimeFormat | undefined {
  if (zones.has(zone)) return zones.get(zone);
  if (zones.size >= maxZones) zones.clear();
  let format: Intl.DateTimeFormat | undefined;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  zones.set(zone, format);
  return format;
}

/** Seconds that a zone is ahead of UTC at an instant. A zone is an IANA name or `[+-]hh:mm`. */
function zoneOffset(epochSeconds: number, zone: string): number | CelError {
  if (zone === "" || zone === "UTC") return 0;
  const colon = zone.indexOf(":");
  if (colon >= 0) {
    const hours = /^[+-]?\d+$/.test(zone.slice(0, colon)) ? Number(zone.slice(0, colon)) : undefined;
    const minutes = /^[+-]?\d+$/.test(zone.slice(colon + 1)) ? Number(zone.slice(colon + 1)) : undefined;
    if (hours === undefined || minutes === undefined) {
      const wrong = hours === undefined ? zone.slice(0, colon) : zone.slice(colon + 1);
      return new CelError(`strconv.Atoi: parsing "${wrong}": invalid syntax`);
    }
    return hours * 3600 + (zone.startsWith("-") ? -minutes : minutes) * 60;
  }
  const format = /^[A-Za-z]/.test(zone) ? zoneFormat(zone) : undefined;
  if (format === undefined) return new CelError(`unknown time zone ${zone}`);
  const parts: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(epochSeconds * 1000)) parts[type] = value;
  const year = parts["era"] === "BC" ? 1 - Number(parts["year"]) : Number(parts["year"]);
  const days = daysSinceEpoch(year, Number(parts["month"]), Number(parts["day"]));
  const local = days * 86400 + Number(parts["hour"]) * 3600 + Number(parts["minute"]) * 60 + Number(parts["second"]);
  return local - epochSeconds;
}

/** The calendar of an instant in a zone, UTC where none is named. */
export function calendarIn({ nanos }: Timestamp, zone: string | undefined): Calendar | CelError {
  const seconds = Number(floorDivide(nanos, second));
  const offset = zone === undefined ? 0 : zoneOffset(seconds, zone);
  return offset instanceof CelError ? offset : calendar(seconds + offset);
}

export { timestamp };
