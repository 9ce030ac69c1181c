import assert from "node:assert/strict";
import { test } from "node:test";
import { goBool, goList, goString, goStruct, goTime, goUnmarshal } from "./go-unmarshal.ts";

const taint = goStruct("core.Taint", { Key: goString(), Effect: goString("core.TaintEffect"), TimeAdded: goTime });
const taints = goList("core.Taint", taint);
const outer = goStruct("v1.Outer", { inner: goList("v1.Inner", goStruct("v1.Inner", { on: goBool })) });

test("fields are met in whatever case, what is null or unknown is left out", () => {
  assert.deepEqual(goUnmarshal('[{"key": "a", "EFFECT": null, "more": 1}, null]', taints), {
    value: [{ Key: "a" }, {}],
  });
  assert.deepEqual(goUnmarshal('[{"timeAdded": "2026-01-02T11:00:00+01:00"}]', taints), {
    value: [{ TimeAdded: "2026-01-02T10:00:00Z" }],
  });
  assert.deepEqual(goUnmarshal("null", taints), { value: undefined });
});

test("what does not fit is told as Go tells it, the first of it alone", () => {
  const problem = (text: string, type = taints): unknown => goUnmarshal(text, type);
  assert.deepEqual(problem("["), { problem: "unexpected end of JSON input" });
  assert.deepEqual(problem("{}"), { problem: "json: cannot unmarshal object into Go value of type []core.Taint" });
  assert.deepEqual(problem("[1]"), { problem: "json: cannot unmarshal number into Go value of type core.Taint" });
  assert.deepEqual(problem('[{"effect": true, "key": 1}]'), {
    problem: "json: cannot unmarshal bool into Go struct field Taint.Effect of type core.TaintEffect",
  });
  assert.deepEqual(problem('[{"timeAdded": 1}]'), {
    problem: "json: cannot unmarshal number into Go value of type string",
  });
  assert.deepEqual(problem('{"inner": [{"on": "a"}]}', outer), {
    problem: "json: cannot unmarshal string into Go struct field Inner.inner.on of type bool",
  });
  assert.deepEqual(problem('{"inner": ["a"]}', outer), {
    problem: "json: cannot unmarshal string into Go struct field Outer.inner of type v1.Inner",
  });
});
