import { failure } from "../../../support/conformance.ts";
import { notLabelValue, notQualifiedName } from "../messages.ts";
import {
  forbidden,
  invalid,
  type Json,
  type KindRules,
  type Rule,
  refused,
  refusedLike,
  refusedWith,
  required,
} from "../rule.ts";

// pkg/apis/authorization/validation/validation.go, pkg/apis/authentication/validation/validation.go.

const attributes = "spec.resourceAttributes";
const other = "spec.nonResourceAttributes";
const oneOf = "exactly one of nonResourceAttributes or resourceAttributes must be specified";

const one: Rule = {
  says: "a review asks of a resource or of a path",
  accepts: { [attributes]: undefined, [other]: { path: "/a", verb: "get" } },
  refuses: [
    refused(
      { [other]: { path: "/a" } },
      invalid(other, { Path: "/a", Verb: "" }, "cannot be specified in combination with resourceAttributes"),
    ),
    refused({ [attributes]: undefined }, invalid(attributes, null, oneOf)),
  ],
};

const selector = (field: string): readonly Rule[] => {
  const place = `${attributes}.${field}`;
  const requirement = (value: Json) => ({ [place]: { requirements: [value] } });
  const at = `${place}.requirements[0]`;
  const values = `${at}.values`;
  return [
    {
      says: `${field} is told in one form`,
      accepts: [{ [place]: { rawSelector: "=" } }, requirement({ key: "a", operator: "Exists" })],
      refuses: [
        refused(
          { [place]: { rawSelector: "a", requirements: [{ key: "a", operator: "Exists" }] } },
          invalid(`${place}.rawSelector`, "a", "may not specified at the same time as requirements"),
        ),
        refused(
          { [place]: {} },
          required(`${place}.requirements`, `when ${place} is specified, requirements or rawSelector is required`),
        ),
      ],
    },
    {
      says: `an operator of ${field} has values or none; one that is not known is let be`,
      accepts: [
        ...["In", "NotIn"].map((operator) => requirement({ key: "a", operator, values: ["b"] })),
        requirement({ key: "a", operator: "Other", values: ["b"] }),
      ],
      refuses: [
        ...["In", "NotIn"].map((operator) =>
          refused(
            requirement({ key: "a", operator }),
            required(values, "must be specified when `operator` is 'In' or 'NotIn'"),
          ),
        ),
        ...["Exists", "DoesNotExist"].map((operator) =>
          refused(
            requirement({ key: "a", operator, values: ["b"] }),
            forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          ),
        ),
      ],
    },
  ];
};

const rules: readonly Rule[] = [
  one,
  ...selector("fieldSelector"),
  ...selector("labelSelector"),
  {
    says: "a requirement of fields has a key",
    accepts: { [`${attributes}.fieldSelector.requirements`]: [{ key: "-", operator: "Exists" }] },
    refuses: refused(
      { [`${attributes}.fieldSelector.requirements`]: [{ operator: "Exists" }] },
      required(`${attributes}.fieldSelector.requirements[0].key`, "must be specified"),
    ),
  },
  {
    says: "a requirement of labels is of labels",
    accepts: { [`${attributes}.labelSelector.requirements`]: [{ key: "a", operator: "In", values: [""] }] },
    refuses: [
      refused(
        { [`${attributes}.labelSelector.requirements`]: [{ key: "-", operator: "Exists" }] },
        invalid(`${attributes}.labelSelector.requirements[0].key`, "-", notQualifiedName),
      ),
      refused(
        { [`${attributes}.labelSelector.requirements`]: [{ key: "a", operator: "In", values: ["-"] }] },
        invalid(`${attributes}.labelSelector.requirements[0].values[0]`, "-", notLabelValue),
      ),
    ],
  },
];

const somebody: Rule = {
  says: "a review is of somebody",
  accepts: { "spec.user": undefined, "spec.groups": ["a"] },
  refuses: refused(
    { "spec.user": undefined },
    invalid("spec.user", "", "at least one of user or group must be specified"),
  ),
};

const group = "authorization.k8s.io";
/** Upstream asks the object for its kind, which has lost it by then. */
const kind = "";
const path = (resource: string): string => `/apis/${group}/v1/${resource}`;
/** The metadata is shown with what the server adds to it. */
const unnamed = (first: string, detail: string): RegExp =>
  new RegExp(
    `^\\.authorization\\.k8s\\.io "" is invalid: metadata: Invalid value: {${first}"labels":{"a":"b"},"managedFields":\\[{"manager":"unknown","operation":"Update","apiVersion":"authorization\\.k8s\\.io/v1","time":"[-0-9:TZ]+","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":.*}}\\]}: ${detail}$`,
  );
