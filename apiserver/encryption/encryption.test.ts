import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { builtInResources } from "../../api/mod.ts";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { SeededRandom, silentLogger, VirtualClock } from "../../base/mod.ts";
import { parseEncryptionConfiguration } from "./configuration.ts";
import { resourceOfKey } from "./resource-of-key.ts";
import { transformersOf } from "./transformers.ts";

const secret = Buffer.alloc(32, 1).toString("base64");
const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n";
const entry = (resources: string, providers: string): string =>
  `- resources: [${resources}]\n  providers: [${providers}]\n`;
const keys = (name = "key1", value = secret): string => `keys: [{name: ${name}, secret: ${value}}]`;
const parse = (yaml: string, reload = false) => parseEncryptionConfiguration(parseYaml(yaml).value, { reload });
const file = (...entries: readonly string[]): string => `${head}resources:\n${entries.join("")}`;
const made = (yaml: string) =>
  transformersOf(parse(yaml), { clock: new VirtualClock(), random: new SeededRandom(1), logger: silentLogger });

describe("an encryption configuration", () => {
  test("chooses by resource: the first writes, and its name stands in front of what is stored", () => {
    const transformers = made(
      file(
        entry("events", "{identity: {}}"),
        entry("secrets, pandas.awesome.bears.example", `{aescbc: {${keys()}}}, {identity: {}}`),
        entry("'*.apps'", `{secretbox: {${keys("key2")}}}`),
        entry("'*.*'", `{aesgcm: {${keys("key3")}}}`),
      ),
    );
    const form = (group: string, resource: string): string => {
      const stored = transformers.of({ group, resource })!.toStore(Buffer.from("{}"), "/registry/x");
      return /^k8s:enc:\w+:v1:\w+:|^\{\}$/.exec(Buffer.from(stored).toString("latin1"))?.[0] ?? "";
    };
    assert.equal(form("", "secrets"), "k8s:enc:aescbc:v1:key1:");
    assert.equal(form("awesome.bears.example", "pandas"), "k8s:enc:aescbc:v1:key1:");
    assert.equal(form("", "events"), "{}");
    assert.equal(form("apps", "deployments"), "k8s:enc:secretbox:v1:key2:");
    assert.equal(form("", "configmaps"), "k8s:enc:aesgcm:v1:key3:");
    assert.equal(form("batch", "jobs"), "k8s:enc:aesgcm:v1:key3:");
  });

  test("leaves alone what it does not name", () => {
    assert.equal(made(file(entry("secrets", "{identity: {}}"))).of({ group: "", resource: "configmaps" }), undefined);
    const core = made(file(entry("'*.'", "{identity: {}}")));
    assert.ok(core.of({ group: "", resource: "configmaps" }));
    assert.equal(core.of({ group: "apps", resource: "deployments" }), undefined);
  });

  test("may not name what an earlier entry has taken", () => {
    const provider = "{identity: {}}";
    assert.throws(() => made(file(entry("'*.*'", provider), entry("secrets", provider))), {
      message: 'resource "secrets" is masked by earlier rule "*.*"',
    });
    assert.throws(() => made(file(entry("'*.'", provider), entry("secrets", provider))), {
      message: 'resource "secrets" is masked by earlier rule "*."',
    });
  });

  const refusals: readonly (readonly [name: string, yaml: string, message: string])[] = [
    ["of another kind", "apiVersion: v1\nkind: Secret\n", 'no kind "Secret" is registered for version "v1"'],
    ["without resources", `${head}resources: []\n`, "resources: Required value: at least one resources is required"],
    ["with an unknown field", `${head}resource: []\n`, 'strict decoding error: unknown field "resource"'],
    [
      "with an entry for nothing",
      file(entry("", "{identity: {}}")),
      "resources[0].resources: Required value: at least one resources[0].resources is required",
    ],
    [
      "with a short key",
      file(entry("secrets", `{aesgcm: {${keys("k", "c2hvcnQ=")}}}`)),
      'resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 5, expected one of [16 24 32]',
    ],
    [
      "with a key that is not base64",
      file(entry("secrets", `{secretbox: {${keys("k", "'!!'")}}}`)),
      'resources[0].providers[0].secretbox.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded',
    ],
    [
      "with a nameless key",
      file(entry("secrets", `{aescbc: {${keys("''")}}}`)),
      "resources[0].providers[0].aescbc.keys[0].name: Required value: name is a mandatory field for a key",
    ],
    [
      "with a resource across groups",
      file(entry("'secrets.*'", "{identity: {}}")),
      'resources[0].resources[0]: Invalid value: "secrets.*": encrypting the same resource across groups is not supported',
    ],
    [
      "with a star alone",
      file(entry("'*'", "{identity: {}}")),
      "resources[0].resources[0]: Invalid value: \"*\": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources",
    ],
    [
      "with capitals",
      file(entry("Secrets", "{identity: {}}")),
      'resources[0].resources[0]: Invalid value: "Secrets": resource name should not contain capital letters',
    ],
    [
      "with a plugin over TCP",
      file(entry("secrets", "{kms: {apiVersion: v2, name: a, endpoint: 'tcp://localhost:80'}}")),
      'resources[0].providers[0].kms.endpoint: Invalid value: "tcp://localhost:80": unsupported scheme "tcp" for KMS provider, only unix is supported',
    ],
    [
      "with a plugin of a wrong name",
      file(entry("secrets", "{kms: {apiVersion: v2, name: 'a:b', endpoint: 'unix:///s'}}")),
      "resources[0].providers[0].kms.name: Invalid value: \"a:b\": invalid KMS provider name a:b, must not contain ':'",
    ],
    [
      "with one resource twice",
      file(entry("secrets, secrets", "{identity: {}}")),
      'resources[0].resources: Invalid value: ["secrets","secrets"]: the same resource cannot be specified multiple times',
    ],
    [
      "with resources that hide each other",
      file(entry("secrets, '*.'", "{identity: {}}")),
      "resources[0].resources: Invalid value: [\"secrets\",\"*.\"]: using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
    ],
  ];
  for (const [name, yaml, message] of refusals) {
    test(`${name} is refused`, () => {
      assert.throws(() => parse(yaml), { message });
    });
  }

  test("never shows a key in what it says", () => {
    const yaml = file(entry("secrets", `{aesgcm: {${keys()}}, identity: {}}`));
    assert.throws(
      () => parse(yaml),
      (error: Error) => /more than one provider specified/.test(error.message) && !error.message.includes(secret),
    );
  });
});

test("keys of the store tell their resource, built in or custom", () => {
  const resourceOf = resourceOfKey(builtInResources);
  assert.deepEqual(resourceOf("/registry/secrets/default/a"), { group: "", resource: "secrets" });
  assert.deepEqual(resourceOf("/registry/services/specs/default/a"), { group: "", resource: "services" });
  assert.deepEqual(resourceOf("/registry/events/default/a"), { group: "", resource: "events" });
  assert.deepEqual(resourceOf("/registry/deployments/default/a"), { group: "apps", resource: "deployments" });
  assert.deepEqual(resourceOf("/registry/bears.example/pandas/a"), { group: "bears.example", resource: "pandas" });
  assert.equal(resourceOf("/elsewhere/a"), undefined);
});
