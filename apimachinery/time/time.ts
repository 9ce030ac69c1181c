import { type Instant, parseRFC3339, parseRFC3339Micro } from "./go-time.ts";
import { humanDuration } from "./human-duration.ts";

export { TimeError } from "./go-time.ts";

/** The text of an instant that nobody set: Go's zero time. Upstream encodes it as null. */
export const zeroTime = "0001-01-01T00:00:00Z";

const canonicalForm = /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$/;
const canonicalMicroForm =
  /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$/;

/** metav1.Time as a decoder keeps it: RFC 3339 in UTC, whole seconds. Throws TimeError, worded as Go words it. */
export function canonicalTime(text: string): string {
  return canonicalForm.test(text) ? text : secondsText(parseRFC3339(text).seconds);
}

/** metav1.MicroTime likewise: six decimals, in and out. */
export function canonicalMicroTime(text: string): string {
  return canonicalMicroForm.test(text) ? text : microText(parseRFC3339Micro(text));
}

/** Milliseconds since 1970 of a metav1.Time or MicroTime; finer parts are cut. Throws TimeError. */
export function parseTime(text: string): number {
  const { seconds, nanos } = parseRFC3339(text);
  return seconds * 1000 + Math.trunc(nanos / 1_000_000);
}

/** The second that was asked for last: every write of a second asks for the same. */
let last = { seconds: 0, text: "1970-01-01T00:00:00Z" };

/** metav1.Time of `ms` since 1970: `2026-01-31T23:59:59Z`; parts of seconds are cut. */
export function formatTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds !== last.seconds) last = { seconds, text: secondsText(seconds) };
  return last.text;
}

/** metav1.MicroTime of `ms` since 1970, which may have a fraction: `2026-01-31T23:59:59.123456Z`. */
export function formatMicroTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.floor((ms - seconds * 1000) * 1000) * 1000;
  return microText({ seconds, nanos });
}

/** How long ago that was, as Age columns show it (`5m`); `<unknown>` where there is no time. */
export function ageOf(timestamp: string | null | undefined, now: number): string {
  if (timestamp === undefined || timestamp === null || timestamp === "") return "<unknown>";
  return humanDuration(now - parseTime(timestamp));
}

function secondsText(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  if (text.length === 24) return `${text.slice(0, 19)}Z`;
  // Years that an offset moved out of 0 to 9999: JavaScript shows six digits and a sign, Go what it takes.
  const year = Number(text.slice(0, 7));
  const digits = String(Math.abs(year)).padStart(4, "0");
  return `${year < 0 ? "-" : ""}${digits}${text.slice(7, 22)}Z`;
}

function microText({ seconds, nanos }: Instant): string {
  const micros = String(Math.floor(nanos / 1000)).padStart(6, "0");
  return `${secondsText(seconds).slice(0, -1)}.${micros}Z`;
}
