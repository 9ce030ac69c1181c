import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { decoded, prepared, problems, row } from "../../test-support.ts";
import { Secret } from "./secret.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("text becomes data and wins over data of the same key", () => {
  const secret = prepared(Secret, { data: { a: base64("old"), b: base64("kept") }, stringData: { a: "new", c: "ü" } });
  assert.deepEqual(secret.data, { a: base64("new"), b: base64("kept"), c: base64("ü") });
  assert.equal("stringData" in secret, false);
  assert.equal(secret.type, "Opaque");
});

test("the type of a secret never changes", () => {
  const old = decoded(Secret, { type: "Opaque" });
  assert.deepEqual(problems(Secret, { type: "Opaque" }, old), []);
  assert.deepEqual(problems(Secret, { type: "example.com/x" }, old), [
    'type: Invalid value: "example.com/x": field is immutable',
  ]);
});

test("an immutable secret keeps its data and stays immutable", () => {
  const old = decoded(Secret, { immutable: true, data: { a: base64("1") } });
  assert.deepEqual(problems(Secret, { immutable: true, stringData: { a: "1" } }, old), []);
  assert.deepEqual(problems(Secret, { stringData: { a: "2" } }, old), [
    "immutable: Forbidden: field is immutable when `immutable` is set",
    "data: Forbidden: field is immutable when `immutable` is set",
  ]);
});

test("each type asks for its keys", () => {
  const wanted: Readonly<Record<string, readonly string[]>> = {
    "kubernetes.io/service-account-token": ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
    "kubernetes.io/dockercfg": ["data[.dockercfg]: Required value"],
    "kubernetes.io/dockerconfigjson": ["data[.dockerconfigjson]: Required value"],
    "kubernetes.io/basic-auth": ["data[username]: Required value", "data[password]: Required value"],
    "kubernetes.io/ssh-auth": ["data[ssh-privatekey]: Required value"],
    "kubernetes.io/tls": ["data[tls.crt]: Required value", "data[tls.key]: Required value"],
    "bootstrap.kubernetes.io/token": [],
    Opaque: [],
  };
  for (const [type, expected] of Object.entries(wanted)) assert.deepEqual(problems(Secret, { type }), expected, type);
});

test("each type is content with its keys", () => {
  const good: readonly object[] = [
    {
      type: "kubernetes.io/service-account-token",
      metadata: { annotations: { "kubernetes.io/service-account.name": "default" } },
    },
    { type: "kubernetes.io/dockercfg", stringData: { ".dockercfg": "{}" } },
    { type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": '{"auths":{}}' } },
    { type: "kubernetes.io/basic-auth", stringData: { password: "" } },
    { type: "kubernetes.io/ssh-auth", stringData: { "ssh-privatekey": "x" } },
    { type: "kubernetes.io/tls", stringData: { "tls.crt": "", "tls.key": "" } },
  ];
  for (const secret of good) assert.deepEqual(problems(Secret, secret), []);
});

test("registry credentials are a JSON object, and the message does not show them", () => {
  const type = "kubernetes.io/dockerconfigjson";
  const prefix = 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": ';
  const wanted: Readonly<Record<string, string>> = {
    "": "unexpected end of JSON input",
    "[]": "json: cannot unmarshal array into Go value of type map[string]interface {}",
    "1": "json: cannot unmarshal number into Go value of type map[string]interface {}",
    "{a": "invalid character 'a' looking for beginning of object key string",
  };
  for (const [text, message] of Object.entries(wanted)) {
    assert.deepEqual(problems(Secret, { type, stringData: { ".dockerconfigjson": text } }), [prefix + message]);
  }
});

test("keys are config keys and all values together hold at most a mebibyte", () => {
  const data = { "a b": Buffer.alloc(1024 * 1024 + 1).toString("base64") };
  const [key, size] = problems(Secret, { data });
  assert.match(key!, /^data\[a b\]: Invalid value: "a b": a valid config key must consist of/);
  assert.equal(size, "data: Too long: may not be more than 1048576 bytes");
});

test("a TLS secret whose parts make no pair is accepted with a warning", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const warningsOf = (crt: string, key: string): readonly string[] => {
    const secret = decoded(Secret, { type: "kubernetes.io/tls", stringData: { "tls.crt": crt, "tls.key": key } });
    return [...(Secret.warnings?.(secret, undefined) ?? [])];
  };
  assert.deepEqual(warningsOf("", ""), ["tls: failed to find any PEM data in certificate input"]);
  assert.deepEqual(warningsOf(pem, pem), [
    "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
  ]);
});

test("its row shows type and number of keys, and its type can be selected", () => {
  const object = decoded(Secret, { metadata: { name: "s" }, stringData: { a: "1", b: "2" } });
  assert.deepEqual(row(Secret, object), { Name: "s", Type: "Opaque", Data: 2, Age: "<unknown>" });
  assert.equal(Secret.fieldSelectors["type"]?.(object), "Opaque");
});
