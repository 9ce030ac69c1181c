import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalDuration, formatDuration, parseDuration, parseDurationMs } from "./duration.ts";
import { humanDuration } from "./human-duration.ts";
import { ageOf, canonicalMicroTime, canonicalTime, formatMicroTime, formatTime, parseTime, TimeError } from "./time.ts";

test("times become UTC and whole seconds", () => {
  const table: Readonly<Record<string, string>> = {
    "2026-01-31T23:59:59Z": "2026-01-31T23:59:59Z",
    "2026-01-31T23:59:59.999999999Z": "2026-01-31T23:59:59Z",
    "2026-01-31T23:59:59,5Z": "2026-01-31T23:59:59Z",
    "2026-01-01T00:30:00+01:00": "2025-12-31T23:30:00Z",
    "2026-01-01T00:30:00-01:30": "2026-01-01T02:00:00Z",
    "2024-02-29T00:00:00Z": "2024-02-29T00:00:00Z",
    "2026-01-01T5:00:00Z": "2026-01-01T05:00:00Z",
    "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
    "0000-01-01T00:00:00+01:00": "-0001-12-31T23:00:00Z",
    "9999-12-31T23:00:00-02:00": "10000-01-01T01:00:00Z",
  };
  for (const [text, canonical] of Object.entries(table)) assert.equal(canonicalTime(text), canonical, text);
  assert.equal(canonicalMicroTime("2026-01-31T23:59:59.123456+01:00"), "2026-01-31T22:59:59.123456Z");
  assert.equal(formatMicroTime(1.5), "1970-01-01T00:00:00.001500Z");
  assert.equal(formatTime(-1), "1969-12-31T23:59:59Z");
});

test("what is no time is refused in Go's words", () => {
  const as = '2006-01-02T15:04:05Z07:00"';
  const table: Readonly<Record<string, string>> = {
    x: `parsing time "x" as "${as}: cannot parse "x" as "2006"`,
    "": `parsing time "" as "${as}: cannot parse "" as "2006"`,
    "2026-1-01T00:00:00Z": `parsing time "2026-1-01T00:00:00Z" as "${as}: cannot parse "1-01T00:00:00Z" as "01"`,
    "2026-01-01": `parsing time "2026-01-01" as "${as}: cannot parse "" as "T"`,
    "2026-01-01 00:00:00Z": `parsing time "2026-01-01 00:00:00Z" as "${as}: cannot parse " 00:00:00Z" as "T"`,
    "2026-13-01T00:00:00Z": 'parsing time "2026-13-01T00:00:00Z": month out of range',
    "2026-02-29T00:00:00Z": 'parsing time "2026-02-29T00:00:00Z": day out of range',
    "2026-01-01T24:00:00Z": 'parsing time "2026-01-01T24:00:00Z": hour out of range',
    "2026-01-01T00:00:60Z": 'parsing time "2026-01-01T00:00:60Z": second out of range',
    "2026-01-01T00:00:00": `parsing time "2026-01-01T00:00:00" as "${as}: cannot parse "" as "Z07:00"`,
    "2026-01-01T00:00:00Zé": 'parsing time "2026-01-01T00:00:00Z\\xc3\\xa9": extra text: "\\xc3\\xa9"',
    "2026-01-01T00:00:00+25:00": 'parsing time "2026-01-01T00:00:00+25:00": time zone offset hour out of range',
  };
  for (const [text, message] of Object.entries(table)) {
    assert.throws(() => canonicalTime(text), { name: "TimeError", message }, text);
  }
  assert.throws(() => canonicalMicroTime("2026-01-31T23:59:59Z"), {
    message: 'parsing time "2026-01-31T23:59:59Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  });
});

test("any instant survives being written and read", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }), (date) => {
      const ms = date.getTime();
      assert.equal(parseTime(formatTime(ms)), Math.floor(ms / 1000) * 1000);
      assert.equal(parseTime(formatMicroTime(ms)), ms);
      assert.equal(canonicalTime(date.toISOString()), formatTime(ms));
    }),
  );
});

test("durations are read and printed as Go does", () => {
  const table: Readonly<Record<string, string>> = {
    "0": "0s",
    "5s": "5s",
    "1h": "1h0m0s",
    "90m": "1h30m0s",
    "1.5h": "1h30m0s",
    "-1.5s": "-1.5s",
    "+5s": "5s",
    "100ms": "100ms",
    "1us": "1µs",
    "1.5µs": "1.5µs",
    "1μs": "1µs",
    "15ns": "15ns",
    "1h2m3.5s": "1h2m3.5s",
    "0.000000001s": "1ns",
    ".5s": "500ms",
    "1.s": "1s",
    "2562047h47m16.854775807s": "2562047h47m16.854775807s",
    "-2562047h47m16.854775808s": "-2562047h47m16.854775808s",
  };
  for (const [text, canonical] of Object.entries(table)) assert.equal(canonicalDuration(text), canonical, text);
  assert.equal(parseDurationMs("1.5ms"), 1.5);
  for (const text of ["", "-", "+", ".", "s", ".s", "x1s", "2562047h47m16.854775808s", "99999999999999999999s"]) {
    assert.throws(() => parseDuration(text), { name: "TimeError", message: `time: invalid duration "${text}"` }, text);
  }
  assert.throws(() => parseDuration("3"), { message: 'time: missing unit in duration "3"' });
  assert.throws(() => parseDuration("3x"), { message: 'time: unknown unit "x" in duration "3x"' });
  assert.throws(() => parseDuration("1 s"), { message: 'time: unknown unit " s" in duration "1 s"' });
});

test("any duration survives being printed and read", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanos) => {
      assert.equal(parseDuration(formatDuration(nanos)), nanos);
    }),
    { numRuns: 1000 },
  );
});

test("durations are shown to people as upstream shows them", () => {
  const s = 1000;
  const [m, h, d] = [60 * s, 3600 * s, 86_400 * s];
  const table: readonly [number, string][] = [
    [-2 * s, "<invalid>"],
    [-1999, "0s"],
    [0, "0s"],
    [59 * s, "59s"],
    [119 * s, "119s"],
    [2 * m, "2m"],
    [2 * m + 30 * s, "2m30s"],
    [10 * m + 30 * s, "10m"],
    [3 * h, "3h"],
    [3 * h + m, "3h1m"],
    [8 * h + 59 * m, "8h"],
    [47 * h, "47h"],
    [2 * d, "2d"],
    [2 * d + h, "2d1h"],
    [8 * d + 5 * h, "8d"],
    [365 * d, "365d"],
    [2 * 365 * d, "2y"],
    [2 * 365 * d + d, "2y1d"],
    [8 * 365 * d + d, "8y"],
  ];
  for (const [ms, long] of table) {
    assert.equal(humanDuration(ms), long, String(ms));
  }
  assert.equal(ageOf(undefined, 0), "<unknown>");
  assert.equal(ageOf("1970-01-01T00:00:00Z", 5 * m), "5m");
});

test("any text is read or refused with a TimeError", () => {
  const piece = fc.constantFrom(
    "2026",
    "-",
    "01",
    "T",
    ":",
    "Z",
    "+",
    ".",
    "5",
    "h",
    "s",
    "é",
    "99999999999999999999",
    " ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
      for (const read of [canonicalTime, canonicalMicroTime, canonicalDuration]) {
        try {
          read(pieces.join(""));
        } catch (error) {
          assert.ok(error instanceof TimeError, String(error));
        }
      }
    }),
    { numRuns: 3000 },
  );
});
