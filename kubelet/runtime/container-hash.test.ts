import assert from "node:assert/strict";
import { test } from "node:test";
import { containerHash } from "./container-hash.ts";

test("a container's hash is upstream's", () => {
  // The value that upstream keeps stable from 1.31 on (container_hash_test.go).
  assert.equal(containerHash({ name: "test_container", image: "foo/image:v1" }), "8e45cbd0");
});

test("a container's hash changes with its image", () => {
  assert.notEqual(containerHash({ name: "a", image: "x:1" }), containerHash({ name: "a", image: "x:2" }));
});
