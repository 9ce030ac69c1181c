import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDay, parseDay } from "./day.ts";

test("a day is told and read in UTC, whatever its hour, and what is no day is none", () => {
  const noon = Date.UTC(2024, 1, 29, 12);
  assert.equal(formatDay(noon), "2024-02-29");
  assert.equal(parseDay("2024-02-29"), Date.UTC(2024, 1, 29));
  for (const text of [undefined, "", "2023-02-29", "2024-02-30", "2024-2-9", "2024-02-29T00:00:00Z", "today"]) {
    assert.equal(parseDay(text), undefined, text);
  }
});
