import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBody } from "./parse.ts";

test("a field that stands twice in JSON is named, and costs nothing where there is none", () => {
  const twice = parseBody(Buffer.from('{"data":{"a":"1","a":"2"}}'), "application/json");
  assert.deepEqual(twice.duplicates(2), ['duplicate field "data.a"']);
  const once = parseBody(Buffer.from('{"data":{"a":"1"}}'), undefined);
  assert.deepEqual(once.duplicates(2), []);
});

test("a key that stands twice in YAML is told in YAML's own words, once", () => {
  const { duplicates } = parseBody(Buffer.from("data:\n  a: 1\n  a: 2\n"), "application/yaml");
  const [text, ...more] = duplicates(2);
  assert.match(text ?? "", /^yaml: unmarshal errors:\n {2}line 3: key "a" already set in map$/);
  assert.deepEqual(more, []);
});
