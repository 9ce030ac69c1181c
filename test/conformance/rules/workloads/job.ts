import { negative, notDNSSubdomain, notLabelValue } from "../messages.ts";
import { invalid, invalidShown, type KindRules, notSupported, type Rule, refused, required, tooLong } from "../rule.ts";
import { indexed, job } from "./job-base.ts";

const maxInt32 = 2 ** 31 - 1;
const counts = ["parallelism", "completions", "backoffLimit", "ttlSecondsAfterFinished"];

const limits: readonly Rule[] = [
  ...counts.map((field): Rule => {
    const place = `spec.${field}`;
    return {
      says: `${field} is not negative`,
      accepts: [{ [place]: 0 }, { [place]: maxInt32 }],
      refuses: refused({ [place]: -1 }, invalid(place, -1, negative)),
    };
  }),
  {
    says: "activeDeadlineSeconds is not negative",
    accepts: { "spec.activeDeadlineSeconds": 0 },
    refuses: refused({ "spec.activeDeadlineSeconds": -1 }, invalid("spec.activeDeadlineSeconds", -1, negative)),
  },
  ...["backoffLimitPerIndex", "maxFailedIndexes"].map((field): Rule => {
    const place = `spec.${field}`;
    return {
      says: `${field} is not negative`,
      accepts: { ...indexed({ backoffLimitPerIndex: 1 }), [place]: 0 },
      refuses: refused({ ...indexed({ backoffLimitPerIndex: 1 }), [place]: -1 }, invalid(place, -1, negative)),
    };
  }),
];

const fields: readonly Rule[] = [
  {
    says: "failed indexes are counted where each of them may fail",
    accepts: indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 1 }),
    refuses: refused(
      indexed({ maxFailedIndexes: 1 }),
      required("spec.backoffLimitPerIndex", "when maxFailedIndexes is specified"),
    ),
  },
  {
    says: "who manages a job is told by a path with a domain",
    accepts: [{ "spec.managedBy": "example.com/a/b" }, { "spec.managedBy": `a/${"b".repeat(61)}` }],
    refuses: [
      refused({ "spec.managedBy": "" }, required("spec.managedBy")),
      ...["a", "/a", "a/"].map((path) =>
        refused(
          { "spec.managedBy": path },
          invalid("spec.managedBy", path, 'must be a domain-prefixed path (such as "acme.io/foo")'),
        ),
      ),
      refused({ "spec.managedBy": "A/b" }, invalid("spec.managedBy", "A", notDNSSubdomain)),
      refused(
        { "spec.managedBy": "a/b c" },
        invalid(
          "spec.managedBy",
          "b c",
          "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
        ),
      ),
      refused({ "spec.managedBy": `a/${"b".repeat(62)}` }, tooLong("spec.managedBy", "may not be more than 63 bytes")),
    ],
  },
  {
    says: "a job's completions are counted, or indexed",
    accepts: [{ "spec.completionMode": "NonIndexed" }, indexed()],
    refuses: [
      refused(
        { "spec.completionMode": "Named" },
        notSupported("spec.completionMode", "Named", ["NonIndexed", "Indexed"]),
      ),
      refused(
        { "spec.completionMode": "Indexed", "spec.parallelism": 1 },
        required("spec.completions", "when completion mode is Indexed"),
      ),
    ],
  },
  {
    says: "limits of an index need indexes",
    accepts: indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 5 }),
    refuses: refused(
      { "spec.backoffLimitPerIndex": 1, "spec.maxFailedIndexes": 2 },
      invalid("spec.backoffLimitPerIndex", 1, "requires indexed completion mode"),
      invalid("spec.maxFailedIndexes", 2, "requires indexed completion mode"),
    ),
  },
];

const many =
  "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
