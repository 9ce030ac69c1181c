import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFieldError } from "../apimachinery/field/errors.ts";
import { TokenRequest, tokenRequestErrors } from "./authentication/v1/token-request.ts";
import { LocalSubjectAccessReview } from "./authorization/v1/local-subject-access-review.ts";
import { SelfSubjectAccessReview } from "./authorization/v1/self-subject-access-review.ts";
import { SubjectAccessReview } from "./authorization/v1/subject-access-review.ts";
import { Scale } from "./autoscaling/v1/scale.ts";
import { Binding } from "./core/v1/binding.ts";
import { reviewResources } from "./reviews.ts";
import { decoded, problems, row } from "./test-support.ts";

const resourceAttributes = { verb: "get", resource: "pods" };
const nonResourceAttributes = { verb: "get", path: "/healthz" };

test("reviews are created and nothing else", () => {
  for (const { kind, verbs } of reviewResources) assert.deepEqual(verbs, ["create"], kind);
});

test("an access review asks for a resource or a path, of somebody", () => {
  assert.deepEqual(problems(SubjectAccessReview, { spec: { user: "ann", resourceAttributes } }), []);
  assert.deepEqual(problems(SubjectAccessReview, { spec: { groups: ["g"], nonResourceAttributes } }), []);
  assert.deepEqual(problems(SelfSubjectAccessReview, { spec: { resourceAttributes } }), []);
  assert.deepEqual(problems(SubjectAccessReview, {}), [
    "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
    'spec.user: Invalid value: "": at least one of user or group must be specified',
  ]);
  assert.deepEqual(problems(SelfSubjectAccessReview, { spec: { resourceAttributes, nonResourceAttributes } }), [
    'spec.nonResourceAttributes: Invalid value: {"Path":"/healthz","Verb":"get"}: cannot be specified in combination with resourceAttributes',
  ]);
});

test("an access review has no metadata, a local one nothing but its namespace", () => {
  const spec = { user: "ann", resourceAttributes };
  assert.deepEqual(problems(SubjectAccessReview, { metadata: { name: "x" }, spec }), [
    'metadata: Invalid value: {"name":"x"}: must be empty',
  ]);
  const local = {
    metadata: { namespace: "x" },
    spec: { user: "ann", resourceAttributes: { ...resourceAttributes, namespace: "x" } },
  };
  assert.deepEqual(problems(LocalSubjectAccessReview, local), []);
  assert.deepEqual(problems(LocalSubjectAccessReview, { ...local, metadata: { namespace: "y", labels: { a: "b" } } }), [
    'metadata: Invalid value: {"namespace":"y","labels":{"a":"b"}}: must be empty except for namespace',
    'spec.resourceAttributes.namespace: Invalid value: "x": must match metadata.namespace',
  ]);
  assert.deepEqual(
    problems(LocalSubjectAccessReview, { metadata: { namespace: "x" }, spec: { user: "a", nonResourceAttributes } }),
    ['spec.nonResourceAttributes: Invalid value: {"Path":"/healthz","Verb":"get"}: disallowed on this kind of request'],
  );
});

test("selectors in an access review are raw or in requirements", () => {
  const ask = (selectors: object): readonly string[] =>
    problems(SelfSubjectAccessReview, { spec: { resourceAttributes: { ...resourceAttributes, ...selectors } } });
  const requirements = [{ key: "a", operator: "In", values: ["b"] }];
  assert.deepEqual(ask({ labelSelector: { requirements }, fieldSelector: { rawSelector: "a=b" } }), []);
  assert.deepEqual(ask({ labelSelector: { rawSelector: "a", requirements }, fieldSelector: {} }), [
    "spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required",
    'spec.resourceAttributes.labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements',
  ]);
  assert.deepEqual(
    ask({
      labelSelector: {
        requirements: [
          { key: "a", operator: "Exists", values: ["b"] },
          { key: "a", operator: "Future" },
        ],
      },
    }),
    [
      "spec.resourceAttributes.labelSelector.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
  );
});

test("a token lives from ten minutes to 2^32 seconds, an hour where nothing is said", () => {
  assert.equal(decoded(TokenRequest, {}).spec.expirationSeconds, 3600);
  const texts = (seconds: number) => tokenRequestErrors(seconds).map(formatFieldError);
  assert.deepEqual([...texts(600), ...texts(2 ** 32)], []);
  assert.deepEqual(texts(599), [
    "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes",
  ]);
  assert.deepEqual(texts(2 ** 32 + 1), [
    "spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds",
  ]);
});

test("a binding leads to a node by name", () => {
  assert.deepEqual(problems(Binding, { target: { kind: "Node", name: "n" } }), []);
  assert.deepEqual(problems(Binding, { target: { kind: "Rack" } }), [
    'target.kind: Unsupported value: "Rack": supported values: "Node", "<empty>"',
    "target.name: Required value",
  ]);
});

test("a scale is not negative", () => {
  assert.deepEqual(problems(Scale, { spec: { replicas: 0 } }), []);
  assert.deepEqual(problems(Scale, { spec: { replicas: -1 } }), [
    "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
  ]);
  const scale = decoded(Scale, { metadata: { name: "s" }, spec: { replicas: 3 }, status: { replicas: 2 } });
  assert.deepEqual(row(Scale, scale), { Name: "s", Desired: 3, Available: 2, Age: "<unknown>" });
});
