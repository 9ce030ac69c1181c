import { immutable, negative } from "../messages.ts";
import {
  type Cause,
  type Change,
  duplicate,
  invalid,
  invalidShown,
  type Json,
  type KindRules,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { indexed, job } from "./job-base.ts";

const start = "2026-01-01T00:00:00Z";
const end = "2026-01-02T00:00:00Z";
const is = (...types: readonly string[]): Json => types.map((type) => ({ type, status: "True" }));
const conditions = (detail: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${detail}`,
  field: "status.conditions",
});
/** The status of the job that ended well, and other fields. */
const complete = (more: Change = {}): Change => ({
  "status.startTime": start,
  "status.completionTime": end,
  "status.conditions": is("SuccessCriteriaMet", "Complete"),
  ...more,
});
const failed = (more: Change = {}): Change => ({
  "status.startTime": start,
  "status.conditions": is("FailureTarget", "Failed"),
  ...more,
});

const counts: readonly Rule[] = [
  ...["active", "succeeded", "failed", "ready", "terminating"].map((field): Rule => {
    const place = `status.${field}`;
    return {
      says: `${field} is not negative`,
      accepts: { [place]: 0 },
      refuses: refused(
        { [place]: -1 },
        invalid(place, -1, negative),
        ...(field === "failed" || field === "succeeded"
          ? [invalid(place, -1, `cannot decrease the ${field} counter`)]
          : []),
      ),
    };
  }),
  {
    says: "pods that wait to be counted are told once, by their UIDs",
    accepts: { "status.uncountedTerminatedPods": { succeeded: ["a"], failed: ["b"] } },
    refuses: [
      refused(
        { "status.uncountedTerminatedPods": { succeeded: [""], failed: [""] } },
        invalid("status.uncountedTerminatedPods.succeeded[0]", "", "must not be empty"),
        invalid("status.uncountedTerminatedPods.failed[0]", "", "must not be empty"),
      ),
      refused(
        { "status.uncountedTerminatedPods": { succeeded: ["a", "a"], failed: ["a"] } },
        duplicate("status.uncountedTerminatedPods.succeeded[1]", "a"),
        duplicate("status.uncountedTerminatedPods.failed[0]", "a"),
      ),
    ],
  },
  {
    says: "no more pods are ready than active",
    accepts: { "status.active": 1, "status.ready": 1 },
    refuses: refused(
      { "status.active": 1, "status.ready": 2 },
      invalid("status.ready", 2, "cannot set more ready pods than active"),
    ),
  },
];

const ends: readonly Rule[] = [
  {
    says: "a job ends in one way",
    accepts: [complete(), failed()],
    refuses: [
      refused(
        complete({ "status.conditions": is("Complete", "SuccessCriteriaMet", "Failed", "FailureTarget") }),
        conditions("cannot set Complete=True and Failed=true conditions"),
        conditions("cannot set Complete=True and FailureTarget=true conditions"),
        conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions"),
        conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
      ),
      refused(
        { "status.conditions": is("SuccessCriteriaMet", "FailureTarget") },
        conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
      ),
    ],
  },
  {
    says: "an end is announced",
    accepts: { "status.conditions": is("FailureTarget") },
    refuses: [
      refused(
        failed({ "status.conditions": is("Failed") }),
        conditions("cannot set Failed=True condition without the FailureTarget=true condition"),
      ),
      refused(
        complete({ "status.conditions": is("Complete") }),
        conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
      ),
    ],
  },
  {
    says: "a job with a policy of success ends by it",
    stored: { ...indexed(), "spec.successPolicy": { rules: [{ succeededCount: 1 }] } },
    accepts: complete(),
    refuses: refused(
      complete({ "status.conditions": is("Complete") }),
      conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
      conditions("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"),
    ),
  },
];

const times: readonly Rule[] = [
  {
    says: "what is complete has a time of completion, and nothing else has one",
    accepts: complete(),
    refuses: [
      refused(
        { "status.completionTime": end },
        invalid("status.completionTime", end, "cannot set completionTime when there is no Complete=True condition"),
      ),
      refused(
        complete({ "status.completionTime": undefined }),
        required("status.completionTime", "completionTime is required for Complete jobs"),
      ),
    ],
  },
  {
    says: "a job starts before it ends",
    accepts: complete({ "status.completionTime": start }),
    refuses: [
      refused(
        complete({ "status.startTime": end, "status.completionTime": start }),
        invalid("status.completionTime", start, "must be equal to or after `startTime`"),
      ),
      refused(
        complete({ "status.startTime": undefined }),
        required("status.startTime", "startTime is required for finished job"),
      ),
      refused(
        failed({ "status.startTime": undefined }),
        required("status.startTime", "startTime is required for finished job"),
      ),
    ],
  },
  {
    says: "a suspended job of nothing ends without a start",
    stored: { "spec.suspend": true, "spec.completions": 0 },
    accepts: complete({ "status.startTime": undefined }),
    refuses: [],
  },
  {
    says: "a time of completion stays",
    stored: complete(),
    accepts: complete(),
    refuses: refused(
      { "status.completionTime": "2026-01-03T00:00:00Z" },
      invalid("status.completionTime", "2026-01-03T00:00:00Z", immutable),
    ),
  },
  {
    says: "the start of a job that is not suspended stays",
    stored: { "status.startTime": start },
    accepts: { "status.active": 1 },
    refuses: [
      refused(
        { "status.startTime": end },
        invalid("status.startTime", end, "field is immutable for unsuspended job once set"),
      ),
      refused(
        { "status.startTime": undefined },
        invalidShown("status.startTime", "null", "field is immutable for unsuspended job once set"),
      ),
    ],
  },
  {
    says: "a job that is resumed starts again",
    stored: { "status.startTime": start, "status.conditions": is("Suspended") },
    accepts: { "status.startTime": end, "status.conditions": [{ type: "Suspended", status: "False" }] },
    refuses: refused(
      { "status.startTime": end },
      invalid("status.startTime", end, "field is immutable for unsuspended job once set"),
    ),
  },
];

const finished: readonly Rule[] = [
  {
    says: "what has ended runs nothing, and leaves nothing to count",
    accepts: complete({ "status.active": 0, "status.terminating": 0, "status.uncountedTerminatedPods": {} }),
    refuses: [
      refused(
        complete({ "status.active": 1, "status.terminating": 1 }),
        invalid("status.active", 1, "active>0 is invalid for finished job"),
        invalid("status.terminating", 1, "terminating>0 is invalid for finished job"),
      ),
      refused(
        failed({ "status.uncountedTerminatedPods": { failed: ["a"] } }),
        invalidShown(
          "status.uncountedTerminatedPods",
          '{"Succeeded":null,"Failed":["a"]}',
          "must be empty for finished job",
        ),
      ),
    ],
  },
];

const perIndex = indexed({ backoffLimitPerIndex: 1 });
const indexes: readonly Rule[] = [
  {
    says: "completed indexes are some of an indexed job",
    stored: indexed(),
    accepts: { "status.completedIndexes": "0,2-4" },
    refuses: [
      refused(
        { "status.completedIndexes": "5" },
        invalid("status.completedIndexes", "5", 'error parsing completedIndexes: too large index: "5"'),
      ),
    ],
  },
  {
    says: "a job without indexes completes none",
    accepts: { "status.completedIndexes": "" },
    refuses: refused(
      { "status.completedIndexes": "0" },
      invalid("status.completedIndexes", "0", "cannot set non-empty completedIndexes when non-indexed completion mode"),
    ),
  },
  {
    says: "failed indexes are some of the job, and not completed",
    stored: perIndex,
    accepts: { "status.completedIndexes": "0,2", "status.failedIndexes": "1,3-4" },
    refuses: [
      refused(
        { "status.failedIndexes": "1," },
        invalid(
          "status.failedIndexes",
          "1,",
          'error parsing failedIndexes: cannot convert string to integer for index: ""',
        ),
      ),
      refused(
        { "status.completedIndexes": "0,2-3", "status.failedIndexes": "1,3-4" },
        invalid("status.failedIndexes", "1,3-4", "failedIndexes and completedIndexes overlap at index: 3"),
      ),
    ],
  },
  {
    says: "indexes fail where each of them may",
    stored: indexed(),
    accepts: { "status.failedIndexes": undefined },
    refuses: refused(
      { "status.failedIndexes": "" },
      invalid("status.failedIndexes", "", "cannot set non-null failedIndexes when backoffLimitPerIndex is null"),
    ),
  },
];

const progress: readonly Rule[] = [
  {
    says: "a job that failed stays so",
    stored: failed(),
    accepts: { "status.failed": 1 },
    refuses: refused(
      { "status.conditions": [] },
      conditions("cannot disable the terminal Failed=True condition"),
      conditions("cannot disable the terminal FailureTarget=True condition"),
    ),
  },
  {
    says: "a job that is complete stays so",
    stored: complete(),
    accepts: { "status.succeeded": 1 },
    refuses: [
      refused(
        { "status.conditions": is("SuccessCriteriaMet"), "status.completionTime": undefined },
        conditions("cannot disable the terminal Complete=True condition"),
      ),
      refused(
        { "status.conditions": is("Complete") },
        conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
        conditions("cannot disable the SuccessCriteriaMet=True condition"),
      ),
    ],
  },
  {
    says: "what failed is counted on",
    stored: { "status.failed": 2, "status.succeeded": 2 },
    accepts: { "status.failed": 2, "status.succeeded": 3 },
    refuses: refused(
      { "status.failed": 1, "status.succeeded": 1 },
      invalid("status.failed", 1, "cannot decrease the failed counter"),
      invalid("status.succeeded", 1, "cannot decrease the succeeded counter"),
    ),
  },
  {
    says: "what succeeded may be less in an indexed job that shrinks",
    stored: { ...indexed({ parallelism: 5 }), "status.succeeded": 2 },
    accepts: { "status.succeeded": 1 },
    refuses: [],
  },
];

export const jobStatus: KindRules = {
  ...job,
  subresources: { status: [...counts, ...ends, ...times, ...finished, ...indexes, ...progress] },
};
