import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSchedule, ScheduleError } from "./schedule.ts";

/** The values whose bits are set. */
function values(bits: bigint): number[] {
  return Array.from({ length: 60 }, (_, i) => i).filter((i) => (bits >> BigInt(i)) & 1n);
}

function field(text: string): number[] {
  const schedule = parseSchedule(`${text} * * * *`);
  return "minute" in schedule ? values(schedule.minute.bits) : [];
}

test("a field is values, ranges and steps", () => {
  assert.deepEqual(field("5"), [5]);
  assert.deepEqual(field("5-7,9"), [5, 6, 7, 9]);
  assert.deepEqual(field("10-20/5"), [10, 15, 20]);
  assert.deepEqual(field("50/5"), [50, 55]);
  assert.deepEqual(field("*/20"), [0, 20, 40]);
});

test("months and days have names", () => {
  const schedule = parseSchedule("0 0 ? JAN-mar sun");
  assert.ok("month" in schedule);
  assert.deepEqual(values(schedule.month.bits), [1, 2, 3]);
  assert.deepEqual(values(schedule.dayOfWeek.bits), [0]);
  assert.deepEqual([schedule.dayOfMonth.star, schedule.dayOfWeek.star], [true, false]);
});

test("some schedules have names, and some repeat", () => {
  assert.deepEqual(parseSchedule("@hourly"), parseSchedule("0 * * * *"));
  assert.deepEqual(parseSchedule("@every 90m"), { everyMs: 5_400_000 });
  assert.deepEqual(parseSchedule("@every 10ms"), { everyMs: 1000 });
});

test("what cannot be read is refused with the parser's words", () => {
  const messages: Readonly<Record<string, string>> = {
    "": "empty spec string",
    "* * * *": "expected exactly 5 fields, found 4: [* * * *]",
    "a * * * *": 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax',
    "* * 0 * *": "beginning of range (0) below minimum (1): 0",
    "* 24 * * *": "end of range (24) above maximum (23): 24",
    "5-3 * * * *": "beginning of range (5) beyond end of range (3): 5-3",
    "*/0 * * * *": "step of range should be a positive number: */0",
    "1/2/3 * * * *": "too many slashes: 1/2/3",
    "1-2-3 * * * *": "too many hyphens: 1-2-3",
    "@noon": "unrecognized descriptor: @noon",
    "@every x": 'failed to parse duration @every x: time: invalid duration "x"',
  };
  for (const [text, message] of Object.entries(messages)) {
    assert.throws(() => parseSchedule(text), { name: "ScheduleError", message }, text);
  }
});

test("no text makes it fail in another way", () => {
  const piece = fc.constantFrom("*", "/", "-", ",", " ", "5", "60", "@every ", "TZ=", "UTC", "mon", "?", "1h");
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      try {
        parseSchedule(pieces.join(""));
      } catch (error) {
        assert.ok(error instanceof ScheduleError, String(error));
      }
    }),
  );
});
