import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldError } from "../field/error.ts";
import { formatFieldError } from "../field/errors.ts";
import { path } from "../field/path.ts";
import type { ObjectMeta } from "../resource/object.ts";
import { validateConditions } from "./conditions.ts";
import { validateLabelSelector } from "./label-fields.ts";
import { nameIsDNSSubdomain } from "./names.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "./object-meta.ts";

const place = path("metadata");
const rules = { namespaced: true, nameFn: nameIsDNSSubdomain };
const good: ObjectMeta = { name: "a", namespace: "n", resourceVersion: "1", uid: "u" };

function texts(errors: readonly FieldError[]): readonly string[] {
  return errors.map(formatFieldError);
}

test("good metadata has nothing to say against it", () => {
  const meta: ObjectMeta = {
    ...good,
    labels: { app: "x" },
    annotations: { "A/b": "anything at all" },
    finalizers: ["k8ts.dev/x", "orphan"],
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", uid: "u", controller: true }],
    managedFields: [{ manager: "kubectl", operation: "Apply", fieldsType: "FieldsV1" }],
  };
  assert.deepEqual(validateObjectMeta(meta, rules, place), []);
  assert.deepEqual(validateObjectMetaUpdate(meta, meta, place), []);
});

test("a name is required, a namespace only where the kind has one", () => {
  assert.deepEqual(texts(validateObjectMeta({}, rules, place)), [
    "metadata.name: Required value: name or generateName is required",
    "metadata.namespace: Required value",
  ]);
  assert.deepEqual(texts(validateObjectMeta(good, { ...rules, namespaced: false }, place)), [
    "metadata.namespace: Forbidden: not allowed on this type",
  ]);
});

test("owners need all their fields, may not be events, and only one may control", () => {
  const owner = { apiVersion: "v1", kind: "Pod", name: "a", uid: "u", controller: true };
  const errors = validateObjectMeta({ ...good, ownerReferences: [owner, { ...owner, name: "b" }] }, rules, place);
  assert.deepEqual(texts(errors), [
    'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"u","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Pod/a and Pod/b',
  ]);
  const empty = { apiVersion: "a/b/c", kind: "", name: "", uid: "" };
  assert.deepEqual(texts(validateObjectMeta({ ...good, ownerReferences: [empty] }, rules, place)), [
    'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
    'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
    'metadata.ownerReferences.name: Invalid value: "": must not be empty',
    'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
  ]);
  const event = { ...owner, kind: "Event" };
  assert.match(
    texts(validateObjectMeta({ ...good, ownerReferences: [event] }, rules, place))[0]!,
    /: \/v1, Kind=Event is disallowed from being an owner$/,
  );
});

test("an update changes no identity and adds no finalizer to what is being deleted", () => {
  const old: ObjectMeta = { ...good, generation: 2, deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["a/b"] };
  const { deletionTimestamp: _, ...rest } = old;
  const changed: ObjectMeta = {
    ...rest,
    name: "b",
    uid: "v",
    generation: 1,
    resourceVersion: "",
    finalizers: ["b/b", "a/a", "a/b"],
  };
  assert.deepEqual(texts(validateObjectMetaUpdate(changed, old, place)), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/a", "b/b"}',
    'metadata.resourceVersion: Invalid value: "": must be specified for an update',
    "metadata.generation: Invalid value: 1: must not be decremented",
    'metadata.name: Invalid value: "b": field is immutable',
    'metadata.uid: Invalid value: "v": field is immutable',
    "metadata.deletionTimestamp: Invalid value: null: field is immutable",
  ]);
});

test("annotations are bounded as a whole", () => {
  const errors = validateObjectMeta({ ...good, annotations: { a: "x".repeat(262144) } }, rules, place);
  assert.deepEqual(texts(errors), ["metadata.annotations: Too long: may not be more than 262144 bytes"]);
});

test("finalizers orphan and foregroundDeletion exclude each other", () => {
  const errors = validateObjectMeta({ ...good, finalizers: ["orphan", "foregroundDeletion"] }, rules, place);
  assert.deepEqual(texts(errors), [
    'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
  ]);
});

test("a label selector's operators decide whether there are values", () => {
  const matchExpressions = [
    { key: "a", operator: "In" },
    { key: "a", operator: "Exists", values: ["x"] },
    { key: "a", operator: "Like", values: ["x y"] },
  ];
  assert.deepEqual(
    texts(validateLabelSelector({ matchExpressions }, path("s"))).map((text) => text.slice(0, 60)),
    [
      "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'".slice(0, 60),
      "s.matchExpressions[1].values: Forbidden: may not be specified when".slice(0, 60),
      's.matchExpressions[2].operator: Invalid value: "Like": not a valid selector operator'.slice(0, 60),
      's.matchExpressions[2].values[0]: Invalid value: "x y": a valid label must be'.slice(0, 60),
    ],
  );
});

test("conditions are complete and of distinct types", () => {
  const condition = {
    type: "Ready",
    status: "True",
    reason: "Ok",
    message: "",
    lastTransitionTime: "2026-01-01T00:00:00Z",
  };
  assert.deepEqual(validateConditions([condition], path("c")), []);
  assert.deepEqual(texts(validateConditions([condition, { ...condition, reason: "", status: "Maybe" }], path("c"))), [
    'c[1].type: Duplicate value: "Ready"',
    'c[1].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
    "c[1].reason: Required value",
  ]);
});
