import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ApiError } from "../apimachinery/errors/api-error.ts";
import { negotiate } from "./negotiate.ts";

const shown = (accept: string | undefined): string => {
  const { encoding, as, version } = negotiate(accept);
  return `${encoding} ${as} ${version}`;
};

test("who asks for nothing, or for anything, gets JSON", () => {
  for (const accept of [undefined, "", "*/*", "application/json", "application/*", "application/json; charset=utf-8"]) {
    assert.equal(shown(accept), "json object v1", accept);
  }
});

test("the first clause that can be had counts, after those of a higher quality", () => {
  assert.equal(shown("text/html, application/yaml, application/json"), "yaml object v1");
  assert.equal(shown("application/json;q=0.5, application/vnd.kubernetes.protobuf"), "protobuf object v1");
  assert.equal(shown("application/vnd.kubernetes.protobuf,application/json"), "protobuf object v1");
});

test("tables and partial metadata are chosen by their group and version, or the next clause is", () => {
  const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
  assert.equal(shown(`${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`), "json Table v1");
  assert.equal(shown("application/json;as=Table;v=v1beta1;g=meta.k8s.io"), "json Table v1beta1");
  assert.equal(shown("application/json;as=Table;v=v2;g=meta.k8s.io,application/json"), "json object v1");
  assert.equal(
    shown("application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"),
    "protobuf PartialObjectMetadata v1",
  );
});

test("names that every JavaScript object has are media types nobody knows", () => {
  for (const accept of ["constructor", "toString", "__proto__", "text/plain"]) {
    assert.throws(
      () => negotiate(accept),
      (error) => error instanceof ApiError && error.code === 406,
      accept,
    );
  }
});

test("any text is an output or NotAcceptable, and the same each time", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .array(fc.constantFrom("application/json", "as=Table", "g=meta.k8s.io", "v=v1", ";", ",", "q=0.1", "*/*"))
          .map((parts) => parts.join(";")),
      ),
      (accept) => {
        const once = outcome(accept);
        assert.deepEqual(outcome(accept), once);
      },
    ),
  );
});

function outcome(accept: string): unknown {
  try {
    return negotiate(accept);
  } catch (error) {
    assert.ok(error instanceof ApiError && error.code === 406);
    return error.status;
  }
}
