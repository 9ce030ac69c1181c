import { longName, notQualifiedName } from "../messages.ts";
import { duplicate, internal, invalid, type KindRules, notSupported, type Rule, refused, required } from "../rule.ts";
import { conditionListRules } from "./conditions.ts";
import { notDeclared } from "./match-rules.ts";
import { policyRules, someSpec } from "./policy-spec.ts";

const validation = "spec.validations[0]";
const annotations = "spec.auditAnnotations";
const neither = "validations or auditAnnotations must contain at least one item";
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `a${i}`, valueExpression: "'b'" }));

const validations: readonly Rule[] = [
  {
    says: "a policy has validations or annotations",
    accepts: { "spec.validations": [], [annotations]: many(1) },
    refuses: refused(
      { "spec.validations": [] },
      required("spec.validations", neither),
      required("spec.auditAnnotations", neither),
    ),
  },
  {
    says: "a validation has an expression that gives a bool",
    accepts: { [`${validation}.expression`]: "object.a == oldObject.a && authorizer.path('/').check('get').allowed()" },
    refuses: [
      refused(
        { [`${validation}.expression`]: " " },
        required(`${validation}.expression`, "expression is not specified"),
      ),
      refused(
        { [`${validation}.expression`]: "1" },
        invalid(`${validation}.expression`, "1", "must evaluate to bool but got int"),
      ),
      refused({ [`${validation}.expression`]: "b" }, invalid(`${validation}.expression`, "b", notDeclared("b"))),
      refused(
        { [`${validation}.expression`]: "int('a') == 1" },
        internal(
          `${validation}.expression`,
          "program instantiation failed: type conversion error from 'string' to 'int'",
        ),
      ),
    ],
  },
  {
    says: "an expression of a message gives a text, and asks no authorizer",
    accepts: { [`${validation}.messageExpression`]: "'a' + object.b" },
    refuses: [
      refused(
        { [`${validation}.messageExpression`]: " " },
        invalid(`${validation}.messageExpression`, " ", "must be non-empty if specified"),
      ),
      refused(
        { [`${validation}.messageExpression`]: "1" },
        invalid(`${validation}.messageExpression`, "1", "must evaluate to string but got int"),
      ),
      refused(
        { [`${validation}.messageExpression`]: "authorizer" },
        invalid(`${validation}.messageExpression`, "authorizer", notDeclared("authorizer")),
      ),
    ],
  },
  {
    says: "a message has one line",
    accepts: { [`${validation}.message`]: "a b\n" },
    refuses: [
      refused(
        { [`${validation}.message`]: " " },
        invalid(`${validation}.message`, " ", "must be non-empty if specified"),
      ),
      refused(
        { [`${validation}.message`]: "a\nb" },
        invalid(`${validation}.message`, "a\nb", "must not contain line breaks"),
      ),
    ],
  },
  {
    says: "a reason is a known one",
    accepts: ["Forbidden", "Invalid", "RequestEntityTooLarge"].map((reason) => ({ [`${validation}.reason`]: reason })),
    refuses: refused(
      { [`${validation}.reason`]: "Unauthorized" },
      notSupported(`${validation}.reason`, "Unauthorized", ["Forbidden", "Invalid", "RequestEntityTooLarge"]),
    ),
  },
];

const audit: readonly Rule[] = [
  {
    says: "there are up to twenty annotations",
    accepts: { [annotations]: many(20) },
    refuses: refused(
      { [annotations]: many(21) },
      invalid(
        annotations,
        many(21).map(({ key }) => ({ Key: key, ValueExpression: "'b'" })),
        "must not have more than 20 auditAnnotations",
      ),
    ),
  },
  {
    says: "a key is a qualified name behind the policy's",
    accepts: { [annotations]: [{ key: "a".repeat(63), valueExpression: "'b'" }] },
    refuses: [
      refused(
        { [annotations]: [{ key: "-", valueExpression: "'b'" }] },
        invalid(`${annotations}[0].key`, "rules/-", notQualifiedName),
      ),
      refused(
        { [annotations]: [{ key: "a".repeat(64), valueExpression: "'b'" }] },
        invalid(`${annotations}[0].key`, `rules/${"a".repeat(64)}`, longName),
      ),
      refused(
        { "metadata.name": undefined, [annotations]: many(1) },
        required("metadata.name", "name or generateName is required"),
        invalid(`${annotations}[0].key`, "a0", "requires metadata.name be non-empty"),
      ),
    ],
  },
  {
    says: "no two annotations have one key",
    accepts: { [annotations]: many(2) },
    refuses: refused({ [annotations]: [...many(1), ...many(1)] }, duplicate(`${annotations}[1].key`, "a0")),
  },
  {
    says: "a value is a text, or nothing, of an expression of five kibibytes at most",
    accepts: ["null", `'${"a".repeat(5_118)}'`].map((text) => ({
      [annotations]: [{ key: "a", valueExpression: text }],
    })),
    refuses: [
      refused(
        { [annotations]: [{ key: "a", valueExpression: " " }] },
        required(`${annotations}[0].valueExpression`, "valueExpression is not specified"),
      ),
      refused(
        { [annotations]: [{ key: "a", valueExpression: `'${"a".repeat(5_119)}'` }] },
        required(`${annotations}[0].valueExpression`, "must not exceed 5120 bytes in length"),
      ),
      refused(
        { [annotations]: [{ key: "a", valueExpression: " 1" }] },
        invalid(`${annotations}[0].valueExpression`, " 1", "must evaluate to one of [string null_type] but got int"),
      ),
    ],
  },
];

const warnings = "status.typeChecking.expressionWarnings";
const ref = `${warnings}[0].fieldRef`;
const status: readonly Rule[] = [
  {
    says: "a warning of type checking is told, with its field",
    accepts: { [warnings]: [{ fieldRef: "spec.validations[0].expression", warning: "a" }] },
    refuses: [
      refused({ [warnings]: [{ fieldRef: "spec", warning: "" }] }, required(`${warnings}[0].warning`)),
      refused({ [warnings]: [{ fieldRef: " ", warning: "a" }] }, required(ref)),
      refused(
        { [warnings]: [{ fieldRef: " spec[", warning: "a" }] },
        invalid(ref, "spec[", "invalid JSONPath: unterminated array"),
      ),
    ],
  },
  ...conditionListRules("status.conditions"),
];

export const validatingAdmissionPolicy: KindRules = {
  group: "admissionregistration.k8s.io",
  kind: "ValidatingAdmissionPolicy",
  path: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  valid: { metadata: { name: "rules" }, spec: { ...someSpec, validations: [{ expression: "true" }] } },
  create: [...policyRules, ...validations, ...audit],
  update: validations,
  subresources: { status },
};