const indexes: readonly Rule[] = [
  {
    says: "at most a hundred thousand pods of an indexed job run together",
    accepts: indexed({ parallelism: 100_000 }),
    refuses: refused(
      indexed({ parallelism: 100_001 }),
      invalid("spec.parallelism", 100_001, "must be less than or equal to 100000 when completion mode is Indexed"),
    ),
  },
  {
    says: "no more indexes fail than there are, nor than a hundred thousand",
    accepts: indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 100_000, completions: 100_000 }),
    refuses: [
      refused(
        indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 6 }),
        invalid("spec.maxFailedIndexes", 6, "must be less than or equal to completions"),
      ),
      refused(
        indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 100_001, completions: 100_001 }),
        invalid("spec.maxFailedIndexes", 100_001, "must be less than or equal to 100000"),
        invalid("spec.maxFailedIndexes", 100_001, many),
      ),
    ],
  },
  {
    says: "where there are many indexes, few run and fail",
    accepts: [
      indexed({ completions: 100_000, backoffLimitPerIndex: 1 }),
      indexed({ completions: 100_001, parallelism: 100_000 }),
      indexed({ completions: 100_001, parallelism: 10_000, backoffLimitPerIndex: 1, maxFailedIndexes: 10_000 }),
    ],
    refuses: [
      refused(
        indexed({ completions: 100_001, backoffLimitPerIndex: 1 }),
        required("spec.maxFailedIndexes", "must be specified when completions is above 100000"),
      ),
      refused(
        indexed({ completions: 100_001, parallelism: 10_001, backoffLimitPerIndex: 1, maxFailedIndexes: 10_001 }),
        invalid("spec.parallelism", 10_001, many),
        invalid("spec.maxFailedIndexes", 10_001, many),
      ),
    ],
  },
  {
    says: "the last pod of an indexed job can have its host name",
    accepts: { ...indexed({ completions: 100 }), "metadata.name": "a".repeat(60) },
    refuses: [
      refused(
        { ...indexed({ completions: 101 }), "metadata.name": "a".repeat(60) },
        invalid(
          "metadata.name",
          "a".repeat(60),
          `will not able to create pod with invalid DNS label: ${"a".repeat(60)}-100`,
        ),
      ),
      refused(
        { ...indexed(), "metadata.name": "a.b" },
        invalid("metadata.name", "a.b", "will not able to create pod with invalid DNS label: a.b-4"),
      ),
    ],
  },
];

const replacement = "spec.podReplacementPolicy";
const failurePolicy = { rules: [{ action: "Ignore", onPodConditions: [{ type: "A" }] }] };
const restart = "spec.template.spec.restartPolicy";
const pods: readonly Rule[] = [
  {
    says: "pods are replaced once they failed, or as soon as they end",
    accepts: [{ [replacement]: "Failed" }, { [replacement]: "TerminatingOrFailed" }],
    refuses: [
      refused({ [replacement]: "Never" }, notSupported(replacement, "Never", ["Failed", "TerminatingOrFailed"])),
      refused(
        { [replacement]: "TerminatingOrFailed", "spec.podFailurePolicy": failurePolicy },
        notSupported(replacement, "TerminatingOrFailed", ["Failed"]),
      ),
    ],
  },
  {
    says: "a job's pods end",
    accepts: [{ [restart]: "Never" }, { [restart]: "OnFailure" }],
    refuses: [
      refused({ [restart]: "Always" }, required(restart, 'valid values: "OnFailure", "Never"')),
      refused({ [restart]: undefined }, required(restart, 'valid values: "OnFailure", "Never"')),
      refused(
        { [restart]: "Sometimes" },
        notSupported(restart, "Sometimes", ["Always", "OnFailure", "Never"]),
        notSupported(restart, "Sometimes", ["OnFailure", "Never"]),
      ),
      refused(
        { [restart]: "OnFailure", "spec.podFailurePolicy": failurePolicy },
        invalid(restart, "OnFailure", 'only "Never" is supported when podFailurePolicy is specified'),
      ),
    ],
  },
  {
    says: "pods of a job keep pods' rules",
    accepts: {},
    refuses: refused({ "spec.template.spec.containers": [] }, required("spec.template.spec.containers")),
  },
];

const labels = "spec.template.metadata.labels";
const manual = {
  "spec.manualSelector": true,
  "spec.selector": { matchLabels: { a: "b" } },
  [labels]: { a: "b" },
};
const selectors: readonly Rule[] = [
  {
    says: "what is added to a generated selector is good",
    accepts: {
      "spec.selector": { matchExpressions: [{ key: "job-name", operator: "Exists" }] },
    },
    refuses: refused(
      { "spec.selector": { matchExpressions: [{ key: "job-name", operator: "NotIn", values: ["c d"] }] } },
      invalid("spec.selector.matchExpressions[0].values[0]", "c d", notLabelValue),
    ),
  },
  {
    says: "a selector of the client's own is told, good, and chooses the template",
    accepts: manual,
    refuses: [
      refused(
        { ...manual, "spec.selector": undefined },
        required("spec.selector"),
        invalidShown(labels, '{"a":"b"}', "`selector` does not match template `labels`"),
      ),
      refused(
        { ...manual, "spec.selector": { matchExpressions: [{ key: "a", operator: "In", values: ["b", "c d"] }] } },
        invalid("spec.selector.matchExpressions[0].values[1]", "c d", notLabelValue),
      ),
      refused(
        { ...manual, [labels]: { a: "c", A: "d" } },
        invalidShown(labels, '{"A":"d","a":"c"}', "`selector` does not match template `labels`"),
      ),
    ],
  },
];

export const jobs: KindRules = { ...job, create: [...limits, ...fields, ...indexes, ...pods, ...selectors] };
