import assert from "node:assert/strict";
import { test } from "node:test";
import { expand } from "./expansion.ts";

// Pairs of third_party/forked/golang/expansion/expand_test.go.
const values = new Map([
  ["VAR_A", "A"],
  ["VAR_B", "B"],
  ["VAR_C", "C"],
  ["VAR_REF", "$(VAR_A)"],
  ["VAR_EMPTY", ""],
]);

const cases: readonly (readonly [string, string])[] = [
  ["$(VAR_A)", "A"],
  ["___$(VAR_B)___", "___B___"],
  ["___$(VAR_C)", "___C"],
  ["$(VAR_A)-$(VAR_A)", "A-A"],
  ["$(VAR_A)_1", "A_1"],
  ["$$$(VAR_A)", "$A"],
  ["$$(VAR_A)_$(VAR_A)", "$(VAR_A)_A"],
  ["$$$$$$(BAD_VAR)", "$$$(BAD_VAR)"],
  ["$(VAR_REF)", "$(VAR_A)"],
  ["%%$(VAR_REF)--$(VAR_REF)%%", "%%$(VAR_A)--$(VAR_A)%%"],
  ["foo$(VAR_EMPTY)bar", "foobar"],
  ["foo$(VAR_Awhoops!", "foo$(VAR_Awhoops!"],
  ["foo00__(VAR_A)__", "foo00__(VAR_A)__"],
  ["$?_boo_$!", "$?_boo_$!"],
  ["$VAR_A", "$VAR_A"],
  ["$(VAR_DNE)", "$(VAR_DNE)"],
  ["$$$$$$(VAR_A)", "$$$(VAR_A)"],
  ["$$$$$$$(VAR_A)", "$$$A"],
  ["$VAR_A)", "$VAR_A)"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: no template, a shell's way to say it
  ["${VAR_A}", "${VAR_A}"],
  ["$(VAR_B)_______$(A", "B_______$(A"],
  ["foo$", "foo$"],
  ["$", "$"],
  ["$(", "$("],
  ["\n", "\n"],
];

for (const [text, expanded] of cases) {
  test(`${JSON.stringify(text)} becomes ${JSON.stringify(expanded)}`, () => {
    assert.equal(
      expand(text, (name) => values.get(name)),
      expanded,
    );
  });
}