const named = (detail: string): Rule => ({
  says: "a review has no metadata",
  accepts: { metadata: {} },
  refuses: refusedLike({ "metadata.labels": { a: "b" } }, unnamed("", detail)),
});

export const selfSubjectAccessReview: KindRules = {
  group,
  kind,
  path: path("selfsubjectaccessreviews"),
  valid: { spec: { resourceAttributes: { verb: "get", resource: "pods" } } },
  create: [...rules, named("must be empty")],
};

export const subjectAccessReview: KindRules = {
  group,
  kind,
  path: path("subjectaccessreviews"),
  valid: { spec: { user: "a", resourceAttributes: { verb: "get", resource: "pods" } } },
  create: [...rules, somebody, named("must be empty")],
};

export const localSubjectAccessReview: KindRules = {
  group,
  kind,
  path: path("namespaces/default/localsubjectaccessreviews"),
  valid: { spec: { user: "a", resourceAttributes: { namespace: "default", verb: "get", resource: "pods" } } },
  create: [
    ...rules.filter((rule) => rule !== one),
    somebody,
    {
      says: "a review of a namespace asks of what is there",
      accepts: { "metadata.namespace": "default" },
      refuses: [
        refused(
          { [`${attributes}.namespace`]: "other" },
          invalid(`${attributes}.namespace`, "other", "must match metadata.namespace"),
        ),
        refused(
          { [`${attributes}.namespace`]: undefined },
          invalid(`${attributes}.namespace`, "", "must match metadata.namespace"),
        ),
        refused(
          { [attributes]: undefined, [other]: { path: "/a", verb: "get" } },
          invalid(other, { Path: "/a", Verb: "get" }, "disallowed on this kind of request"),
        ),
      ],
    },
    {
      says: "a review has no metadata but its namespace",
      accepts: { metadata: {} },
      refuses: refusedLike(
        { "metadata.labels": { a: "b" } },
        unnamed('"namespace":"default",', "must be empty except for namespace"),
      ),
    },
  ],
};

export const tokenRequest: KindRules = {
  group: "authentication.k8s.io",
  kind: "TokenRequest",
  path: "/api/v1/namespaces/default/serviceaccounts/default/token",
  valid: { spec: { audiences: ["a"] } },
  create: [
    {
      says: "a request for a token is of the account in its path",
      accepts: { metadata: { name: "default", namespace: "default" } },
      refuses: [
        refusedWith(
          { "metadata.name": "a" },
          failure(
            422,
            "Invalid",
            'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "a": must match the service account name if specified',
            {
              name: "default",
              group: "authentication.k8s.io",
              kind: "TokenRequest",
              causes: [invalid("metadata.name", "a", "must match the service account name if specified")],
            },
          ),
        ),
        refusedWith(
          { "metadata.namespace": "a" },
          failure(
            400,
            "BadRequest",
            "the namespace of the provided object does not match the namespace sent on the request",
          ),
        ),
      ],
    },
    {
      says: "a token lasts between ten minutes and 136 years",
      accepts: [600, 4_294_967_296].map((seconds) => ({ "spec.expirationSeconds": seconds })),
      refuses: [
        refused(
          { "spec.expirationSeconds": 599 },
          invalid("spec.expirationSeconds", 599, "may not specify a duration less than 10 minutes"),
        ),
        refused(
          { "spec.expirationSeconds": 4_294_967_297 },
          invalid("spec.expirationSeconds", 4_294_967_297, "may not specify a duration larger than 2^32 seconds"),
        ),
      ],
    },
  ],
};

const badRequest = (message: string): object => failure(400, "BadRequest", message);

export const tokenReview: KindRules = {
  group: "authentication.k8s.io",
  kind: "TokenReview",
  path: "/apis/authentication.k8s.io/v1/tokenreviews",
  valid: { spec: { token: "a" } },
  create: [
    {
      says: "a review is of a token",
      accepts: { "spec.audiences": ["a"] },
      refuses: refusedWith({ spec: {} }, badRequest("token is required for TokenReview in authentication")),
    },
  ],
};

export const selfSubjectRulesReview: KindRules = {
  group,
  kind: "SelfSubjectRulesReview",
  path: path("selfsubjectrulesreviews"),
  valid: { spec: { namespace: "default" } },
  create: [
    {
      says: "a review is of a namespace",
      accepts: { "spec.namespace": "other" },
      refuses: refusedWith({ spec: {} }, badRequest("no namespace on request")),
    },
  ],
};
