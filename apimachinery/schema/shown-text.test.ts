import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fieldErrorBody, invalid, notSupported } from "../field/errors.ts";
import { goJson } from "../text/go-json.ts";
import { goQuote } from "../text/go-quote.ts";
import { schemaTable } from "./build.ts";
import { shownByType } from "./shown-text.ts";

const pod = schemaTable(() => ({
  "shop.Order": {
    fields: {
      lists: { type: "[]shop.Item" },
      modes: { type: "[]string", go: "[]v1.Mode" },
      names: "[]string",
      limits: { type: "map[string]string", go: "v1.ResourceList" },
      states: { type: "map[string]string", go: "map[v1.ResourceName]v1.State" },
      labels: "map[string]string",
    },
  },
  "shop.Item": { fields: { name: "string", policy: { type: "string", go: "v1.Policy" } } },
})).definition("shop.Order");

const shown = (place: string, value: string): string => fieldErrorBody(shownByType(pod, invalid(place, value, "")));

test("a text of a type of its own is JSON, a plain one is quoted", () => {
  const json = 'Invalid value: "a\\u003cb"';
  const quoted = 'Invalid value: "a<b"';
  for (const place of ["lists[0].policy", "modes[1]", "modes", "limits[a<b]", "states[a<b]", "states[x]"]) {
    assert.equal(shown(place, "a<b"), json, place);
  }
  for (const place of [
    "lists[0].name",
    "names[1]",
    "names",
    "labels[a<b]",
    "labels[a.b/c]",
    "lists[0].nothing",
    "",
    "x",
  ]) {
    assert.equal(shown(place, "a<b"), quoted, place);
  }
});

test("the values that there are stay quoted", () => {
  const error = notSupported("lists[0].policy", "a&b", ["<c>"]);
  assert.equal(fieldErrorBody(shownByType(pod, error)), 'Unsupported value: "a\\u0026b": supported values: "<c>"');
});

test("whatever the text, it is shown in one of the two ways", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.equal(shown("lists[0].policy", text), `Invalid value: ${goJson(text)}`);
      assert.equal(shown("lists[0].name", text), `Invalid value: ${goQuote(text)}`);
    }),
  );
});
