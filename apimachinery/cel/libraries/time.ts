import { type FunctionDeclaration, memberFunction, type Signature } from "../check/function.ts";
import { durationType, intType, stringType, timestampType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { type Calendar, calendarIn, floorDivide, second } from "../values/time.ts";
import type { Duration, Result, Timestamp, Value } from "../values/value.ts";

function inZone([instant, zone]: readonly Value[], pick: (calendar: Calendar) => number): Result {
  const calendar = calendarIn(instant as Timestamp, zone as string | undefined);
  return calendar instanceof CelError ? calendar : BigInt(pick(calendar));
}

function ofTimestamp(id: string, idWithZone: string, pick: (calendar: Calendar) => number): Signature[] {
  const call = (args: readonly Value[]): Result => inZone(args, pick);
  return [
    [id, [timestampType], intType, call],
    [idWithZone, [timestampType, stringType], intType, call],
  ];
}

/** The accessors of an instant's date; month, day of year and `getDayOfMonth` count from 0. */
const dates: readonly (readonly [name: string, id: string, pick: (calendar: Calendar) => number])[] = [
  ["getFullYear", "timestamp_to_year", ({ year }) => year],
  ["getMonth", "timestamp_to_month", ({ month }) => month - 1],
  ["getDayOfYear", "timestamp_to_day_of_year", ({ dayOfYear }) => dayOfYear],
  ["getDayOfMonth", "timestamp_to_day_of_month", ({ day }) => day - 1],
  ["getDate", "timestamp_to_day_of_month_1_based", ({ day }) => day],
  ["getDayOfWeek", "timestamp_to_day_of_week", ({ weekday }) => weekday],
];

const hour = 3600n * second;

function milliseconds([instant, zone]: readonly Value[]): Result {
  const { nanos } = instant as Timestamp;
  const fraction = (nanos - floorDivide(nanos, second) * second) / 1_000_000n;
  const calendar = calendarIn(instant as Timestamp, zone as string | undefined);
  return calendar instanceof CelError ? calendar : fraction;
}

function whole(unit: bigint): (args: readonly Value[]) => Result {
  return ([span]) => (span as Duration).nanos / unit;
}

export const timeFunctions: readonly FunctionDeclaration[] = [
  ...dates.map(([name, id, pick]) => memberFunction(name, ...ofTimestamp(id, `${id}_with_tz`, pick))),
  memberFunction("getHours", ...ofTimestamp("timestamp_to_hours", "timestamp_to_hours_with_tz", ({ hours }) => hours), [
    "duration_to_hours",
    [durationType],
    intType,
    whole(hour),
  ]),
  memberFunction(
    "getMinutes",
    ...ofTimestamp("timestamp_to_minutes", "timestamp_to_minutes_with_tz", ({ minutes }) => minutes),
    ["duration_to_minutes", [durationType], intType, whole(60n * second)],
  ),
  memberFunction(
    "getSeconds",
    ...ofTimestamp("timestamp_to_seconds", "timestamp_to_seconds_tz", ({ seconds }) => seconds),
    ["duration_to_seconds", [durationType], intType, whole(second)],
  ),
  memberFunction(
    "getMilliseconds",
    ["timestamp_to_milliseconds", [timestampType], intType, milliseconds],
    ["timestamp_to_milliseconds_with_tz", [timestampType, stringType], intType, milliseconds],
    ["duration_to_milliseconds", [durationType], intType, whole(1_000_000n)],
  ),
];
