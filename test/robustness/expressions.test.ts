import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createEnvironment, dynType, intType, listType, mapType, stringType } from "../../apimachinery/cel/mod.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import {
  IntOrStringError,
  parseIntOrString,
  scaledIntOrPercent,
} from "../../apimachinery/int-or-string/int-or-string.ts";
import { jsonPath } from "../../apimachinery/json-path/find.ts";
import { JsonPathError } from "../../apimachinery/json-path/parse.ts";
import { parseCIDR, parseIP } from "../../apimachinery/net/ip.ts";
import { canonicalQuantity, Quantity, QuantityError } from "../../apimachinery/quantity/quantity.ts";
import { parseFieldSelector } from "../../apimachinery/selectors/field-selector.ts";
import { fromLabelSelector, parseLabelSelector, SelectorError } from "../../apimachinery/selectors/label-selector.ts";
import { parseDuration } from "../../apimachinery/time/duration.ts";
import { parseTime, TimeError } from "../../apimachinery/time/time.ts";
import { negotiate } from "../../apiserver/negotiate.ts";
import { decodeContinue } from "../../apiserver/registry/continue-token.ts";
import {
  answersOrSays,
  bent,
  cases,
  damaged,
  type ErrorClass,
  isLinear,
  soup,
  valueWith,
  within,
} from "../support/fuzz.ts";

interface Language {
  readonly name: string;
  readonly read: (text: string) => unknown;
  readonly errors: readonly ErrorClass[];
  readonly samples: readonly string[];
  readonly pieces: readonly string[];
}

const languages: readonly Language[] = [
  {
    name: "quantities",
    read: (text) => {
      const quantity = Quantity.parse(text);
      const canonical = quantity.toString();
      assert.equal(canonicalQuantity(canonical), canonical);
      quantity.add(quantity);
    },
    errors: [QuantityError],
    samples: ["1", "100m", "1.5Gi", "-12e3", "1E6", ".5", "+0.000000001k", "9223372036854775807", "1e-9"],
    pieces: ["0", "9", ".", "-", "+", "e", "E", "m", "Ki", "Ei", "n", "u", "e99999999", "99999999999999999999", " "],
  },
  {
    name: "label selectors",
    read: (text) => parseLabelSelector(text).matches({ a: "b" }),
    errors: [SelectorError],
    samples: ["a=b,c!=d", "a in (b,c),!x,y", "x notin (),a.b/c==d", "a>5,b<6"],
    pieces: [
      "a",
      "=",
      "==",
      "!=",
      "!",
      ",",
      "(",
      ")",
      " in ",
      " notin ",
      "<",
      ">",
      " ",
      "/",
      ".",
      "é",
      "\u0000",
      "x".repeat(70),
    ],
  },
  {
    name: "field selectors",
    read: parseFieldSelector,
    errors: [SelectorError],
    samples: ["metadata.name=a,spec.nodeName!=b", "a==b\\,c", ""],
    pieces: ["a", "=", "==", "!=", ",", "\\", "\\\\", ".", " "],
  },
  {
    name: "JSONPath",
    read: (text) => jsonPath(text)({ a: [{ b: 1 }, { b: "x" }], c: { d: null } }),
    errors: [JsonPathError],
    samples: [".a[0].b", "$.a[?(@.b==1)].b", "..b", ".a[*]", ".a[-1:]", "['c']['d']"],
    pieces: [
      ".",
      "..",
      "[",
      "]",
      "*",
      "?(",
      ")",
      "@",
      "$",
      "'",
      '"',
      ":",
      ",",
      "-1",
      "99999999999",
      "a",
      "==",
      "{",
      "}",
    ],
  },
  {
    name: "durations",
    read: parseDuration,
    errors: [TimeError],
    samples: ["1h2m3.5s", "-5ms", "0", "300us"],
    pieces: ["1", ".", "h", "m", "s", "ms", "µs", "-", "9999999999999999999", " "],
  },
  {
    name: "times",
    read: parseTime,
    errors: [TimeError],
    samples: ["2024-02-29T23:59:60Z", "2024-01-02T03:04:05.123456789+14:00", "0000-01-01T00:00:00Z"],
    pieces: ["0", "9", "-", ":", "T", "t", "Z", "+", ".", "99"],
  },
  {
    name: "addresses",
    read: (text) => [parseIP(text), parseCIDR(text)],
    errors: [],
    samples: ["10.0.0.1/8", "fd00::1/64", "::ffff:1.2.3.4", "2001:db8:0:0:0:0:0:1"],
    pieces: ["::", ":", ".", "/", "255", "0", "f", "%eth0", "999"],
  },
  {
    name: "numbers or percentages",
    read: (text) => scaledIntOrPercent(parseIntOrString(text), 10, "up"),
    errors: [IntOrStringError],
    samples: ["5", "10%", "-1"],
    pieces: ["%", "1", "-", "99999999999999999999", ".", "e"],
  },
  {
    name: "Accept headers",
    read: negotiate,
    errors: [ApiError],
    samples: [
      "application/json;as=Table;g=meta.k8s.io;v=v1,application/json;q=0.9,*/*;q=0.1",
      "application/vnd.kubernetes.protobuf",
    ],
    pieces: [";", ",", "=", "q=", "q=1", "*/*", '"', "\\", "application/", "json", "as=Table", " ", "/"],
  },
  {
    name: "continue tokens",
    read: decodeContinue,
    errors: [ApiError],
    samples: [
      { v: "meta.k8s.io/v1", rv: 5, start: "a\u0000" },
      { v: "meta.k8s.io/v1", rv: -1, start: "ns/a" },
    ].map((token) => Buffer.from(JSON.stringify(token)).toString("base64url")),
    pieces: ["A", "=", "e30", "bnVsbA", "W10", "-", "_", "."],
  },
];

