import { forbidden, invalid, type Json, type JsonObject, notSupported, type Rule, refused, required } from "../rule.ts";
import { a, ofA, ofTop, top } from "./definition-places.ts";

const one = `${a}.x-kubernetes-validations[0]`;
const text = { type: "string", maxLength: 9 };
const object = { type: "object", properties: { b: text } };
const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

const ruled = (rule: JsonObject, props: JsonObject = object) => ofA({ ...props, "x-kubernetes-validations": [rule] });

/** A rule as Go's JSON has the internal type. */
const shownRule = (said: { readonly [key: string]: Json }): JsonObject => ({
  Rule: "true",
  Message: "",
  MessageExpression: "",
  Reason: null,
  FieldPath: "",
  OptionalOldSelf: null,
  ...said,
});
const exceeds = (what: string): string =>
  `${what} exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
const contributed = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
const total = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
const endless = { type: "array", items: { type: "string" } };
const quadratic = "self.all(b, self.all(c, b == c))";

const told: readonly Rule[] = [
  {
    says: "a rule is told, with a message where it has several lines",
    accepts: [ruled({ rule: "true" }), ruled({ rule: "true ||\nfalse", message: "b" })],
    refuses: [
      refused(ruled({ rule: " " }), required(`${one}.rule`, "rule is not specified")),
      refused(
        ruled({ rule: "true ||\nfalse" }),
        required(`${one}.message`, "message must be specified if rule contains line breaks"),
      ),
    ],
  },
  {
    says: "a message has one line",
    accepts: ruled({ rule: "true", message: "b c\n" }),
    refuses: [
      refused(ruled({ rule: "true", message: " " }), invalid(`${one}.message`, " ", "must be non-empty if specified")),
      refused(
        ruled({ rule: "true", message: "b\nc" }),
        invalid(`${one}.message`, "b\nc", "must not contain line breaks"),
      ),
    ],
  },
  {
    says: "an expression of a message is told, or is not there",
    accepts: ruled({ rule: "true", messageExpression: "'b' + self.b" }),
    refuses: refused(
      ruled({ rule: "true", messageExpression: " " }),
      required(`${one}.messageExpression`, "messageExpression must be non-empty if specified"),
    ),
  },
  {
    says: "a reason is a known one",
    accepts: reasons.map((reason) => ruled({ rule: "true", reason })),
    refuses: refused(
      ruled({ rule: "true", reason: "FieldValueTooLong" }),
      notSupported(`${one}.reason`, "FieldValueTooLong", reasons),
    ),
  },
  {
    says: "a field's path leads to a field",
    accepts: [".b", "['b']"].map((fieldPath) => ruled({ rule: "true", fieldPath })),
    refuses: [
      refused(
        ruled({ rule: "true", fieldPath: " " }),
        invalid(`${one}.fieldPath`, " ", "must be non-empty if specified"),
        invalid(`${one}.fieldPath`, " ", "must be a valid path"),
      ),
      refused(
        ruled({ rule: "true", fieldPath: ".b\n" }),
        invalid(`${one}.fieldPath`, ".b\n", "must not contain line breaks"),
        invalid(`${one}.fieldPath`, ".b\n", "must be a valid path"),
      ),
      ...[".c", "b", "[b]", ".b.c"].map((fieldPath) =>
        refused(ruled({ rule: "true", fieldPath }), invalid(`${one}.fieldPath`, fieldPath, "must be a valid path")),
      ),
    ],
  },
];

const undeclared = "ERROR: <input>:1:5: undefined field 'c'\n | self.c\n | ....^";

const compiled: readonly Rule[] = [
  {
    says: "a rule is compiled, and gives a bool",
    accepts: ruled({ rule: "self.b == 'c'" }),
    refuses: [
      refused(
        ruled({ rule: "self.c" }),
        invalid(`${one}.rule`, shownRule({ Rule: "self.c" }), `compilation failed: ${undeclared}`),
      ),
      refused(
        ruled({ rule: "self.b" }),
        invalid(`${one}.rule`, shownRule({ Rule: "self.b" }), "cel expression must evaluate to a bool"),
      ),
    ],
  },
  {
    says: "an expression of a message is compiled, and gives a text",
    accepts: ruled({ rule: "true", messageExpression: "self.b" }),
    refuses: [
      refused(
        ruled({ rule: "true", messageExpression: "self.c" }),
        invalid(
          `${one}.messageExpression`,
          shownRule({ MessageExpression: "self.c" }),
          `messageExpression compilation failed: ${undeclared}`,
        ),
      ),
      refused(
        ruled({ rule: "true", messageExpression: "1" }),
        invalid(
          `${one}.messageExpression`,
          shownRule({ MessageExpression: "1" }),
          "messageExpression must evaluate to a string",
        ),
      ),
    ],
  },
  {
    says: "what a rule costs is bounded",
    accepts: ruled({ rule: quadratic }, { type: "array", maxItems: 9, items: text }),
    refuses: [
      refused(
        ruled({ rule: quadratic }, endless),
        forbidden(`${one}.rule`, exceeds("estimated rule cost")),
        forbidden(`${one}.rule`, contributed),
        forbidden(top, exceeds(total)),
      ),
      refused(
        ruled({ rule: "true", messageExpression: `${quadratic} ? 'd' : 'e'` }, endless),
        forbidden(`${one}.messageExpression`, exceeds("estimated messageExpression cost")),
        forbidden(`${one}.messageExpression`, contributed),
        forbidden(top, exceeds(total)),
      ),
    ],
  },
  {
    says: "a rule of what was before is of what can be told apart",
    accepts: [
      ruled({ rule: "self.b == oldSelf.b" }),
      ruled({ rule: "!oldSelf.hasValue()", optionalOldSelf: true }),
      ofA({
        type: "object",
        "x-kubernetes-map-type": "atomic",
        properties: { b: { ...text, "x-kubernetes-validations": [{ rule: "self == oldSelf" }] } },
      }),
    ],
    refuses: [
      refused(
        ofA({
          type: "array",
          maxItems: 9,
          items: { ...text, "x-kubernetes-validations": [{ rule: "self == oldSelf" }] },
        }),
        invalid(
          `${a}.items.x-kubernetes-validations[0].rule`,
          "self == oldSelf",
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${a}`,
        ),
      ),
      refused(
        ruled({ rule: "true", optionalOldSelf: true }),
        invalid(`${one}.optionalOldSelf`, true, "may not be set if oldSelf is not used in rule"),
      ),
    ],
  },
  {
    says: "a rule of the root sees the names of the object",
    accepts: ofTop({ "x-kubernetes-validations": [{ rule: "self.metadata.name.startsWith('b')" }] }),
    refuses: refused(
      ofTop({ "x-kubernetes-validations": [{ rule: "self.c" }] }),
      invalid(
        `${top}.x-kubernetes-validations[0].rule`,
        shownRule({ Rule: "self.c" }),
        `compilation failed: ${undeclared}`,
      ),
    ),
  },
];

export const expressions: readonly Rule[] = [...told, ...compiled];
