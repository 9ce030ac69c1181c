import {
  type Cause,
  duplicate,
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  type Rule,
  refused,
  required,
  tooLong,
  typeInvalid,
} from "../rule.ts";
import { customKind, pathOf } from "./custom-kinds.ts";

// x-kubernetes-validations of a custom resource, its status and its scale (apiextensions-apiserver pkg/apiserver/schema/cel,
// pkg/registry/customresource).

const small = { type: "string", maxLength: 9 };
const integer = { type: "integer" };
const ruled = (rule: JsonObject, props: JsonObject = integer): JsonObject => ({
  ...props,
  "x-kubernetes-validations": [rule],
});

const object = { type: "object", properties: { a: integer, b: integer } };
const less = "self.a < self.b";
const list = { type: "array", maxItems: 9, items: integer };

const squared = "self.all(a, self.all(b, a + b >= 0)) ? 'c' : 'd'";

const fields: JsonObject = {
  plain: ruled({ rule: "self < 5" }),
  worded: ruled({ rule: "self < 5", message: " is large\n" }),
  computed: ruled({ rule: "self < 5", message: "b", messageExpression: "' is large '" }),
  empty: ruled({ rule: "self < 5", message: "is large", messageExpression: "''" }),
  broken: ruled({ rule: "self < 5", message: "is large", messageExpression: "'a\\nb'" }),
  failing: ruled({ rule: "self < 5", message: "is large", messageExpression: "string(1 / (self - self))" }),
  dividing: ruled({ rule: "1 / self == 1" }),
  whole: ruled({ rule: less }, object),
  placed: ruled({ rule: less, fieldPath: ".a" }, object),
  many: ruled({ rule: "size(self) < 2" }, list),
  each: { ...list, items: ruled({ rule: "self < 5" }) },
  map: { type: "object", maxProperties: 9, additionalProperties: ruled({ rule: "self < 5" }) },
  nullable: ruled({ rule: "self < 5" }, { ...integer, nullable: true }),
  duplicate: ruled({ rule: "self < 5", reason: "FieldValueDuplicate" }),
  forbidden: ruled({ rule: "self < 5", reason: "FieldValueForbidden" }),
  required: ruled({ rule: less, reason: "FieldValueRequired", fieldPath: ".b", message: "is larger" }, object),
  invalid: ruled({ rule: "self < 5", reason: "FieldValueInvalid" }),
  fixed: ruled({ rule: "self == oldSelf", message: "does not change" }, small),
  growing: ruled({ rule: "!oldSelf.hasValue() || self >= oldSelf.value()", optionalOldSelf: true }),
  costly: ruled({ rule: "size(self) < 2", messageExpression: squared }, { ...list, maxItems: 500 }),
  late: ruled({ rule: "self < 5" }),
  short: small,
  replicas: integer,
};

