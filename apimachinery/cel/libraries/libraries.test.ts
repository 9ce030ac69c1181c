import assert from "node:assert/strict";
import { test } from "node:test";
import { createEnvironment } from "../environment.ts";
import { toJson } from "../values/json.ts";
import type { Value } from "../values/value.ts";
import { AuthorizerValue, authorizerType } from "./authorizer.ts";

const environment = createEnvironment({ variables: { authorizer: authorizerType } });

function evaluate(expression: string, activation: Record<string, unknown> = {}): unknown {
  const compiled = environment.compile(expression);
  if (!compiled.ok) return `compile: ${compiled.message}`;
  const outcome = compiled.program.evaluate(activation);
  if ("error" in outcome) return `error: ${outcome.error.message}`;
  return typeof outcome.value === "object" ? toJson(outcome.value) : outcome.value;
}

/** What upstream's own tests state (apiserver/pkg/cel/library/*_test.go). */
const facts: readonly (readonly [expression: string, expected: Value])[] = [
  ['isQuantity("20")', true],
  ['isQuantity("20M")', true],
  ['isQuantity("20Mi")', true],
  ['isQuantity("20Mo")', false],
  ['isQuantity("10Mm")', false],
  ['quantity("200M") == quantity("200M")', true],
  ['quantity("200M") == quantity("0.2G") && quantity("0.2G") == quantity("200M")', true],
  [
    'quantity("2M") == quantity("0.002G") && quantity("2000k") == quantity("2M") && quantity("0.002G") == quantity("2000k")',
    true,
  ],
  ['quantity("200M") == quantity("0.3G")', false],
  ['quantity("50M").isLessThan(quantity("50Mi"))', true],
  ['quantity("50M").isLessThan(quantity("100M"))', true],
  ['quantity("100M").isLessThan(quantity("50M"))', false],
  ['quantity("50Mi").isGreaterThan(quantity("50M"))', true],
  ['quantity("150Mi").isGreaterThan(quantity("100Mi"))', true],
  ['quantity("50M").isGreaterThan(quantity("100M"))', false],
  ['quantity("200M").compareTo(quantity("0.2G"))', 0n],
  ['quantity("50M").compareTo(quantity("50Mi"))', -1n],
  ['quantity("50Mi").compareTo(quantity("50M"))', 1n],
  ['quantity("50k").add(quantity("20")) == quantity("50.02k")', true],
  ['quantity("50k").add(20).isLessThan(quantity("50020"))', false],
  ['quantity("50k").sub(quantity("20")) == quantity("49.98k")', true],
  ['quantity("50k").sub(20) == quantity("49980")', true],
  ['quantity("50k").add(20).sub(quantity("100k")).asInteger()', -49980n],
  ['quantity("50k").add(20).sub(quantity("100k")).sub(-50000).asInteger()', 20n],
  ['quantity("50k").asInteger()', 50000n],
  ['quantity("9999999999999999999999999999999999999G").isInteger()', false],
  ['quantity("50").isInteger()', true],
  ['quantity("50.703k").asApproximateFloat()', 50703],
  ['isIP("192.168.0.1")', true],
  ['isIP("192.168.0.1.0")', false],
  ['ip.isCanonical("127.0.0.1")', true],
  ['ip("192.168.0.1").family()', 4n],
  ['ip("0.0.0.0").isUnspecified()', true],
  ['ip("127.0.0.1").isUnspecified()', false],
  ['ip("127.0.0.1").isLoopback()', true],
  ['ip("1.2.3.4").isLoopback()', false],
  ['ip("224.0.0.1").isLinkLocalMulticast()', true],
  ['ip("224.0.1.1").isLinkLocalMulticast()', false],
  ['ip("169.254.169.254").isLinkLocalUnicast()', true],
  ['ip("192.168.0.1").isLinkLocalUnicast()', false],
  ['ip("192.168.0.1").isGlobalUnicast()', true],
  ['ip("255.255.255.255").isGlobalUnicast()', false],
  ['isIP("2001:db8::68")', true],
  ['isIP("2001:db8:::68")', false],
  ['ip.isCanonical("2001:db8::68")', true],
  ['ip.isCanonical("2001:DB8::68")', false],
  ['ip("2001:db8::68").family()', 6n],
  ['ip("::").isUnspecified()', true],
  ['ip("::1").isUnspecified()', false],
  ['ip("::1").isLoopback()', true],
  ['ip("2001:db8::abcd").isLoopback()', false],
  ['ip("ff02::1").isLinkLocalMulticast()', true],
  ['ip("fd00::1").isLinkLocalMulticast()', false],
  ['ip("fe80::1").isLinkLocalUnicast()', true],
  ['ip("fd80::1").isLinkLocalUnicast()', false],
  ['ip("2001:db8::abcd").isGlobalUnicast()', true],
  ['ip("ff00::1").isGlobalUnicast()', false],
  ['string(ip("192.168.0.1"))', "192.168.0.1"],
  ['type(ip("192.168.0.1")) == net.IP', true],
  ['cidr("192.168.0.0/24").containsIP(ip("192.168.0.1"))', true],
  ['cidr("192.168.0.0/24").containsIP(ip("192.168.1.1"))', false],
  ['cidr("192.168.0.0/24").containsIP("192.168.0.1")', true],
  ['cidr("192.168.0.0/24").containsIP("192.168.1.1")', false],
  ['cidr("192.168.0.0/24").containsCIDR(cidr("192.168.0.0/25"))', true],
  ['cidr("192.168.0.0/24").containsCIDR(cidr("192.168.0.1/32"))', true],
  ['cidr("192.168.0.0/24").containsCIDR(cidr("192.168.0.0/23"))', false],
  ['cidr("192.168.0.0/24").containsCIDR(cidr("192.169.0.1/32"))', false],
  ['cidr("192.168.0.0/24").containsCIDR("192.168.0.0/25")', true],
  ['cidr("192.168.0.0/24").containsCIDR("192.168.0.0/23")', false],
  ['cidr("192.168.0.0/24").prefixLength()', 24n],
  ['cidr("2001:db8::/32").containsIP(ip("2001:db8::1"))', true],
  ['cidr("2001:db8::/32").containsIP(ip("2001:dc8::1"))', false],
  ['cidr("2001:db8::/32").containsIP("2001:db8::1")', true],
  ['cidr("2001:db8::/32").containsIP("2001:dc8::1")', false],
  ['cidr("2001:db8::/32").containsCIDR(cidr("2001:db8::/33"))', true],
  ['cidr("2001:db8::/32").containsCIDR(cidr("2001:db8::/31"))', false],
  ['cidr("2001:db8::/32").containsCIDR("2001:db8::/33")', true],
  ['cidr("2001:db8::/32").containsCIDR("2001:db8::/31")', false],
  ['cidr("2001:db8::/32").prefixLength()', 32n],
  ['string(cidr("192.168.0.0/24"))', "192.168.0.0/24"],
  ['type(cidr("192.168.0.0/24")) == net.CIDR', true],
  ['isSemver("1.2.3-beta.1+build.1")', true],
  ['isSemver("")', false],
  ['isSemver("v1.0.0")', false],
  ['isSemver(" 1.0.0")', false],
  ['isSemver("1. 0.0")', false],
  ['isSemver("1.0.0 ")', false],
  ['isSemver("01.01.01")', false],
  ['isSemver("1")', false],
  ['isSemver("1.1")', false],
  ['semver("1.2.3") == semver("1.2.3")', true],
  ['semver("1.2.3") == semver("1.0.0")', false],
  ['semver("1.0.0").isLessThan(semver("1.2.3"))', true],
  ['semver("1.0.0").isLessThan(semver("1.0.0"))', false],
  ['semver("1.2.3").isGreaterThan(semver("1.0.0"))', true],
  ['semver("1.0.0").isGreaterThan(semver("1.0.0"))', false],
  ['semver("1.2.3").compareTo(semver("1.2.3"))', 0n],
  ['semver("1.0.0").compareTo(semver("1.2.3"))', -1n],
  ['semver("1.2.3").compareTo(semver("1.0.0"))', 1n],
  ['semver("1.2.3").major()', 1n],
  ['semver("1.2.3").minor()', 2n],
  ['semver("1.2.3").patch()', 3n],
  ['format.dns1123Label().validate("my-label-name").hasValue()', false],
  ['format.dns1123Subdomain().validate("apiextensions.k8s.io").hasValue()', false],
  ['format.qualifiedName().validate("apiextensions.k8s.io/v1beta1").hasValue()', false],
  ['format.dns1123LabelPrefix().validate("my-label-prefix-").hasValue()', false],
  ['format.dns1123SubdomainPrefix().validate("mysubdomain.prefix.-").hasValue()', false],
  ['format.dns1035LabelPrefix().validate("my-label-prefix-").hasValue()', false],
  ['format.uri().validate("http://example.com").hasValue()', false],
  ['format.uuid().validate("123e4567-e89b-12d3-a456-426614174000").hasValue()', false],
  ['format.byte().validate("aGVsbG8=").hasValue()', false],
  ['format.date().validate("2021-01-01").hasValue()', false],
  ['format.datetime().validate("2021-01-01T00:00:00Z").hasValue()', false],
  ['format.dns1123Subdomain().validate("example.com").hasValue()', false],
  ['format.dns1035Label().validate("my-label-name").hasValue()', false],
  ['format.qualifiedName().validate("my.name").hasValue()', false],
  ['format.date().validate("2020-01-32").value()[0]', "invalid date"],
  ['format.datetime().validate("2020-01-32T00:00:00Z").value()[0]', "invalid datetime"],
  ['format.named("unknown").hasValue()', false],
  ['format.labelValue().validate("my-cool-label-Value").hasValue()', false],
];

