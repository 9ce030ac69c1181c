import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { IntOrStringError, intValue, parseIntOrString, scaledIntOrPercent } from "./int-or-string.ts";

test("text becomes a number where 32 bits hold it", () => {
  assert.equal(parseIntOrString("80"), 80);
  assert.equal(parseIntOrString("-1"), -1);
  assert.equal(parseIntOrString("25%"), "25%");
  assert.equal(parseIntOrString("2147483648"), "2147483648");
  assert.equal(parseIntOrString("http"), "http");
  assert.equal(intValue("80"), 80);
  assert.equal(intValue("http"), 0);
});

test("a percentage is scaled and rounded, an integer is itself", () => {
  assert.equal(scaledIntOrPercent(3, 10, "up"), 3);
  assert.equal(scaledIntOrPercent("25%", 10, "up"), 3);
  assert.equal(scaledIntOrPercent("25%", 10, "down"), 2);
  assert.equal(scaledIntOrPercent("0%", 10, "up"), 0);
  assert.equal(scaledIntOrPercent("150%", 10, "down"), 15);
});

test("what is no percentage is refused in upstream's words", () => {
  assert.throws(() => scaledIntOrPercent("25", 1, "up"), {
    name: "IntOrStringError",
    message: "invalid value for IntOrString: invalid type: string is not a percentage",
  });
  assert.throws(() => scaledIntOrPercent("x%", 1, "up"), {
    message: 'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax',
  });
  assert.throws(() => scaledIntOrPercent("99999999999999999999%", 1, "up"), {
    message:
      'invalid value for IntOrString: invalid value "99999999999999999999%": strconv.Atoi: parsing "99999999999999999999": value out of range',
  });
});

test("any text is scaled or refused with the documented error", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+]?[0-9]{0,30}%?$/)), fc.nat(), (text, total) => {
      parseIntOrString(text);
      try {
        assert.ok(scaledIntOrPercent(text, total, "down") <= scaledIntOrPercent(text, total, "up"));
      } catch (error) {
        assert.ok(error instanceof IntOrStringError);
      }
    }),
  );
});
