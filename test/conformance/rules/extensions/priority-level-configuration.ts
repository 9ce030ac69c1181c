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
import { conditions } from "./flow-schema.ts";

const limited = "spec.limited";
const queuing = "spec.limited.limitResponse.queuing";
const preserveZero = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";
const exempt = { "metadata.name": "exempt", spec: { type: "Exempt" } };
const notExempt = "must be 'Exempt' if and only if `name` is 'exempt'";

/** As Go's JSON has the internal type. */
const shown = (limitedSpec: object | null, exemptSpec: object | null, type: string): string =>
  JSON.stringify({ Type: type, Limited: limitedSpec, Exempt: exemptSpec });
const rejecting = {
  NominalConcurrencyShares: 30,
  LimitResponse: { Type: "Reject", Queuing: null },
  LendablePercent: 0,
  BorrowingLimitPercent: null,
};
const fixed = "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value";

const levels: readonly Rule[] = [
  {
    says: "the annotation of the older version is not told",
    accepts: { [`metadata.annotations[a.${preserveZero}]`]: "" },
    refuses: refused(
      { [`metadata.annotations[${preserveZero}]`]: "" },
      forbidden("metadata.annotations", `annotation '${preserveZero}' is forbidden`),
    ),
  },
  {
    says: "only what is named exempt is exempt",
    accepts: {},
    refuses: [
      refused({ spec: { type: "Exempt" } }, invalid("spec.type", "Exempt", notExempt)),
      refused(
        { "metadata.name": "exempt", "spec.limited": { limitResponse: { type: "Reject" } } },
        invalid("spec.type", "Limited", notExempt),
        invalidShown("spec", shown(rejecting, null, "Limited"), fixed),
      ),
    ],
  },
  {
    says: "what is exempt is not limited",
    accepts: {},
    refuses: refused(
      { ...exempt, "spec.limited": { limitResponse: { type: "Reject" } } },
      forbidden("spec.limited", "must be nil if the type is not Limited"),
      invalidShown("spec", shown(rejecting, null, "Exempt"), fixed),
    ),
  },
  {
    says: "a level is limited, and told how",
    accepts: { "spec.limited.limitResponse": { type: "Reject" } },
    refuses: [
      refused({ "spec.limited": undefined }, required("spec.limited", "must not be empty when type is Limited")),
      refused({ "spec.exempt": {} }, forbidden("spec.exempt", "must be nil if the type is Limited")),
      refused({ "spec.type": "Free" }, notSupported("spec.type", "Free", ["Exempt", "Limited"])),
    ],
  },
  {
    says: "what must be there stays as it is",
    accepts: {},
    refuses: refused(
      { "metadata.name": "catch-all", "spec.limited": { limitResponse: { type: "Reject" } } },
      invalidShown("spec", shown(rejecting, null, "Limited"), "spec of 'catch-all' must equal the fixed value"),
    ),
  },
  ...(
    [
      ["nominalConcurrencyShares", [-1], "must be a non-negative integer"],
      ["lendablePercent", [-1, 101], "must be between 0 and 100, inclusive"],
    ] as const
  ).map(([field, values, message]) => ({
    says: `${field} of the exempt level are within bounds`,
    accepts: {},
    refuses: values.map((value) =>
      refused({ ...exempt, "spec.exempt": { [field]: value } }, invalid(`spec.exempt.${field}`, value, message)),
    ),
  })),
];

const limits: readonly Rule[] = [
  {
    says: "shares are not negative",
    accepts: { [`${limited}.nominalConcurrencyShares`]: 0 },
    refuses: refused(
      { [`${limited}.nominalConcurrencyShares`]: -1 },
      invalid(`${limited}.nominalConcurrencyShares`, -1, "must be a non-negative integer"),
    ),
  },
  {
    says: "up to all seats are lent",
    accepts: [0, 100].map((value) => ({ [`${limited}.lendablePercent`]: value })),
    refuses: [-1, 101].map((value) =>
      refused(
        { [`${limited}.lendablePercent`]: value },
        invalid(`${limited}.lendablePercent`, value, "must be between 0 and 100, inclusive"),
      ),
    ),
  },
  {
    says: "what is borrowed is not negative",
    accepts: [0, 1_000].map((value) => ({ [`${limited}.borrowingLimitPercent`]: value })),
    refuses: refused(
      { [`${limited}.borrowingLimitPercent`]: -1 },
      invalid(`${limited}.borrowingLimitPercent`, -1, "if specified, must be a non-negative integer"),
    ),
  },
  {
    says: "what is over the limit waits or is rejected",
    accepts: { [`${limited}.limitResponse`]: { type: "Queue", queuing: {} } },
    refuses: [
      refused(
        { [`${limited}.limitResponse.type`]: "Drop" },
        notSupported(`${limited}.limitResponse.type`, "Drop", ["Queue", "Reject"]),
      ),
      refused(
        { [`${limited}.limitResponse.type`]: "Reject" },
        forbidden(queuing, "must be nil if limited.limitResponse.type is not Limited"),
      ),
      refused(
        { [queuing]: undefined },
        required(queuing, "must not be empty if limited.limitResponse.type is Limited"),
      ),
    ],
  },
  {
    says: "queues have a positive length",
    accepts: { [`${queuing}.queueLengthLimit`]: 1 },
    refuses: refused(
      { [`${queuing}.queueLengthLimit`]: -1 },
      invalid(`${queuing}.queueLengthLimit`, -1, "must be positive"),
    ),
  },
  {
    says: "there are up to ten million queues",
    accepts: [1, 10_000_000].map((queues) => ({ [queuing]: { queues, handSize: 1 } })),
    refuses: [
      refused(
        { [queuing]: { queues: -1, handSize: 1 } },
        invalid(`${queuing}.queues`, -1, "must be positive"),
        invalid(`${queuing}.handSize`, 1, "should not be greater than queues (-1)"),
      ),
      refused(
        { [queuing]: { queues: 10_000_001, handSize: 1 } },
        invalid(`${queuing}.queues`, 10_000_001, "must not be greater than 10000000"),
      ),
    ],
  },
  {
    says: "a hand has no more queues than there are, and no more than a hash can deal",
    accepts: [{ [queuing]: { queues: 4, handSize: 4 } }, { [queuing]: { queues: 64, handSize: 10 } }],
    refuses: [
      refused({ [queuing]: { queues: 4, handSize: -1 } }, invalid(`${queuing}.handSize`, -1, "must be positive")),
      refused(
        { [queuing]: { queues: 4, handSize: 5 } },
        invalid(`${queuing}.handSize`, 5, "should not be greater than queues (4)"),
      ),
      refused(
        { [queuing]: { queues: 64, handSize: 11 } },
        invalid(
          `${queuing}.handSize`,
          11,
          "required entropy bits of deckSize 64 and handSize 11 should not be greater than 60",
        ),
      ),
    ],
  },
];

export const priorityLevelConfiguration: KindRules = {
  group: "flowcontrol.apiserver.k8s.io",
  kind: "PriorityLevelConfiguration",
  path: "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
  valid: {
    metadata: { name: "rules" },
    spec: { type: "Limited", limited: { limitResponse: { type: "Queue", queuing: {} } } },
  },
  create: [...levels, ...limits],
  update: limits,
  subresources: { status: conditions },
};