for (const [expression, expected] of facts) {
  test(`${expression} is ${String(expected)}`, () => assert.equal(evaluate(expression), expected));
}

const wrongAddresses: readonly (readonly [expression: string, message: string])[] = [
  ["ip('192.168.0.1.0')", "IPv4 address too long"],
  ["ip('1.2.3')", "IPv4 address too short"],
  ["ip('1.2.3.256')", "IPv4 field has value >255"],
  ["ip('1.2.3.04')", "IPv4 field has octet with leading zero"],
  ["ip('1.2..3')", 'IPv4 field must have at least one digit (at ".3")'],
  ["ip('2001:db8:::68')", 'each colon-separated field must have at least one digit (at ":68")'],
  ["ip('12345::')", 'each group must have 4 or less digits (at "12345::")'],
  ["ip('a::b::c')", 'multiple :: in address (at ":c")'],
  ["ip('x')", "unable to parse IP"],
  ["ip('fe80::1%eth0')", 'IP address "fe80::1%eth0" with zone value is not allowed'],
  ["ip('::ffff:1.2.3.4')", 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'],
  ["cidr('192.168.0.0/')", 'netip.ParsePrefix("192.168.0.0/"): bad bits after slash: ""'],
  ["cidr('192.168.0.0/33')", "prefix length out of range"],
  ["cidr('192.168.0.0')", "no '/'"],
];

for (const [expression, message] of wrongAddresses) {
  test(`${expression} fails as Go's netip does`, () => {
    const answer = String(evaluate(expression));
    assert.ok(answer.startsWith("error: ") && answer.endsWith(message), answer);
  });
}

const answers: readonly (readonly [expression: string, expected: unknown])[] = [
  ["[1, 3, 2].isSorted()", false],
  ["[1, 3].sum()", 4n],
  ["['b', 'a'].min()", "a"],
  ["[].max()", "error: max called on empty list"],
  ["[1, 2, 1].lastIndexOf(1)", 2n],
  ["'abc 123'.find('[0-9]+')", "123"],
  ["'123 abc 456'.findAll('[0-9]+')", ["123", "456"]],
  ["'123 abc 456'.findAll('[0-9]*', 2)", ["123", ""]],
  ["url('https://user@example.com:80/path%20a?k=v&k=w#f').getHost()", "example.com:80"],
  ["url('https://[::1]:80/').getHostname()", "::1"],
  ["url('https://example.com:80/path?k=v&k=w').getQuery()", { k: ["v", "w"] }],
  ["url('/path with spaces').getEscapedPath()", "/path%20with%20spaces"],
  ["isURL('../relative-path')", false],
  ["isURL('https://a:b:c/')", false],
  ["[[1, 2], [3]].flatten()", [1, 2, 3]],
  ["[1, 2, 3].slice(1, 3)", [2, 3]],
  ["[1, 2, 3].slice(2, 1)", "error: cannot slice(2, 1), start index must be less than or equal to end index"],
  ["[3, 1, 2].sort()", [1, 2, 3]],
  ["['bb', 'a'].sortBy(e, e.size())", ["a", "bb"]],
  ["[1, 2, 1].distinct()", [1, 2]],
  ["lists.range(3)", [0, 1, 2]],
  ["sets.equivalent([1, 1], [1])", true],
  ["sets.intersects([1], [2])", false],
  ["{'a': 1}.transformList(k, v, k)", ["a"]],
  ["[1, 2].transformMap(i, v, v * 2)[1]", 4n],
  ["optional.none().orValue(1)", 1n],
  ["[1][?3].hasValue()", false],
  ["optional.of(2).optMap(v, v + 1).value()", 3n],
  ["'%.2f'.format([12345.678])", "12,345.68"],
  ["'%e'.format([1052.032911275])", "1.052033×10⁰³"],
  ["'%s %d %x'.format([dyn('a'), dyn(1), dyn(255)])", "a 1 ff"],
  [
    "'%d'.format([dyn('a')])",
    "error: error during formatting: decimal clause can only be used on integers, was given string",
  ],
  [
    "'%x'.format([dyn(1.5)])",
    "error: error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given double",
  ],
  ["strings.quote('a\"b')", '"a\\"b"'],
  ["['a', 'b'].join('-')", "a-b"],
  ["'a,b,c'.split(',', 2)", ["a", "b,c"]],
  ["'h\u00e9llo'.substring(1, 2)", "\u00e9"],
  ["semver('v1.02', true).minor()", 2n],
  ["format.named('uuid').value().validate('x').value()", ["does not match the UUID format"]],
];

for (const [expression, expected] of answers) {
  test(`${expression} answers as upstream does`, () => assert.deepEqual(evaluate(expression), expected));
}

test("an authorizer answers what the check says of the question", () => {
  const asked: unknown[] = [];
  const authorizer = new AuthorizerValue({ username: "jane", groups: [] }, (question) => {
    asked.push([
      question.user.username,
      question.verb,
      question.group,
      question.resource,
      question.namespace,
      question.path,
    ]);
    return { allowed: question.verb === "get", reason: "because" };
  });
  const check = (expression: string): unknown => evaluate(expression, { authorizer });
  assert.equal(check("authorizer.group('apps').resource('deployments').namespace('n').check('get').allowed()"), true);
  assert.equal(check("authorizer.path('/healthz').check('post').reason()"), "because");
  assert.equal(
    check("authorizer.serviceAccount('ns', 'sa').group('').resource('pods').check('list').allowed()"),
    false,
  );
  assert.equal(check("authorizer.path('').check('get').allowed()"), "error: path must not be empty");
  assert.deepEqual(asked, [
    ["jane", "get", "apps", "deployments", "n", ""],
    ["jane", "post", "", "", "", "/healthz"],
    ["system:serviceaccount:ns:sa", "list", "", "pods", "", ""],
  ]);
});