describe("small languages take whatever comes", () => {
  for (const { name, read, errors, samples, pieces } of languages) {
    test(
      `${name} are read, or refused with an error of their own, in time that grows with their length`,
      within(20_000),
      () => {
        const texts = fc.oneof(damaged(samples, pieces).map(String), soup(pieces));
        fc.assert(
          fc.property(texts, (text) => void answersOrSays(() => read(text), { errors })),
          cases(1_500),
        );
        isLinear(read, [...pieces, ...samples.map((sample) => `${sample},`)].filter(Boolean), { errors });
        isLinear((text) => read(`${samples[0]}${text}`), pieces, { errors });
      },
    );
  }

  test("the bodies of continue tokens, too", within(10_000), () => {
    const token = fc.oneof(
      valueWith(["v", "rv", "start"]),
      bent([{ v: "meta.k8s.io/v1", rv: 5, start: "a/../b" }], valueWith(["v"])),
    );
    fc.assert(
      fc.property(token, (value) => {
        const text = Buffer.from(JSON.stringify(value)).toString("base64url");
        const { start } = answersOrSays(() => decodeContinue(text), { errors: [ApiError] }) ?? { start: "" };
        assert.ok(!`/${start}/`.includes("/../"));
      }),
      cases(1_000),
    );
  });

  test("label selectors of objects are read or refused", within(10_000), () => {
    const sample = { matchLabels: { a: "b" }, matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] };
    const strings = fc.oneof(
      soup(["a", "/", ".", "-", "_"], 4),
      fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist", "Gt", "x"),
    );
    fc.assert(
      fc.property(
        bent([sample], strings).filter((one) => isSelector(one)),
        (selector) => {
          answersOrSays(() => fromLabelSelector(selector as never), { errors: [SelectorError] });
        },
      ),
      cases(1_000),
    );
  });
});

/** As the schema of an object has made it by then. */
function isSelector(value: unknown): boolean {
  const { matchLabels, matchExpressions } = value as { matchLabels: unknown; matchExpressions: unknown };
  return (
    typeof matchLabels === "object" &&
    Array.isArray(matchExpressions) &&
    matchExpressions.every((one) => typeof one === "object" && Array.isArray(one.values))
  );
}

