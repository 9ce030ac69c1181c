import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, problems, row } from "../../test-support.ts";
import { ConfigMap } from "./config-map.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("a config map with text and bytes under different keys is good", () => {
  assert.deepEqual(problems(ConfigMap, { data: { "a.b": "1" }, binaryData: { c: base64("x") } }), []);
});

test("a key stands once, in data or in binaryData, and is a config key", () => {
  assert.deepEqual(problems(ConfigMap, { data: { a: "1", "b c": "" }, binaryData: { a: base64("1"), "..d": "" } }), [
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    `data[b c]: Invalid value: "b c": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    `binaryData[..d]: Invalid value: "..d": must not start with '..'`,
  ]);
});

test("all values together may hold a mebibyte and no more", () => {
  const half = 512 * 1024;
  const binaryData = { b: Buffer.alloc(half).toString("base64") };
  assert.deepEqual(problems(ConfigMap, { data: { a: "x".repeat(half) }, binaryData }), []);
  assert.deepEqual(problems(ConfigMap, { data: { a: "é".repeat(half / 2), c: "x" }, binaryData }), [
    "[]: Too long: may not be more than 1048576 bytes",
  ]);
});

test("an immutable config map stays as it is, and stays immutable", () => {
  const old = decoded(ConfigMap, { immutable: true, data: { a: "1" } });
  const message = "field is immutable when `immutable` is set";
  assert.deepEqual(problems(ConfigMap, { immutable: true, data: { a: "1" } }, old), []);
  assert.deepEqual(problems(ConfigMap, { data: { a: "2" }, binaryData: { b: base64("1") } }, old), [
    `immutable: Forbidden: ${message}`,
    `data: Forbidden: ${message}`,
    `binaryData: Forbidden: ${message}`,
  ]);
  assert.deepEqual(problems(ConfigMap, { data: { a: "2" } }, decoded(ConfigMap, { data: { a: "1" } })), []);
});

test("its row counts the keys of both kinds", () => {
  const object = decoded(ConfigMap, {
    metadata: { name: "c", creationTimestamp: "2026-01-02T11:59:00Z" },
    data: { a: "1" },
    binaryData: { b: base64("2") },
  });
  assert.deepEqual(row(ConfigMap, object), { Name: "c", Data: 2, Age: "60s" });
});
