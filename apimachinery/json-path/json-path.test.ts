import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonPath } from "./find.ts";
import { JsonPathError } from "./parse.ts";

const object = {
  metadata: { labels: { "app.kubernetes.io/name": "web" } },
  spec: {
    replicas: 0,
    ports: [
      { name: "a", port: 80 },
      { name: "b", port: 443 },
      { name: "c", port: 8080 },
    ],
  },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Synced", status: "False" },
    ],
  },
};

const cases: readonly (readonly [string, readonly unknown[]])[] = [
  [".spec.replicas", [0]],
  ["{.spec.replicas}", [0]],
  ["$.spec.replicas", [0]],
  [".spec.missing.deeper", []],
  [".metadata.labels.app\\.kubernetes\\.io/name", ["web"]],
  [".metadata.labels['app\\.kubernetes\\.io/name']", ["web"]],
  [".spec.ports[*].port", [80, 443, 8080]],
  [".spec.ports[0].name", ["a"]],
  [".spec.ports[-1].name", ["c"]],
  [".spec.ports[1:].name", ["b", "c"]],
  [".spec.ports[0:3:2].name", ["a", "c"]],
  [".spec.ports[9].name", []],
  [".spec.ports[0,2].name", ["a", "c"]],
  ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
  [".status.conditions[?(@.type == 'Synced')].status", ["False"]],
  [".spec.ports[?(@.port>=443)].name", ["b", "c"]],
  [".spec.ports[?(@.missing)].name", []],
  ["..type", ["Ready", "Synced"]],
  [".constructor", []],
];

for (const [path, expected] of cases) {
  test(`${path} reaches ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(jsonPath(path)(object), expected);
  });
}

test("text that is no path is refused", () => {
  assert.throws(() => jsonPath(".spec[?(@.a"), JsonPathError);
  assert.throws(() => jsonPath(".spec[abc]"), JsonPathError);
});
