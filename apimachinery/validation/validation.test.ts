import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatFieldError } from "../field/errors.ts";
import { path } from "../field/path.ts";
import {
  isDNS1035Label,
  isDNS1123Label,
  isDNS1123Subdomain,
  isDNS1123SubdomainWithUnderscore,
  isWildcardDNS1123Subdomain,
} from "./dns.ts";
import { isDomainPrefixedPath, isFullyQualifiedDomainName, isFullyQualifiedName } from "./domains.ts";
import * as formats from "./formats.ts";
import { isQualifiedName, isValidLabelValue } from "./labels.ts";
import type { Messages } from "./messages.ts";
import { nameIsDNS1035Label, nameIsDNSLabel, nameIsDNSSubdomain, pathSegmentName } from "./names.ts";

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

test("DNS names are judged with upstream's words", () => {
  assert.deepEqual(isDNS1123Label("a-1"), []);
  assert.deepEqual(isDNS1123Label("A"), [label]);
  assert.deepEqual(isDNS1123Label("a.b"), ["must not contain dots"]);
  assert.deepEqual(isDNS1123Label("a".repeat(64)), ["must be no more than 63 characters"]);
  assert.deepEqual(isDNS1123Subdomain("a.b-c"), []);
  assert.deepEqual(isDNS1123Subdomain("a..b"), [subdomain]);
  assert.equal(isDNS1123Subdomain("A".repeat(254)).length, 2);
  assert.deepEqual(isDNS1123SubdomainWithUnderscore("_a._b_c"), []);
  assert.deepEqual(isWildcardDNS1123Subdomain("*.a.b"), []);
  assert.equal(isWildcardDNS1123Subdomain("*a").length, 1);
  assert.deepEqual(isDNS1035Label("a1"), []);
  assert.equal(isDNS1035Label("1a").length, 1);
});

test("a generateName may end in a dash", () => {
  for (const check of [nameIsDNSSubdomain, nameIsDNSLabel, nameIsDNS1035Label]) {
    assert.deepEqual(check("web-", true), []);
    assert.equal(check("web-", false).length, 1);
  }
});

test("a path segment may not lead elsewhere", () => {
  assert.deepEqual(pathSegmentName("system:a b", false), []);
  assert.deepEqual(pathSegmentName("..", false), ["may not be '..'"]);
  assert.deepEqual(pathSegmentName("..", true), []);
  assert.deepEqual(pathSegmentName("a/b%", false), ["may not contain '/'", "may not contain '%'"]);
});

test("label keys and values are judged with upstream's words", () => {
  for (const good of ["a", "a/b", "a.b/C_d.e-f", "1"]) assert.deepEqual(isQualifiedName(good), []);
  const name =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  assert.deepEqual(isQualifiedName(""), ["name part must be non-empty", `name part ${name}`]);
  assert.deepEqual(isQualifiedName("a b"), [`name part ${name}`]);
  assert.deepEqual(isQualifiedName("/a"), ["prefix part must be non-empty"]);
  assert.deepEqual(isQualifiedName("A/a"), [`prefix part ${subdomain}`]);
  assert.deepEqual(isQualifiedName(`${"a".repeat(254)}/a`), ["prefix part must be no more than 253 bytes"]);
  assert.deepEqual(isQualifiedName("a".repeat(64)), ["name part must be no more than 63 bytes"]);
  assert.deepEqual(isQualifiedName("a/b/c"), [
    `a valid label key ${name} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ]);
  assert.deepEqual(isValidLabelValue(""), []);
  assert.deepEqual(isValidLabelValue("v".repeat(64)), ["must be no more than 63 bytes"]);
  assert.equal(isValidLabelValue("-a").length, 1);
});

test("formats accept their examples and refuse their counterexamples", () => {
  const table: readonly [(text: string) => Messages, readonly string[], readonly string[]][] = [
    [formats.isValidPortName, ["http", "a-1"], ["", "1", "a--b", "-a", "a".repeat(16), "A"]],
    [formats.isValidPercent, ["1%", "100%"], ["1", "%", "-1%"]],
    [formats.isHTTPHeaderName, ["X-A"], ["", "X A"]],
    [formats.isEnvVarName, ["A.b-c_1"], ["1A", "", "..", "a=b"]],
    [formats.isRelaxedEnvVarName, ["1 A", "~"], ["", "a=b", "é", "\n"]],
    [formats.isConfigMapKey, ["a.b", ".a"], [".", "..", "..a", "a/b", ""]],
    [formats.isCIdentifier, ["_a1"], ["1a", ""]],
    [formats.isDecimalInteger, ["0", "-1", "10"], ["", "-0", "01", "+1", "1e3"]],
  ];
  for (const [check, good, bad] of table) {
    for (const text of good) assert.deepEqual(check(text), [], text);
    for (const text of bad) assert.notDeepEqual(check(text), [], text);
  }
  assert.deepEqual(formats.isValidPortNum(0), ["must be between 1 and 65535, inclusive"]);
  assert.deepEqual(formats.isValidPortNum(65535), []);
});

test("domains are judged with upstream's words", () => {
  const place = path("f");
  assert.deepEqual(isFullyQualifiedName(place, "a.b.c"), []);
  assert.deepEqual(isFullyQualifiedName(place, "a.b").map(formatFieldError), [
    'f: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
  ]);
  assert.deepEqual(isFullyQualifiedDomainName(place, "a.b."), []);
  assert.equal(isFullyQualifiedDomainName(place, "a").length, 1);
  assert.deepEqual(isDomainPrefixedPath(place, "acme.io/a/b"), []);
  assert.equal(isDomainPrefixedPath(place, "acme.io/").length, 1);
});

test("every check ends soon and never throws, whatever it is given", { timeout: 20_000 }, () => {
  const nasty = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ unit: fc.constantFrom("a", "-", ".", "_", "/", "A"), maxLength: 2000 }),
  );
  const checks = [
    isDNS1123Label,
    isDNS1123Subdomain,
    isDNS1123SubdomainWithUnderscore,
    isWildcardDNS1123Subdomain,
    isDNS1035Label,
    isQualifiedName,
    isValidLabelValue,
    formats.isEnvVarName,
    formats.isConfigMapKey,
  ];
  fc.assert(
    fc.property(nasty, (text) => {
      for (const check of checks) assert.ok(Array.isArray(check(text)));
    }),
  );
  const start = process.hrtime.bigint();
  for (const check of checks) check(`${"a-".repeat(500_000)}!`);
  assert.ok(process.hrtime.bigint() - start < 5_000_000_000n);
});
