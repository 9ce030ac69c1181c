import assert from "node:assert/strict";
import { test } from "node:test";
import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { customColumns } from "./columns.ts";
import { nameDefinition } from "./naming.ts";
import { planStatus } from "./plan-status.ts";
import { scaleErrors } from "./scale.ts";
import { compareVersions } from "./version-order.ts";

const now = "2026-01-01T00:00:00Z";

interface Given {
  readonly group?: string;
  readonly names?: object;
  readonly accepted?: object;
  readonly conditions?: readonly object[];
  readonly annotations?: object;
  readonly schema?: object;
}

function crd({
  group = "example.com",
  names,
  accepted,
  conditions,
  annotations,
  schema,
}: Given): CustomResourceDefinition {
  const all = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList", ...names };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${all.plural}.${group}`, ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      group,
      scope: "Namespaced",
      names: all,
      conversion: { strategy: "None" },
      versions: [
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema ?? { type: "object" } } },
      ],
    },
    status: { acceptedNames: accepted ?? { plural: "", kind: "" }, conditions: conditions ?? [] },
  } as unknown as CustomResourceDefinition;
}

const accepted = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };

const conditionsOf = (object: { readonly status?: unknown } | undefined): readonly string[] =>
  ((object?.status as { conditions?: readonly Record<string, string>[] })?.conditions ?? []).map(
    ({ type, status, reason }) => `${type}=${status} ${reason}`,
  );

test("a definition that nobody is in the way of has its names and is established, and then nothing changes", () => {
  const planned = planStatus(crd({}), [crd({})], now);
  assert.deepEqual(conditionsOf(planned), ["NamesAccepted=True NoConflicts", "Established=True InitialNamesAccepted"]);
  assert.deepEqual(planned?.status.acceptedNames, accepted);
  assert.equal(planStatus(planned as CustomResourceDefinition, [], "2026-02-02T00:00:00Z"), undefined);
});

test("names are taken within a group, and what was accepted before stays", () => {
  const other = crd({
    names: { plural: "others", singular: "other", kind: "Other", listKind: "OtherList" },
    accepted: { ...accepted, plural: "others", singular: "wi", kind: "Other", listKind: "OtherList" },
  });
  assert.equal(nameDefinition(crd({ names: { shortNames: ["wi"] } }), [other])?.condition.reason, "ShortNamesConflict");
  assert.equal(nameDefinition(crd({ names: { kind: "Other" } }), [other])?.condition.reason, "KindConflict");
  assert.equal(
    nameDefinition(crd({ group: "other.com", names: { kind: "Other" } }), [other])?.condition.status,
    "True",
  );
  const established = { type: "Established", status: "True", reason: "InitialNamesAccepted", message: "" };
  const renamed = crd({ names: { shortNames: ["wi"] }, accepted, conditions: [established] });
  const planned = planStatus(renamed, [renamed, other], now);
  assert.deepEqual(conditionsOf(planned), [
    "Established=True InitialNamesAccepted",
    "NamesAccepted=False ShortNamesConflict",
  ]);
});

test("protected groups say whether they were approved, schemas whether they are structural", () => {
  const approved = { "api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements/pull/1" };
  const planned = planStatus(crd({ group: "sigs.k8s.io", annotations: approved }), [], now);
  assert.ok(conditionsOf(planned).includes("KubernetesAPIApprovalPolicyConformant=True ApprovedAnnotation"));
  const open = planStatus(crd({ schema: { type: "object", properties: { a: {} } } }), [], now);
  assert.ok(conditionsOf(open).includes("NonStructuralSchema=True Violations"));
});

test("versions stand in Kubernetes' order", () => {
  const sorted = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"];
  assert.deepEqual(
    [...sorted].reverse().sort((a, b) => compareVersions(b, a)),
    sorted,
  );
});

test("cells are of their column's type, or empty", () => {
  const object = {
    metadata: { name: "a", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { n: 1.7, s: "x", b: true, o: { k: 1 }, d: "soon" },
  } as unknown as ApiObject;
  const cell = (type: string, jsonPath: string): unknown =>
    customColumns([{ name: "c", type, jsonPath }])[1]?.cell(object, Date.parse("2026-01-01T01:00:00Z"));
  assert.deepEqual(
    [cell("integer", ".spec.n"), cell("number", ".spec.n"), cell("string", ".spec.n"), cell("boolean", ".spec.b")],
    [1, 1.7, "1.7", true],
  );
  assert.deepEqual(
    [cell("string", ".spec.o"), cell("integer", ".spec.s"), cell("date", ".spec.d"), cell("string", ".none")],
    ['{"k":1}', null, "<invalid>", null],
  );
  assert.equal(cell("date", ".metadata.creationTimestamp"), "60m");
  assert.deepEqual(
    customColumns(undefined).map(({ name }) => name),
    ["Name", "Age"],
  );
});

test("replicas are counts", () => {
  const paths = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
  const errors = (replicas: unknown): readonly string[] =>
    [...scaleErrors({ spec: { replicas } }, paths, { spec: true })].map(({ detail }) => detail);
  assert.deepEqual(errors(3), []);
  assert.deepEqual(errors(-1), ["should be a non-negative integer"]);
  assert.deepEqual(errors(2 ** 31), ["should be less than or equal to 2147483647"]);
  assert.deepEqual(errors("x"), [".spec.replicas accessor error: x is of the type string, expected int64"]);
});
