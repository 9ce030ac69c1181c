import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, onBothProtocols, seen } from "../support/conformance.ts";
import { condition, definitionOf, definitionsPath, establish, withdraw } from "../support/custom-resources.ts";
import type { Call } from "../support/http.ts";

// Answers of apiextensions-apiserver: pkg/apis/apiextensions/validation and pkg/registry/customresourcedefinition.

type Cause = readonly [reason: string, field: string, message: string];

/** A refusal with these causes, whatever its summary. */
function causes(body: unknown): readonly Cause[] {
  const { details } = body as { details: { causes: readonly Record<string, string>[] } };
  return details.causes.map(({ reason, field, message }): Cause => [reason!, field!, message!]);
}

const post = (body: object): Call => ({ method: "POST", path: definitionsPath, body });
const withSpec = (properties: object, more: object = {}): object =>
  definitionOf("Widget", [{ name: "v1", schema: { properties: { spec: { type: "object", properties } }, ...more } }]);

/** Where all versions agree, upstream speaks of the schema as that of all. */
const at = "spec.validation.openAPIV3Schema";
const spec = `${at}.properties[spec]`;

onBothProtocols("custom resource definitions", (subject) => {
  const refused = async (definition: object): Promise<readonly Cause[]> =>
    causes((await expect(subject().admin, post(definition), 422)).json);

  test("defaults are filled in, and the status says which version is stored", async () => {
    const { admin } = subject();
    const made = seen(await expect(admin, post(definitionOf("Widget", [{ name: "v1" }])), 201));
    assert.deepEqual(made.spec?.["names"], {
      plural: "widgets",
      kind: "Widget",
      singular: "widget",
      listKind: "WidgetList",
    });
    assert.deepEqual(made.spec?.["conversion"], { strategy: "None" });
    assert.deepEqual(made.status?.["storedVersions"], ["v1"]);
    const accepted = await condition(admin, "widgets.example.com", "Established", "True");
    assert.deepEqual(
      [accepted.reason, accepted.message],
      ["InitialNamesAccepted", "the initial names have been accepted"],
    );
    await withdraw(admin, "widgets.example.com");
  });

  test("names, groups and versions have their forms", async () => {
    const definition = definitionOf("Widget", [{ name: "v1" }, { name: "1", storage: true }], { group: "example" });
    const found = await refused(definition);
    assert.deepEqual(found.slice(0, 3), [
      [
        "FieldValueInvalid",
        "metadata.name",
        'Invalid value: "widgets.example.com": must be spec.names.plural+"."+spec.group',
      ],
      ["FieldValueInvalid", "spec.group", 'Invalid value: "example": should be a domain with at least one dot'],
      [
        "FieldValueInvalid",
        "spec.versions[1].name",
        "Invalid value: \"1\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
      ],
    ]);
    assert.match(found[3]![2], /must have exactly one version marked as storage version$/);
  });

  test("a schema must be structural", async () => {
    assert.deepEqual(await refused(withSpec({ a: {}, b: { type: "array" } })), [
      [
        "FieldValueRequired",
        `${spec}.properties[a].type`,
        "Required value: must not be empty for specified object fields",
      ],
      ["FieldValueRequired", `${spec}.properties[b].items`, "Required value: must be specified"],
    ]);
    const restricting = { anyOf: [{ properties: { spec: { properties: { c: { type: "string" } } } } }] };
    assert.deepEqual(await refused(withSpec({ a: { type: "string" } }, restricting)), [
      [
        "FieldValueForbidden",
        `${at}.anyOf[0].properties[spec].properties[c].type`,
        "Forbidden: must be empty to be structural",
      ],
      [
        "FieldValueRequired",
        `${spec}.properties[c]`,
        `Required value: because it is defined in ${at}.anyOf[0].properties[spec].properties[c]`,
      ],
    ]);
  });

  test("defaults, lists and what OpenAPI has and custom resources have not", async () => {
    assert.deepEqual(await refused(withSpec({ a: { type: "integer", default: "x" } })), [
      [
        "FieldValueTypeInvalid",
        `${spec}.properties[a].default`,
        `Invalid value: "string": ${spec}.properties[a].default in body must be of type integer: "string"`.replace(
          `${spec}.properties[a].default in body`,
          " in body",
        ),
      ],
    ]);
    const list = { type: "array", "x-kubernetes-list-type": "map", items: { type: "object", properties: {} } };
    assert.deepEqual(await refused(withSpec({ a: { ...list, "x-kubernetes-list-map-keys": ["k"] } })), [
      [
        "FieldValueInvalid",
        `${spec}.properties[a].x-kubernetes-list-map-keys`,
        'Invalid value: ["k"]: entries must all be names of item properties',
      ],
    ]);
    assert.deepEqual(await refused(withSpec({ a: { type: "array", items: { type: "string" }, uniqueItems: true } })), [
      [
        "FieldValueForbidden",
        `${spec}.properties[a].uniqueItems`,
        "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      ],
    ]);
  });

  test("rules that do not compile, or may cost too much, are refused", async () => {
    const [bad, ...more] = await refused(
      withSpec({ a: { type: "string", "x-kubernetes-validations": [{ rule: "self.foo" }] } }),
    );
    assert.deepEqual(more, []);
    assert.deepEqual(bad!.slice(0, 2), ["FieldValueInvalid", `${spec}.properties[a].x-kubernetes-validations[0].rule`]);
    assert.match(bad![2], /compilation failed: ERROR: <input>:1:5: type 'string' does not support field selection/);
    const expensive = {
      type: "array",
      items: { type: "array", items: { type: "string" } },
      "x-kubernetes-validations": [{ rule: "self.all(x, x.all(y, y.contains('a')))" }],
    };
    const [costly] = await refused(withSpec({ a: expensive }));
    assert.deepEqual(costly, [
      "FieldValueForbidden",
      `${spec}.properties[a].x-kubernetes-validations[0].rule`,
      "Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)",
    ]);
    const rule = { rule: "self == oldSelf" };
    const items = { type: "string", maxLength: 5, "x-kubernetes-validations": [rule] };
    assert.deepEqual(await refused(withSpec({ a: { type: "array", maxItems: 5, items } })), [
      [
        "FieldValueInvalid",
        `${spec}.properties[a].items.x-kubernetes-validations[0].rule`,
        `Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within ${spec}.properties[a]`,
      ],
    ]);
    const field = { type: "string", maxLength: 5, "x-kubernetes-validations": [rule] };
    const future = { type: "object", "x-kubernetes-map-type": "future", properties: { b: field } };
    assert.deepEqual(
      (await refused(withSpec({ a: future }))).map(([, place]) => place),
      [
        `${spec}.properties[a].x-kubernetes-map-type`,
        `${spec}.properties[a].properties[b].x-kubernetes-validations[0].rule`,
      ],
    );
  });

  test("protected groups need approval; what is established keeps its names; stored versions stay", async () => {
    const { admin } = subject();
    const definition = definitionOf("Widget", [{ name: "v1" }]) as { metadata: object; spec: object };
    const protectedGroup = {
      ...definition,
      metadata: { name: "widgets.sigs.k8s.io" },
      spec: { ...definition.spec, group: "sigs.k8s.io" },
    };
    assert.deepEqual(await refused(protectedGroup), [
      [
        "FieldValueRequired",
        "metadata.annotations[api-approved.kubernetes.io]",
        'Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ],
    ]);
    await establish(admin, definition);
    const patch = (body: object) => ({
      method: "PATCH",
      path: `${definitionsPath}/widgets.example.com`,
      headers: { "content-type": "application/merge-patch+json" },
      body,
    });
    const renamed = await expect(admin, patch({ spec: { scope: "Cluster", names: { kind: "Gadget" } } }), 422);
    assert.deepEqual(
      causes(renamed.json).map(([, field, message]) => [field, message]),
      [
        ["spec.scope", 'Invalid value: "Cluster": field is immutable'],
        ["spec.names.kind", 'Invalid value: "Gadget": field is immutable'],
      ],
    );
    const v2 = { name: "v2", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } };
    const moved = await expect(admin, patch({ spec: { versions: [v2] } }), 422);
    assert.deepEqual(causes(moved.json), [
      [
        "FieldValueInvalid",
        "status.storedVersions[0]",
        'Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
      ],
    ]);
    await withdraw(admin, "widgets.example.com");
  });

  test("formats that nobody heeds are warned of", async () => {
    const { admin } = subject();
    const answer = await expect(admin, post(withSpec({ a: { type: "string", format: "nonsense" } })), 201);
    assert.equal(answer.headers["warning"], '299 - "unrecognized format \\"nonsense\\""');
    await withdraw(admin, "widgets.example.com");
  });

  test("a definition that says preserveUnknownFields is refused as upstream refuses it", async () => {
    const definition = definitionOf("Widget", [{ name: "v1" }], { preserveUnknownFields: true });
    const text =
      "Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
    assert.deepEqual(await refused(definition), [["FieldValueInvalid", "spec.preserveUnknownFields", text]]);
  });

  test("nothing is defined into a version of a group that is built in (test/integration/controlplane/crd_test.go)", async () => {
    const { admin } = subject();
    const body = {
      ...definitionOf("Foo", [{ name: "v1" }], { group: "networking.k8s.io", scope: "Cluster" }),
      metadata: {
        name: "foos.networking.k8s.io",
        annotations: { "api-approved.kubernetes.io": "unapproved, test-only" },
      },
    };
    await expect(admin, { method: "POST", path: definitionsPath, body }, 201);
    await condition(admin, "foos.networking.k8s.io", "Established", "True");
    await expect(admin, { path: "/apis/networking.k8s.io/v1/foos" }, 404);
    const { json } = await expect(admin, { path: "/apis/networking.k8s.io/v1" }, 200);
    const { resources } = json as { resources: readonly { name: string }[] };
    assert.ok(!resources.some(({ name }) => name === "foos"));
    assert.ok(resources.some(({ name }) => name === "networkpolicies"));
  });
});
