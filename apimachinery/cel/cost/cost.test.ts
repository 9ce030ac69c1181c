import assert from "node:assert/strict";
import { test } from "node:test";
import { createEnvironment } from "../environment.ts";
import { AuthorizerValue, authorizerType } from "../libraries/authorizer.ts";
import { kubernetesLibraries } from "../libraries/kubernetes.ts";
import { jsonPatchLibrary } from "../libraries/mutation.ts";
import type { SizeEstimator } from "./estimate.ts";

const environment = createEnvironment({
  variables: { authorizer: authorizerType },
  libraries: [...kubernetesLibraries, jsonPatchLibrary],
  homogeneousLiterals: false,
});
const authorizer = new AuthorizerValue({ username: "u", groups: [] }, () => ({ allowed: true, reason: "" }));

/** Texts that no expression spells out have up to twelve characters. */
const textsOfTwelve: SizeEstimator = ({ type }) => (type.kind === "string" ? { min: 0, max: 12 } : undefined);

/**
 * What expressions cost at least and at most, and what they did cost, constants not worked out ahead: the numbers of
 * apiserver/pkg/cel/library/cost_test.go.
 */
const costs: readonly (readonly [expression: string, min: number, max: number, cost: number])[] = [
  ["authorizer.path('/healthz')", 2, 2, 2],
  ["authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend')", 6, 6, 6],
  [
    "authorizer.group('').resource('pods').fieldSelector('spec.nodeName=example-node-name.fully.qualified.domain.name.example.com')",
    1821,
    1821,
    1821,
  ],
  [
    "authorizer.group('').resource('pods').labelSelector('spec.nodeName=example-node-name.fully.qualified.domain.name.example.com')",
    1821,
    1821,
    1821,
  ],
  ["authorizer.path('/healthz').check('get').allowed()", 350003, 350003, 350003],
  [
    "authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend').check('create').allowed()",
    350007,
    350007,
    350007,
  ],
  [
    "authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend').check('create').allowed()",
    350007,
    350007,
    350007,
  ],
  [
    "authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend').check('create').errored()",
    350007,
    350007,
    350007,
  ],
  [
    "authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend').check('create').error()",
    350007,
    350007,
    350007,
  ],
  ['quantity("12Mi")', 1, 1, 1],
  ['isQuantity("20")', 1, 1, 1],
  ['isQuantity("20M")', 1, 1, 1],
  ['quantity("200M") == quantity("200M")', 3, 3, 3],
  ['quantity("200M") == quantity("0.2G") && quantity("0.2G") == quantity("200M")', 3, 6, 6],
  [
    'quantity("2M") == quantity("0.002G") && quantity("2000k") == quantity("2M") && quantity("0.002G") == quantity("2000k")',
    3,
    9,
    9,
  ],
  ['quantity("50M").isLessThan(quantity("50Mi"))', 3, 3, 3],
  ['quantity("50Mi").isGreaterThan(quantity("50M"))', 3, 3, 3],
  ['quantity("200M").compareTo(quantity("0.2G")) > 0', 4, 4, 4],
  ['quantity("50k").add(quantity("20")) == quantity("50.02k")', 5, 5, 5],
  ['quantity("50k").sub(quantity("20")) == quantity("49.98k")', 5, 5, 5],
  ['quantity("50k").sub(20) == quantity("49980")', 4, 4, 4],
  ['quantity("50k").add(20).sub(quantity("100k")).asInteger() > 0', 6, 6, 6],
  ['quantity("50k").add(20).sub(quantity("100k")).sub(-50000).asInteger() > 0', 7, 7, 7],
  ['quantity("50k").asInteger() > 0', 3, 3, 3],
  ['quantity("50").isInteger()', 2, 2, 2],
  ['quantity("50.703k").asApproximateFloat() > 0.0', 3, 3, 3],
  ['format.named("dns1123subdomain")', 1, 1, 1],
  ['format.named("dns1123Label").value().validate("my-name")', 34, 34, 10],
  ['format.named("dns1123Label").value().validate("my-name")', 34, 34, 10],
  ['format.named("dns1123Label").value() == format.named("dns1123Label").value()', 5, 11, 5],
  ["sets.contains([], [])", 21, 21, 21],
  ["sets.contains([1], [])", 21, 21, 21],
  ["sets.contains([1], [1])", 22, 22, 22],
  ["sets.contains([1], [1, 1])", 23, 23, 23],
  ["sets.contains([1, 1], [1])", 23, 23, 23],
  ["sets.contains([2, 1], [1])", 23, 23, 23],
  ["sets.contains([1, 2, 3, 4], [2, 3])", 29, 29, 29],
  ["sets.contains([1], [1.0, 1])", 23, 23, 23],
  ["sets.contains([1, 2], [2u, 2.0])", 25, 25, 25],
  ["sets.contains([1, 2u], [2, 2.0])", 25, 25, 25],
  ["sets.contains([1, 2.0, 3u], [1.0, 2u, 3])", 30, 30, 30],
  ["!sets.contains([1], [2])", 23, 23, 23],
  ["!sets.contains([1], [1, 2])", 24, 24, 24],
  ['!sets.contains([1], ["1", 1])', 24, 24, 24],
  ["!sets.contains([1], [1.1, 1u])", 24, 24, 24],
  ["sets.equivalent([], [])", 21, 21, 21],
  ["sets.equivalent([1], [1])", 23, 23, 23],
  ["sets.equivalent([1], [1, 1])", 25, 25, 25],
  ["sets.equivalent([1, 1], [1])", 25, 25, 25],
  ["sets.equivalent([1], [1u, 1.0])", 25, 25, 25],
  ["sets.equivalent([1], [1u, 1.0])", 25, 25, 25],
  ["sets.equivalent([1, 2, 3], [3u, 2.0, 1])", 39, 39, 39],
  ["sets.equivalent([[1.0], [2, 3]], [[1], [2, 3.0]])", 69, 69, 69],
  ["!sets.equivalent([2, 1], [1])", 26, 26, 26],
  ["!sets.equivalent([1], [1, 2])", 26, 26, 26],
  ["!sets.equivalent([1, 2], [2u, 2, 2.0])", 34, 34, 34],
  ["!sets.equivalent([1, 2], [1u, 2, 2.3])", 34, 34, 34],
  ["sets.intersects([1], [1])", 22, 22, 22],
  ["sets.intersects([1], [1, 1])", 23, 23, 23],
  ["sets.intersects([1, 1], [1])", 23, 23, 23],
  ["sets.intersects([2, 1], [1])", 23, 23, 23],
  ["sets.intersects([1], [1, 2])", 23, 23, 23],
  ["sets.intersects([1], [1.0, 2])", 23, 23, 23],
  ["sets.intersects([1, 2], [2u, 2, 2.0])", 27, 27, 27],
  ["sets.intersects([1, 2], [1u, 2, 2.3])", 27, 27, 27],
  ["sets.intersects([[1], [2, 3]], [[1, 2], [2, 3.0]])", 65, 65, 65],
  ["!sets.intersects([], [])", 22, 22, 22],
  ["!sets.intersects([1], [])", 22, 22, 22],
  ["!sets.intersects([1], [2])", 23, 23, 23],
  ['!sets.intersects([1], ["1", 2])', 24, 24, 24],
  ["!sets.intersects([1], [1.1, 2u])", 24, 24, 24],
  ["strings.quote('ABCDEFGHIJ abcdefghij')", 3, 3, 3],
  ["strings.quote('ABCDEFGHIJ abcdefghij') == strings.quote('ABCDEFGHIJ abcdefghij')", 7, 11, 9],
  ['semver("1.0.0")', 1, 1, 1],
  ['semver("1234.56789012345.67890123456789")', 4, 4, 4],
  ['isSemver("1.0.0")', 1, 1, 1],
  ['isSemver("1234.56789012345.67890123456789")', 4, 4, 4],
  ['semver("1.2.3").major()', 2, 2, 2],
  ['semver("1.2.3").minor()', 2, 2, 2],
  ['semver("1.2.3").patch()', 2, 2, 2],
  ['semver("1.0.0").isLessThan(semver("1.1.0"))', 3, 3, 3],
  ['semver("1.1.0").isGreaterThan(semver("1.0.0"))', 3, 3, 3],
  ['semver("1.0.0").compareTo(semver("1.2.3"))', 3, 3, 3],
  ["{'a': 1, 'b': 2}.all(k, v, v > 0)", 37, 41, 41],
  ["{'a': 1, 'b': 2}.exists(k, v, v > 0)", 39, 43, 40],
  ["{'a': 1, 'b': 2}.existsOne(k, v, v > 0)", 38, 40, 40],
  ["{'a': 1, 'b': 2}.transformMap(k, v, v + 1)", 71, 71, 71],
  ["{'a': 1, 'b': 2}.transformMap(k, v, v < 5, v + 1)", 67, 75, 75],
  ["{'a': 1, 'b': 2}.transformMapEntry(k, v, {k: v + 1})", 131, 131, 131],
  ["{'a': 1, 'b': 2}.transformMapEntry(k, v, v < 5, {k: v + 1})", 67, 135, 135],
  ["[1, 2].all(i, v, v > 0)", 17, 21, 21],
  ["[1, 2].exists(i, v, v > 0)", 19, 23, 20],
  ["[1, 2].existsOne(i, v, v > 0)", 18, 20, 20],
  ["[1, 2].transformList(i, v, v + 1)", 49, 49, 49],
  ["[1, 2].transformList(i, v, v < 5, v + 1)", 27, 53, 53],
  ["[1, 2, 3, 4, 5].sum()", 15, 15, 15],
  ["[uint(1), uint(2), uint(3), uint(4), uint(5)].sum()", 20, 20, 20],
  ["[duration('1s'), duration('2s'), duration('3s'), duration('4s'), duration('5s')].isSorted()", 20, 20, 20],
  ["['012345678901', '012345678901', '012345678901', '012345678901', '012345678901'].max()", 15, 25, 15],
];

