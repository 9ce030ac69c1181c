import { negative, notDNSSubdomain } from "../messages.ts";
import {
  forbidden,
  invalid,
  invalidShown,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";

const path = "/api/v1/namespaces/default/replicationcontrollers";
const counts = ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"];

const notNegative = (field: string): Rule => ({
  says: `${field} is not negative`,
  accepts: { [field]: 0 },
  refuses: refused({ [field]: -1 }, invalid(field, -1, negative)),
});

const create: readonly Rule[] = [
  {
    says: "a controller has a name",
    accepts: { "metadata.name": "a".repeat(253) },
    refuses: [
      refused({ "metadata.name": "A" }, invalid("metadata.name", "A", notDNSSubdomain)),
      refused(
        { "metadata.name": "a".repeat(254) },
        invalid("metadata.name", "a".repeat(254), "must be no more than 253 bytes"),
      ),
    ],
  },
  notNegative("spec.minReadySeconds"),
  notNegative("spec.replicas"),
  {
    says: "a controller chooses by its template's labels where it does not say how",
    accepts: { "spec.selector": undefined },
    refuses: refused({ "spec.selector": undefined, "spec.template.metadata": undefined }, required("spec.selector")),
  },
  {
    says: "a controller has a template",
    accepts: {},
    refuses: refused({ "spec.template": undefined }, required("spec.template")),
  },
  {
    says: "a controller chooses the pods of its template",
    accepts: { "spec.template.metadata.labels.c": "d" },
    refuses: [
      refused(
        { "spec.template.metadata.labels": { d: "e", a: "c" } },
        invalidShown(
          "spec.template.metadata.labels",
          '{"a":"c","d":"e"}',
          "`selector` does not match template `labels`",
        ),
      ),
      refused(
        { "spec.template.metadata": undefined },
        invalidShown("spec.template.metadata.labels", "null", "`selector` does not match template `labels`"),
      ),
    ],
  },
  {
    says: "pods of a template keep pods' rules",
    accepts: {},
    refuses: refused({ "spec.template.spec.containers": [] }, required("spec.template.spec.containers")),
  },
  {
    says: "pods of a controller run for ever",
    accepts: { "spec.template.spec.restartPolicy": "Always" },
    refuses: [
      refused(
        { "spec.template.spec.restartPolicy": "Never" },
        notSupported("spec.template.spec.restartPolicy", "Never", ["Always"]),
      ),
      refused(
        { "spec.template.spec.activeDeadlineSeconds": 1 },
        forbidden(
          "spec.template.spec.activeDeadlineSeconds",
          "activeDeadlineSeconds in ReplicationController is not Supported",
        ),
      ),
    ],
  },
];

const status: readonly Rule[] = [
  {
    says: "counts are not negative",
    accepts: Object.fromEntries(counts.map((count) => [`status.${count}`, 0])),
    refuses: refused(
      Object.fromEntries(counts.map((count) => [`status.${count}`, -1])),
      ...counts.map((count) => invalid(`status.${count}`, -1, negative)),
    ),
  },
  {
    says: "parts are no more than the whole",
    accepts: Object.fromEntries(counts.map((count) => [`status.${count}`, 2])),
    refuses: [
      ...["fullyLabeledReplicas", "readyReplicas"].map((part) =>
        refused(
          { "status.replicas": 1, [`status.${part}`]: 2 },
          invalid(`status.${part}`, 2, "cannot be greater than status.replicas"),
        ),
      ),
      refused(
        { "status.replicas": 1, "status.readyReplicas": 1, "status.availableReplicas": 2 },
        invalid("status.availableReplicas", 2, "cannot be greater than status.replicas"),
        invalid("status.availableReplicas", 2, "cannot be greater than readyReplicas"),
      ),
    ],
  },
];

const lost = "non-convertible.kubernetes.io";
const update: readonly Rule[] = [
  {
    says: "a controller that could not be converted does not lose its selector",
    stored: { "metadata.annotations": { [`${lost}/selector`]: "a", [lost]: "b" } },
    accepts: { "spec.replicas": 2 },
    refuses: refused(
      { "spec.selector": { c: "d" }, "spec.template.metadata.labels": { c: "d" } },
      invalidShown("spec.selector", '{"c":"d"}', "cannot update non-convertible selector"),
    ),
  },
  {
    says: "a controller that could not be converted otherwise does not change",
    stored: { "metadata.annotations": { [`${lost}/other`]: "a" } },
    accepts: [],
    refuses: refused(
      { "spec.replicas": 2 },
      { reason: "FieldValueNotFound", field: "other", message: 'Not found: "a": unknown non-convertible field' },
    ),
  },
];

export const replicationController: KindRules = {
  group: "",
  kind: "ReplicationController",
  path,
  valid: {
    metadata: { name: "rules" },
    spec: {
      replicas: 0,
      selector: { a: "b" },
      template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "main", image: "a" }] } },
    },
  },
  create,
  update,
  subresources: { status },
};
