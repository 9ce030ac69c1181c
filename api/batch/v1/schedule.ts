import { parseDurationMs, TimeError } from "../../../apimachinery/time/duration.ts";

/** When a cron job runs: at moments that match all fields, or every so often. */
export type Schedule = FieldSchedule | { readonly everyMs: number };

/** Values that match, as bits by value; `star` where the field was open, which matters between the two kinds of day. */
export interface ScheduleField {
  readonly bits: bigint;
  readonly star: boolean;
}

export interface FieldSchedule {
  readonly minute: ScheduleField;
  readonly hour: ScheduleField;
  readonly dayOfMonth: ScheduleField;
  /** 1 to 12. */
  readonly month: ScheduleField;
  /** 0 is Sunday. */
  readonly dayOfWeek: ScheduleField;
}

export class ScheduleError extends Error {
  override name = "ScheduleError";
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const minutes: Bounds = { min: 0, max: 59 };
const hours: Bounds = { min: 0, max: 23 };
const daysOfMonth: Bounds = { min: 1, max: 31 };
const months: Bounds = {
  min: 1,
  max: 12,
  names: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const daysOfWeek: Bounds = { min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

const named: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/**
 * Reads `5 4 * * sun`, `@daily`, `@every 90m`, as robfig/cron v3 ParseStandard does, in its words. Throws ScheduleError.
 * A leading `TZ=Zone` is passed over: upstream forbids it but in old objects.
 */
export function parseSchedule(text: string): Schedule {
  if (text === "") throw new ScheduleError("empty spec string");
  const spec = withoutZone(text);
  if (spec.startsWith("@")) return parseDescriptor(spec);
  const fields = spec.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== 5) {
    throw new ScheduleError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`);
  }
  const [minute, hour, dayOfMonth, month, dayOfWeek] = fields as [string, string, string, string, string];
  return {
    minute: parseField(minute, minutes),
    hour: parseField(hour, hours),
    dayOfMonth: parseField(dayOfMonth, daysOfMonth),
    month: parseField(month, months),
    dayOfWeek: parseField(dayOfWeek, daysOfWeek),
  };
}

function withoutZone(text: string): string {
  if (!/^(?:CRON_)?TZ=/.test(text)) return text;
  const space = text.indexOf(" ");
  // Upstream's parser runs out of the text here, and says so.
  if (space < 0) throw new ScheduleError("invalid schedule format: runtime error: slice bounds out of range [:-1]");
  const zone = text.slice(text.indexOf("=") + 1, space);
  if (!isTimeZone(zone)) throw new ScheduleError(`provided bad location ${zone}: unknown time zone ${zone}`);
  return text.slice(space).trim();
}

/** True for a name of the time zone database. */
export function isTimeZone(zone: string): boolean {
  if (zone === "" || zone === "UTC" || zone === "Local") return true;
  // Offsets such as +01:00 are zones to Intl and no names; nor is a name that is written in another case.
  if (/^[+-]|(^|\/)[a-z]/.test(zone)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions();
    return timeZone === zone || timeZone.toLowerCase() !== zone.toLowerCase();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function parseDescriptor(spec: string): Schedule {
  const fields = named[spec];
  if (fields !== undefined) return parseSchedule(fields);
  const every = "@every ";
  if (!spec.startsWith(every)) throw new ScheduleError(`unrecognized descriptor: ${spec}`);
  try {
    // Whole seconds, at least one.
    const ms = parseDurationMs(spec.slice(every.length));
    return { everyMs: ms < 1000 ? 1000 : ms - (ms % 1000) };
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    throw new ScheduleError(`failed to parse duration ${spec}: ${error.message}`, { cause: error });
  }
}

function parseField(field: string, bounds: Bounds): ScheduleField {
  let bits = 0n;
  let star = false;
  for (const part of field.split(",")) {
    if (part === "") continue;
    const range = parseRange(part, bounds);
    bits |= range.bits;
    star ||= range.star;
  }
  return { bits, star };
}

/** `5`, `1-5`, each with a step: `0-59/15`; `7/2` runs to the end. */
function parseRange(text: string, bounds: Bounds): ScheduleField {
  const [range = "", stepText, tooMuch] = text.split("/");
  const [low = "", high, tooMany] = range.split("-");
  const open = low === "*" || low === "?";
  if (!open && tooMany !== undefined) throw new ScheduleError(`too many hyphens: ${text}`);
  const start = open ? bounds.min : parseValue(low, bounds);
  let end = open ? bounds.max : high === undefined ? start : parseValue(high, bounds);
  if (tooMuch !== undefined) throw new ScheduleError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (stepText !== undefined && high === undefined) end = bounds.max;
  if (start < bounds.min) {
    throw new ScheduleError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  }
  if (end > bounds.max) throw new ScheduleError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${text}`);
  let bits = 0n;
  for (let value = start; value <= end; value += step) bits |= 1n << BigInt(value);
  return { bits, star: open && step === 1 };
}

function parseValue(text: string, { names }: Bounds): number {
  const name = names?.indexOf(text.toLowerCase()) ?? -1;
  return name >= 0 && text !== "" ? name : parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^[+-]?[0-9]+$/.test(text)) {
    throw new ScheduleError(`failed to parse int from ${text}: strconv.Atoi: parsing "${text}": invalid syntax`);
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new ScheduleError(`failed to parse int from ${text}: strconv.Atoi: parsing "${text}": value out of range`);
  }
  if (value < 0) throw new ScheduleError(`negative number (${value}) not allowed: ${text}`);
  return value;
}
