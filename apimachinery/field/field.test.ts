import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldError } from "./error.ts";
import * as errors from "./errors.ts";
import { path, rootPath } from "./path.ts";

test("a path reads as the field is written", () => {
  assert.equal(
    path("spec").child("containers").index(0).child("env", "name").toString(),
    "spec.containers[0].env.name",
  );
  assert.equal(path("metadata", "labels").key("a.b/c").toString(), "metadata.labels[a.b/c]");
  assert.equal(rootPath.toString(), "");
  assert.equal(rootPath.child("spec").index(1).toString(), "spec[1]");
});

test("a path is not changed by its children", () => {
  const parent = path("spec");
  parent.child("a").index(3);
  assert.equal(String(parent), "spec");
});

const place = path("f");
const cases: readonly [FieldError, string][] = [
  [errors.required(place), "f: Required value"],
  [errors.required(place, "why"), "f: Required value: why"],
  [errors.invalid(place, 'a"b', "bad"), 'f: Invalid value: "a\\"b": bad'],
  [errors.invalid(place, 1.5, "bad"), "f: Invalid value: 1.5: bad"],
  [errors.invalid(place, true, "bad"), "f: Invalid value: true: bad"],
  [errors.invalid(place, undefined, "bad"), "f: Invalid value: null: bad"],
  [errors.invalid(place, { a: "<x>" }, "bad"), 'f: Invalid value: {"a":"\\u003cx\\u003e"}: bad'],
  [errors.duplicate(place, "x"), 'f: Duplicate value: "x"'],
  [errors.notFound(place, "x"), 'f: Not found: "x"'],
  [errors.notSupported(place, "x", ["b", "a"]), 'f: Unsupported value: "x": supported values: "b", "a"'],
  [errors.forbidden(place, "no"), "f: Forbidden: no"],
  [errors.tooLong(place, 5), "f: Too long: may not be more than 5 bytes"],
  [errors.tooLong(place, 1), "f: Too long: may not be more than 1 byte"],
  [errors.tooLong(place, -1), "f: Too long: value is too long"],
  [errors.tooLongCharacters(place, 2), "f: Too long: may not be more than 2 characters"],
  [errors.tooShort(place, "", 1), "f: Too short: must be at least 1 character"],
  [errors.tooMany(place, 7, 5), "f: Too many: 7: must have at most 5 items"],
  [errors.tooMany(place, -1, 1), "f: Too many: must have at most 1 item"],
  [errors.tooFew(place, 0, 1), "f: Too few: 0: must have at least 1 item"],
  [errors.typeInvalid(place, 3, "must be a string"), "f: Invalid value: 3: must be a string"],
  [errors.internalError(place, new Error("boom")), "f: Internal error: boom"],
];

test("each kind of field error is worded as upstream words it", () => {
  for (const [error, text] of cases) assert.equal(errors.formatFieldError(error), text);
});