const failed = "failed rule: self < 5";
/** What is not shown: an object or a list. */
const unshown = (field: string, detail: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${detail}`,
  field,
});
const of = (name: string, good: Json, ...bad: readonly (readonly [Json, ...Cause[]])[]) => ({
  accepts: { [`spec.${name}`]: good },
  refuses: bad.map(([value, ...causes]) => refused({ [`spec.${name}`]: value }, ...causes)),
});

const rules: readonly Rule[] = [
  {
    says: "a rule without words is told as it stands",
    ...of("plain", 4, [5, invalid("spec.plain", 5, failed)]),
  },
  { says: "a rule's message is trimmed", ...of("worded", 4, [5, invalid("spec.worded", 5, "is large")]) },
  {
    says: "a message is computed, and trimmed",
    ...of("computed", 4, [5, invalid("spec.computed", 5, "is large")]),
  },
  ...["empty", "broken", "failing"].map((name) => ({
    says: `a message that comes out ${name} gives way to the other`,
    ...of(name, 4, [5, invalid(`spec.${name}`, 5, "is large")]),
  })),
  {
    says: "a message that costs too much ends all rules",
    ...of(
      "costly",
      [1],
      [
        Array(500).fill(1),
        invalid(
          "spec.costly",
          "array",
          `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(squared)}`,
        ),
      ],
    ),
  },
  {
    says: "a rule that fails is not kept",
    ...of("dividing", 1, [0, invalid("spec.dividing", "integer", "division by zero evaluating rule: 1 / self == 1")]),
  },
  {
    says: "objects and lists are not shown",
    ...of("whole", { a: 1, b: 2 }, [{ a: 2, b: 1 }, unshown("spec.whole", `failed rule: ${less}`)]),
  },
  { says: "so are not lists", ...of("many", [1], [[1, 2], unshown("spec.many", "failed rule: size(self) < 2")]) },
  {
    says: "a rule may tell another place",
    ...of("placed", { a: 1, b: 2 }, [{ a: 2, b: 1 }, unshown("spec.placed.a", `failed rule: ${less}`)]),
  },
  { says: "items keep their rules", ...of("each", [4], [[4, 5], invalid("spec.each[1]", 5, failed)]) },
  { says: "values keep their rules", ...of("map", { a: 4 }, [{ b: 5 }, invalid("spec.map[b]", 5, failed)]) },
  {
    says: "what may be null keeps its rules otherwise",
    ...of("nullable", null, [5, invalid("spec.nullable", 5, failed)]),
  },
  {
    says: "a rule's reason is that of the answer: duplicate",
    ...of("duplicate", 4, [5, duplicate("spec.duplicate", 5)]),
  },
  {
    says: "a rule's reason is that of the answer: forbidden",
    ...of("forbidden", 4, [5, forbidden("spec.forbidden", failed)]),
  },
  {
    says: "a rule's reason is that of the answer: required",
    ...of("required", { a: 1, b: 2 }, [{ a: 2, b: 1 }, required("spec.required.b", "is larger")]),
  },
  {
    says: "a rule's reason is that of the answer: invalid",
    ...of("invalid", 4, [5, invalid("spec.invalid", 5, failed)]),
  },
  {
    says: "rules are not asked of what is not of the schema",
    accepts: { "spec.short": "a", "spec.late": 4 },
    refuses: [
      refused(
        { "spec.short": "a".repeat(10), "spec.late": 5 },
        tooLong("spec.short", "may not be more than 9 bytes"),
        unchecked(),
      ),
      refused(
        { "spec.short": 1 },
        typeInvalid("spec.short", "integer", 'spec.short in body must be of type string: "integer"'),
        unchecked(),
      ),
    ],
  },
];

function unchecked(): Cause {
  return invalid(
    "<nil>",
    null,
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
  );
}

const changes: readonly Rule[] = [
  {
    says: "a rule of what was before holds for what is changed",
    stored: { "spec.fixed": "a", "spec.growing": 3 },
    accepts: [{ "spec.growing": 4 }, { "spec.fixed": undefined }],
    refuses: [
      refused({ "spec.fixed": "b" }, invalid("spec.fixed", "b", "does not change")),
      refused(
        { "spec.growing": 2 },
        invalid("spec.growing", 2, "failed rule: !oldSelf.hasValue() || self >= oldSelf.value()"),
      ),
    ],
  },
];

const scaled: readonly Rule[] = [
  {
    says: "replicas are a number that is not negative, of 32 bits",
    accepts: [0, 2 ** 31 - 1].map((replicas) => ({ "spec.replicas": replicas })),
    refuses: [
      refused({ "spec.replicas": -1 }, invalid(".spec.replicas", -1, "should be a non-negative integer")),
      refused(
        { "spec.replicas": 2 ** 31 },
        invalid(".spec.replicas", 2 ** 31, "should be less than or equal to 2147483647"),
      ),
    ],
  },
];

const status: readonly Rule[] = [
  {
    says: "a status keeps its schema and its rules",
    accepts: { "status.phase": "New" },
    refuses: [
      refused(
        { "status.phase": 1 },
        typeInvalid("status.phase", "integer", 'phase in body must be of type string: "integer"'),
        unchecked(),
      ),
      refused({ "status.phase": "Old" }, invalid("status.phase", "Old", "failed rule: self != 'Old'")),
      refused({ "status.seen": ["a", "a"] }, duplicate("status.seen[1]", "a")),
    ],
  },
  {
    says: "replicas of a status are a number that is not negative, of 32 bits",
    accepts: { "status.replicas": 0, "status.selector": "a=b" },
    refuses: [
      refused({ "status.replicas": -1 }, invalid(".status.replicas", -1, "should be a non-negative integer")),
      refused(
        { "status.replicas": 2 ** 31 },
        invalid(".status.replicas", 2 ** 31, "should be less than or equal to 2147483647"),
      ),
    ],
  },
];

const statusSchema: JsonObject = {
  type: "object",
  properties: {
    phase: ruled({ rule: "self != 'Old'" }, small),
    seen: { type: "array", maxItems: 9, items: small, "x-kubernetes-list-type": "set" },
    replicas: integer,
    selector: { type: "string" },
  },
};

export const ruledDefinition = customKind(
  "Ruled",
  {},
  {
    schema: { properties: { spec: { type: "object", properties: fields }, status: statusSchema } },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: ".spec.replicas",
        statusReplicasPath: ".status.replicas",
        labelSelectorPath: ".status.selector",
      },
    },
  },
);

export const ruledKind: KindRules = {
  group: "custom.example",
  kind: "Ruled",
  path: pathOf("ruleds"),
  valid: { apiVersion: "custom.example/v1", kind: "Ruled", metadata: { name: "rules" }, spec: {} },
  create: [...rules, ...scaled],
  update: [...changes, ...scaled],
  subresources: { status },
};