for (const [expression, min, max, cost] of costs) {
  test(`${expression} costs ${cost}, between ${min} and ${max}`, () => {
    const compiled = environment.compile(expression, { fold: false });
    assert.ok(compiled.ok);
    const outcome = compiled.program.evaluate({ authorizer });
    assert.ok("value" in outcome);
    assert.deepEqual({ ...compiled.program.estimateCost(textsOfTwelve), cost: outcome.cost }, { min, max, cost });
  });
}

test("what is constant costs nothing once it is worked out ahead", () => {
  for (const [expression, cost] of [
    ["[1, 2, 3]", 0],
    ["duration('1h')", 0],
    ["1 in [1, 2]", 0],
    ["[1, 2, 3].all(x, x > 0)", 16],
    ["has({'a': 1}.a)", 1],
    ["true ? 1 : 2", 0],
  ] as const) {
    const compiled = environment.compile(expression);
    assert.ok(compiled.ok);
    assert.equal(compiled.program.evaluate({}).cost, cost, expression);
  }
});

test("an evaluation ends where its cost exceeds the limit", () => {
  const compiled = environment.compile("lists.range(1000).map(x, x * 2).size() > 0");
  assert.ok(compiled.ok);
  const outcome = compiled.program.evaluate({}, { costLimit: 5000 });
  assert.ok("error" in outcome);
  assert.equal(outcome.error.message, "operation cancelled: actual cost limit exceeded");
  assert.equal(outcome.error.reason, "cost");
  assert.ok(outcome.cost > 5000 && outcome.cost < 5100);
});
