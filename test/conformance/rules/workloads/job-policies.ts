import { negative, notQualifiedName } from "../messages.ts";
import {
  type Change,
  duplicate,
  invalid,
  invalidShown,
  type Json,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
  tooMany,
} from "../rule.ts";
import { indexed, job } from "./job-base.ts";

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

const rules = "spec.podFailurePolicy.rules";
const rule = `${rules}[0]`;
const failure = (...list: readonly Json[]): Change => ({ [rules]: list });
const codes = (more: JsonObject = {}): JsonObject => ({
  action: "FailJob",
  onExitCodes: { operator: "In", values: [1], ...more },
});
const conditions = (...list: readonly Json[]): JsonObject => ({ action: "FailJob", onPodConditions: list });
const condition = { type: "A", status: "True" };

const actions: readonly Rule[] = [
  {
    says: "a policy of failures has twenty rules at most",
    accepts: failure(...times(20, () => codes())),
    refuses: refused(failure(...times(21, () => codes())), tooMany(rules, 21, "must have at most 20 items")),
  },
  {
    says: "a failure is counted, ignored, or ends the job or the index",
    accepts: [
      ...["Count", "FailJob", "Ignore"].map((action) => failure({ ...codes(), action })),
      { ...indexed({ backoffLimitPerIndex: 1 }), ...failure({ ...codes(), action: "FailIndex" }) },
    ],
    refuses: [
      refused(
        failure({ ...codes(), action: "" }),
        required(`${rule}.action`, 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]'),
      ),
      refused(
        failure({ ...codes(), action: "Forget" }),
        notSupported(`${rule}.action`, "Forget", ["Count", "FailIndex", "FailJob", "Ignore"]),
      ),
      refused(
        failure({ ...codes(), action: "FailIndex" }),
        invalid(`${rule}.action`, "FailIndex", "requires the backoffLimitPerIndex to be set"),
      ),
    ],
  },
  {
    says: "a rule of failures asks for codes or for conditions",
    accepts: [failure(codes()), failure(conditions(condition))],
    refuses: [
      refused(failure({ ...codes(), ...conditions(condition) }), {
        ...invalid(rule, "", ""),
        message: "Invalid value: specifying both OnExitCodes and OnPodConditions is not supported",
      }),
      refused(failure({ action: "FailJob" }), {
        ...invalid(rule, "", ""),
        message: "Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
      }),
    ],
  },
];

const exit = `${rule}.onExitCodes`;
const exitCodes: readonly Rule[] = [
  {
    says: "codes are some of a list, or none",
    accepts: ["In", "NotIn"].map((operator) => failure(codes({ operator }))),
    refuses: [
      refused(failure(codes({ operator: "" })), required(`${exit}.operator`, 'valid values: ["In" "NotIn"]')),
      refused(failure(codes({ operator: "Is" })), notSupported(`${exit}.operator`, "Is", ["In", "NotIn"])),
    ],
  },
  {
    says: "codes are of containers of the template",
    accepts: [
      failure(codes({ containerName: "main" })),
      {
        ...failure(codes({ containerName: "init" })),
        "spec.template.spec.initContainers": [{ name: "init", image: "a" }],
      },
    ],
    refuses: refused(
      failure(codes({ containerName: "other" })),
      invalid(
        `${exit}.containerName`,
        "other",
        "must be one of the container or initContainer names in the pod template",
      ),
    ),
  },
  {
    says: "there are codes, 255 at most",
    accepts: failure(codes({ values: times(255, (i) => i + 1) })),
    refuses: [
      refused(
        failure({ action: "FailJob", onExitCodes: { operator: "In" } }),
        invalidShown(`${exit}.values`, "null", "at least one value is required"),
      ),
      refused(
        failure(codes({ values: times(256, (i) => i + 1) })),
        tooMany(`${exit}.values`, 256, "must have at most 255 items"),
      ),
    ],
  },
  {
    says: "codes rise, and are none of success",
    accepts: [failure(codes({ values: [1, 2, 300] })), failure(codes({ operator: "NotIn", values: [0, 1] }))],
    refuses: [
      refused(failure(codes({ values: [0, 1] })), invalid(`${exit}.values[0]`, 0, "must not be 0 for the In operator")),
      refused(failure(codes({ values: [1, 1] })), duplicate(`${exit}.values[1]`, 1)),
      refused(failure(codes({ values: [2, 1] })), invalidShown(`${exit}.values`, "[2,1]", "must be ordered")),
    ],
  },
];

