import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseImageName, parseNormalizedName, referenceText, withDefaultTag } from "./reference.ts";

const digest = `sha256:${"a1".repeat(32)}`;

test("short names are Docker's, and its official ones are in library/", () => {
  const full: Readonly<Record<string, string>> = {
    busybox: "docker.io/library/busybox",
    "busybox:1.36": "docker.io/library/busybox:1.36",
    "docker.io/busybox": "docker.io/library/busybox",
    "index.docker.io/busybox": "docker.io/library/busybox",
    "someone/thing": "docker.io/someone/thing",
    "registry.k8s.io/pause:3.10": "registry.k8s.io/pause:3.10",
    "localhost/thing": "localhost/thing",
    "localhost:5000/a/b:c": "localhost:5000/a/b:c",
    "[::1]:5000/a": "[::1]:5000/a",
    "Host/a": "Host/a",
    [`a.io/x@${digest}`]: `a.io/x@${digest}`,
    [`a.io/x:1@${digest}`]: `a.io/x:1@${digest}`,
  };
  for (const [name, expected] of Object.entries(full))
    assert.equal(referenceText(parseNormalizedName(name)), expected, name);
});

test("what is not a name is refused in upstream's words", () => {
  const why: Readonly<Record<string, string>> = {
    "": "invalid reference format",
    "a b": "invalid reference format",
    "busybox:": "invalid reference format",
    ":tag": "invalid reference format",
    "FAILED_IMAGE!": "invalid reference format: repository name (library/FAILED_IMAGE!) must be lowercase",
    BusyBox: "invalid reference format: repository name (library/BusyBox) must be lowercase",
    ["f".repeat(64)]: `invalid repository name (${"f".repeat(64)}), cannot specify 64-byte hexadecimal strings`,
    [`a/${"b".repeat(300)}`]: "repository name must not be more than 255 characters",
    [`a@md5:${"a".repeat(32)}`]: "unsupported digest algorithm",
    [`a:1@MD5:${"a".repeat(32)}`]: "invalid checksum digest format",
    [`a@sha256:${"a".repeat(63)}`]: "invalid checksum digest length",
    [`a@sha256:${"A".repeat(64)}`]: "invalid checksum digest format",
  };
  for (const [name, message] of Object.entries(why)) assert.throws(() => parseNormalizedName(name), { message }, name);
  assert.throws(() => parseImageName('a"b'), {
    name: "ImageReferenceError",
    message: 'couldn\'t parse image name "a\\"b": invalid reference format',
  });
});

test("a name without tag and digest means latest, and stays as short as it was", () => {
  assert.equal(parseImageName("busybox").tag, "latest");
  assert.equal(parseImageName(`busybox@${digest}`).tag, undefined);
  assert.equal(withDefaultTag("busybox"), "busybox:latest");
  assert.equal(withDefaultTag("localhost:5000/busybox"), "localhost:5000/busybox:latest");
  assert.equal(withDefaultTag("busybox:1"), "busybox:1");
  assert.equal(withDefaultTag(`busybox@${digest}`), `busybox@${digest}`);
});

test("a full name is read as itself", () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?$/);
  const name = fc.tuple(
    fc.constantFrom("docker.io", "registry.k8s.io", "localhost:5000", "10.0.0.1:80"),
    fc.array(part, { minLength: 2, maxLength: 4 }),
    fc.option(fc.stringMatching(/^[A-Za-z0-9_][\w.-]{0,20}$/)),
    fc.boolean(),
  );
  fc.assert(
    fc.property(name, ([domain, parts, tag, isDigested]) => {
      const text = `${domain}/${parts.join("/")}${tag === null ? "" : `:${tag}`}${isDigested ? `@${digest}` : ""}`;
      assert.equal(referenceText(parseNormalizedName(text)), text);
    }),
  );
});