describe("CEL takes whatever comes", () => {
  const environment = createEnvironment({
    variables: { self: dynType, n: intType, s: stringType, list: listType(intType), map: mapType(stringType, dynType) },
  });
  const self = { a: [1, 2, { b: "x" }], s: "text", o: { p: null, q: 1.5 }, empty: [] };
  const given = { self, n: 5, s: "a.b-c", list: [1, 2, 3], map: { k: "v", n: [1] } };
  const samples = [
    "self.a.all(x, has(x.b) || x > 0)",
    "list.map(x, x * 2).filter(y, y > n).size() == 2 && s.matches('^[a-z.-]+$')",
    "map.exists(k, map[k] == 'v') ? quantity('1Gi').isGreaterThan(quantity('1M')) : ip('::1').family() == 6",
    "[1, 2u, 3.5, b'x', null, {'a': [1]}].size() > 0 && duration('1h') > duration('5s')",
    "s.split('.').join('-').replace('a', 'b').lowerAscii().find('[0-9]+') == ''",
    "cel.bind(v, self.a, v.size() + v.size()) > 0 && optional.of(1).orValue(2) == 1",
    "url('https://a/b?c=d').getHostname() == 'a' && format.dns1123Label().validate(s).hasValue()",
    "timestamp('2024-01-01T00:00:00Z').getFullYear() + int('5') % 0 / n - 9223372036854775807",
    "list.sum() + list.indexOf(2) + (list.isSorted() ? 1 : 0) == list.max() && sets.contains(list, [1])",
    "semver('1.2.3').isLessThan(semver('2.0.0')) && '%s %d'.format([s, n]) != '' && s.substring(0, 100) == s",
  ];
  const pieces = [
    "self",
    "n",
    "s",
    "list",
    "map",
    ".a",
    ".size()",
    "[0]",
    "['x']",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "?",
    ":",
    "?.",
    "[?",
    "&&",
    "||",
    "==",
    "<",
    " in ",
    "all(x, ",
    "map(x, ",
    "exists_one(x, ",
    "'",
    '"""',
    "r'",
    "b'",
    "0x",
    "1u",
    "1e309",
    "9223372036854775808",
    "-9223372036854775808",
    "true",
    "null",
    "string(",
    "int(",
    "double(",
    "bytes(",
    "timestamp(",
    "duration(",
    "dyn(",
    "type(",
    "has(",
    ".matches('(a+)+$')",
    ".format([",
    "\\",
    "\\x",
    "\\u{",
    "`",
  ];

  test(
    "an expression is compiled or its mistakes are told; its evaluation ends within its cost",
    within(40_000),
    () => {
      fc.assert(
        fc.property(fc.oneof(damaged(samples, pieces).map(String), soup(pieces, 15)), (text) => {
          for (const unchecked of [false, true]) {
            const compiled = answersOrSays(() => environment.compile(text, { unchecked }))!;
            if (!compiled.ok) {
              assert.ok(compiled.message.length > 0);
              continue;
            }
            const { program } = compiled;
            const { min, max } = answersOrSays(() => program.estimateCost())!;
            assert.ok(min <= max, `${min} > ${max}`);
            const limit = 20_000;
            const { cost } = answersOrSays(() => program.evaluate(given, { costLimit: limit }))!;
            assert.ok(cost >= 0 && cost < limit * 100, `cost ${cost}`);
          }
        }),
        cases(1_500),
      );
    },
  );

  test("expressions that would go on for ever end at their budget, soon and in little memory", () => {
    const all = (depth: number): string => (depth === 0 ? "x0 + 1 > 0" : `big.all(x${depth - 1}, ${all(depth - 1)})`);
    const large = createEnvironment({ variables: { big: listType(intType), text: stringType } });
    const big = Array.from({ length: 1_000 }, (_, i) => i);
    const text = "a".repeat(50_000);
    for (const expression of [
      all(6),
      `${"big.map(x, ".repeat(8)}x${")".repeat(8)}.size() > 0`,
      "big.map(x, big.map(y, text + text)).size() > 0",
      `cel.bind(a0, text, ${Array.from({ length: 40 }, (_, i) => `cel.bind(a${i + 1}, a${i} + a${i}, `).join("")}a40${")".repeat(41)} != ''`,
      "text.matches('(a*)*b') || text.matches('(a|aa)+$')",
      "text.matches('((((a{1,100}){1,100}){1,100}))b')",
      "text.replace('a', text).size() > 0",
      "text.split('').join(text).size() > 0",
      `'${"%s".repeat(500)}'.format([${Array.from({ length: 500 }, () => "text").join(",")}]).size() > 0`,
      "big.filter(x, text.contains('aaab')).size() > 0",
      "big.all(x, big.all(y, text.find('a+b') == ''))",
      "sets.contains(big.map(x, x), big) && sets.equivalent(big, big)",
    ]) {
      const compiled = answersOrSays(() => large.compile(expression), { limitMs: 3_000 })!;
      if (!compiled.ok) continue;
      const before = process.memoryUsage().heapUsed;
      const { cost } = answersOrSays(() => compiled.program.evaluate({ big, text }), { limitMs: 6_000 })!;
      assert.ok(cost > 0, expression);
      assert.ok(process.memoryUsage().heapUsed - before < 300 * 1024 * 1024, expression.slice(0, 60));
    }
  });

  test("compiling is linear, whatever is repeated", within(60_000), () => {
    const compile = (text: string): unknown => environment.compile(text.slice(0, 50_000));
    isLinear(compile, [
      ...pieces,
      "a.",
      "[[",
      "{1:",
      "!",
      "-",
      "1+",
      "n+",
      "list.all(x, ",
      "n == n && ",
      "n > 0 ? ",
      "'a' + ",
      "cel.bind(x, 1, ",
      "[1,",
      "self.a.",
    ]);
    isLinear(
      (text) => environment.compile(`${text.slice(0, 20_000)}1 == 1`),
      ["n == 1 || ", "n + ", "list.size() > ", "1 + "],
    );
  });
});