const patterns = `${rule}.onPodConditions`;
const podConditions: readonly Rule[] = [
  {
    says: "there are twenty conditions at most",
    accepts: failure(conditions(...times(20, () => condition))),
    refuses: refused(
      failure(conditions(...times(21, () => condition))),
      tooMany(patterns, 21, "must have at most 20 items"),
    ),
  },
  {
    says: "a condition has a qualified name, and is true, false or unknown",
    accepts: [
      ...["True", "False", "Unknown"].map((status) => failure(conditions({ type: "example.com/A", status }))),
      failure(conditions({ type: "A" })),
    ],
    refuses: [
      refused(
        failure(conditions({ type: "A b", status: "True" })),
        invalid(`${patterns}[0].type`, "A b", notQualifiedName),
      ),
      refused(
        failure(conditions({ type: "A", status: "Maybe" })),
        notSupported(`${patterns}[0].status`, "Maybe", ["False", "True", "Unknown"]),
      ),
    ],
  },
];

const success = "spec.successPolicy";
const successRule = `${success}.rules[0]`;
const succeeds = (...list: readonly Json[]): Change => ({ ...indexed(), [success]: { rules: list } });
const wrongIndexes = (text: string, problem: string) =>
  refused(
    succeeds({ succeededIndexes: text }),
    invalid(`${successRule}.succeededIndexes`, text, `error parsing succeededIndexes: ${problem}`),
  );
const successes: readonly Rule[] = [
  {
    says: "a policy of success needs indexes",
    accepts: succeeds({ succeededCount: 1 }),
    refuses: refused(
      { [success]: { rules: [{ succeededCount: 1 }, { succeededIndexes: "0" }] } },
      invalidShown(
        success,
        '{"Rules":[{"SucceededIndexes":null,"SucceededCount":1},{"SucceededIndexes":"0","SucceededCount":null}]}',
        "requires indexed completion mode",
      ),
    ),
  },
  {
    says: "a policy of success has one to twenty rules",
    accepts: succeeds(...times(20, () => ({ succeededCount: 1 }))),
    refuses: [
      refused(
        { ...indexed(), [success]: {} },
        required(`${success}.rules`, "at least one rules must be specified when the successPolicy is specified"),
      ),
      refused(
        succeeds(...times(21, () => ({ succeededCount: 1 }))),
        tooMany(`${success}.rules`, 21, "must have at most 20 items"),
      ),
    ],
  },
  {
    says: "a rule of success names indexes, or how many",
    accepts: [succeeds({ succeededIndexes: "0" }), succeeds({ succeededCount: 1 })],
    refuses: refused(
      succeeds({}),
      required(successRule, "at least one of succeededCount or succeededIndexes must be specified"),
    ),
  },
  {
    says: "indexes of success are a rising list of what the job has",
    accepts: [succeeds({ succeededIndexes: "0,2-4" }), succeeds({ succeededIndexes: "" })],
    refuses: [
      wrongIndexes("a", 'cannot convert string to integer for index: "a"'),
      wrongIndexes("1-", 'cannot convert string to integer for index: ""'),
      wrongIndexes("99999999999999999999", 'cannot convert string to integer for index: "99999999999999999999"'),
      wrongIndexes("5", 'too large index: "5"'),
      wrongIndexes("1-5", 'too large index: "5"'),
      wrongIndexes("1,1", "non-increasing order, previous: 1, current: 1"),
      wrongIndexes("3-2", "non-increasing order, previous: 3, current: 2"),
      wrongIndexes(
        "1-2-3",
        "the fragment \"1-2-3\" violates the requirement that an index interval can have at most two parts separated by '-'",
      ),
      refused(
        succeeds({ succeededIndexes: "0".repeat(65_537) }),
        tooLong(`${successRule}.succeededIndexes`, "may not be more than 65536 bytes"),
      ),
    ],
  },
  {
    says: "no more succeed than there are",
    accepts: [succeeds({ succeededCount: 5 }), succeeds({ succeededCount: 2, succeededIndexes: "1,3" })],
    refuses: [
      refused(succeeds({ succeededCount: -1 }), invalid(`${successRule}.succeededCount`, -1, negative)),
      refused(
        succeeds({ succeededCount: 6 }),
        invalid(
          `${successRule}.succeededCount`,
          6,
          "must be less than or equal to 5 (the number of specified completions)",
        ),
      ),
      refused(
        succeeds({ succeededCount: 3, succeededIndexes: "1,3" }),
        invalid(
          `${successRule}.succeededCount`,
          3,
          "must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)",
        ),
      ),
    ],
  },
];

export const jobPolicies: KindRules = {
  ...job,
  create: [...actions, ...exitCodes, ...podConditions, ...successes],
};
