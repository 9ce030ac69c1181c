import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Secret } from "../../../api/core/v1/secret.ts";
import { createKeyring } from "./keyring.ts";
import { matchesGlob, matchesLocation, parseLocation } from "./registry-match.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function secret(auths: Readonly<Record<string, object>>, name = "pull"): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "default", uid: `uid-${name}` },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": base64(JSON.stringify({ auths })) },
  };
}

const user = (username: string) => ({ username, password: "p" });

test("locations match as upstream has it", () => {
  // [pattern, target, matches]: pkg/credentialprovider/keyring_test.go, TestURLsMatch, in other names.
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "a.b.example.com", false],
    ["*.*.example.com", "a.b.example.com", true],
    ["a-*.example.com", "a-eu.example.com", true],
    ["example.com", "example.com/x/y", true],
    ["example.com/x", "example.com/x/y", true],
    ["example.com/x", "example.com/y", false],
    ["example.com:5000", "example.com:5000/x", true],
    ["example.com:5000", "example.com/x", false],
    ["example.com", "example.com:5000/x", false],
    ["https://example.com/v1/", "example.com/x", true],
    ["https://example.com/v2/team", "example.com/team/x", true],
    ["[::1]:5000", "[::1]:5000/x", true],
    // A question mark begins a query, in a URL.
    ["exampl?.com", "example.com/x", false],
    ["[a-f]xample.com", "example.com/x", true],
    ["[^a-f]xample.com", "example.com/x", false],
  ];
  for (const [pattern, target, matches] of cases)
    assert.equal(matchesLocation(parseLocation(pattern)!, parseLocation(target)!), matches, `${pattern} ${target}`);
});

test("a glob matches as a regular expression would", () => {
  const letters = fc.constantFrom("a", "b", "-");
  const pattern = fc.array(fc.constantFrom("a", "b", "-", "*", "?"), { maxLength: 8 });
  fc.assert(
    fc.property(pattern, fc.array(letters, { maxLength: 8 }), (parts, text) => {
      const expected = new RegExp(
        `^${parts.map((part) => (part === "*" ? ".*" : part === "?" ? "." : part)).join("")}$`,
      );
      assert.equal(matchesGlob(parts.join(""), text.join("")), expected.test(text.join("")));
    }),
  );
});

test("a pattern made to be slow is not", () => {
  assert.equal(matchesGlob("*a".repeat(2_000), "b".repeat(5_000)), false);
});

test("longer paths come before shorter ones, secrets in their order", () => {
  const keyring = createKeyring([
    secret({ "quay.io": user("all"), "quay.io/coreos": user("coreos"), "*.io": user("wild") }),
    secret({ "quay.io": user("second") }, "other"),
  ]);
  const names = (repository: string) => keyring.lookup(repository).map(({ username }) => username);
  assert.deepEqual(names("quay.io/coreos/etcd"), ["coreos", "all", "second", "wild"]);
  assert.deepEqual(names("quay.io/other"), ["all", "second", "wild"]);
  assert.deepEqual(names("ghcr.io/x"), ["wild"]);
  assert.deepEqual(names("example.com/x"), []);
});

test("Docker's registry has many names", () => {
  for (const location of [
    "https://index.docker.io/v1/",
    "index.docker.io",
    "docker.io",
    "https://index.docker.io/v2/",
  ]) {
    const keyring = createKeyring([secret({ [location]: user("me") })]);
    assert.equal(keyring.lookup("docker.io/library/busybox").length, 1, location);
    assert.equal(keyring.lookup("registry.k8s.io/pause").length, 0, location);
  }
});

test("auth wins over user and password; a password may have colons", () => {
  const auth = base64("me:a:b").replace(/=+$/, "");
  const [credentials] = createKeyring([secret({ "a.io": { ...user("x"), auth } })]).lookup("a.io/b");
  assert.deepEqual([credentials!.username, credentials!.password], ["me", "a:b"]);
  assert.deepEqual(credentials!.secret, { uid: "uid-pull", namespace: "default", name: "pull" });
});

test("the older form is read, other secrets are not", () => {
  const cfg: Secret = {
    ...secret({}),
    type: "kubernetes.io/dockercfg",
    data: { ".dockercfg": base64(JSON.stringify({ "a.io": user("old") })) },
  };
  assert.equal(createKeyring([cfg]).lookup("a.io/b")[0]?.username, "old");
  assert.deepEqual(createKeyring([{ ...secret({ "a.io": user("x") }), type: "Opaque" }]).lookup("a.io/b"), []);
});

test("what cannot be read is an error", () => {
  const broken = (text: string): Secret => ({ ...secret({}), data: { ".dockerconfigjson": base64(text) } });
  assert.throws(() => createKeyring([broken("{")]), { name: "DockerConfigError" });
  assert.throws(
    () => createKeyring([broken('{"auths":{"a.io":{"auth":"bm9jb2xvbg=="}}}')]),
    /base64\(username:password\)/,
  );
  assert.throws(() => createKeyring([broken('{"auths":{"a.io":{"auth":"?"}}}')]), /illegal base64/);
});
