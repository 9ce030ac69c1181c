import { notDNS1035Label, notDNSSubdomain } from "../messages.ts";
import { invalid, type JsonObject, notSupported, type Rule, refused, required } from "../rule.ts";
import { conditionRules, notDeclared, resourcesRules, someRule } from "./match-rules.ts";

/** What policies of both kinds have. */
export const someSpec: JsonObject = { matchConstraints: { resourceRules: [someRule] } };

const param = "spec.paramKind";
const kindOf = (apiVersion: string, kind: string) => ({ [param]: { apiVersion, kind } });
const mixed = "may have mixed case, but should otherwise match";

const params: readonly Rule[] = [
  {
    says: "a kind of parameters has a group's version",
    accepts: [kindOf("v1", "ConfigMap"), kindOf("rules.example/v1", "Rule")],
    refuses: [
      refused(kindOf("", "Rule"), required(`${param}.apiVersion`)),
      refused(
        kindOf("a/b/v1", "Rule"),
        invalid(`${param}.apiVersion`, "a/b/v1", "unexpected GroupVersion string: a/b/v1"),
      ),
      refused(kindOf("A/v1", "Rule"), invalid(`${param}.apiVersion`, "A", notDNSSubdomain)),
      refused(kindOf("a/", "Rule"), invalid(`${param}.apiVersion`, "a/", "version must be specified")),
      refused(kindOf("/", "Rule"), invalid(`${param}.apiVersion`, "/", "version must be specified")),
      refused(kindOf("a/1", "Rule"), invalid(`${param}.apiVersion`, "1", notDNS1035Label)),
    ],
  },
  {
    says: "a kind of parameters is a label of DNS, in any case",
    accepts: kindOf("v1", "r-9"),
    refuses: [
      refused(kindOf("v1", ""), required(`${param}.kind`)),
      refused(kindOf("v1", "9"), invalid(`${param}.kind`, "9", `${mixed}: ${notDNS1035Label}`)),
    ],
  },
];

const variables: readonly Rule[] = [
  {
    says: "a variable is named by an identifier of CEL",
    accepts: { "spec.variables": [{ name: "_a9", expression: "1" }] },
    refuses: [
      refused(
        { "spec.variables": [{ name: " ", expression: "1" }] },
        required("spec.variables[0].name", "name is not specified"),
      ),
      ...["a-b", "9", "namespace", "true"].map((name) =>
        refused(
          { "spec.variables": [{ name, expression: "1" }] },
          invalid("spec.variables[0].name", name, "must be a valid CEL identifier"),
        ),
      ),
    ],
  },
  {
    says: "a variable has an expression, which reads those before it",
    accepts: {
      "spec.variables": [
        { name: "a", expression: "1" },
        { name: "b", expression: "variables.a + 1" },
      ],
    },
    refuses: [
      refused(
        { "spec.variables": [{ name: "a", expression: " " }] },
        required("spec.variables[0].expression", "expression is not specified"),
      ),
      refused(
        { "spec.variables": [{ name: "a", expression: "b" }] },
        invalid("spec.variables[0].expression", "b", notDeclared("b")),
      ),
    ],
  },
];

/** Of policies of both kinds. */
export const policyRules: readonly Rule[] = [
  {
    says: "a failure is ignored or fails the request",
    accepts: ["Fail", "Ignore"].map((value) => ({ "spec.failurePolicy": value })),
    refuses: refused(
      { "spec.failurePolicy": "Retry" },
      notSupported("spec.failurePolicy", "Retry", ["Fail", "Ignore"]),
    ),
  },
  {
    says: "a policy is about resources",
    accepts: { "spec.matchConstraints": { resourceRules: [someRule] } },
    refuses: [
      refused({ "spec.matchConstraints": undefined }, required("spec.matchConstraints")),
      refused({ "spec.matchConstraints.resourceRules": [] }, required("spec.matchConstraints.resourceRules")),
    ],
  },
  ...params,
  ...resourcesRules("spec.matchConstraints"),
  ...conditionRules("spec.matchConditions"),
  {
    says: "conditions read parameters where there are such",
    accepts: {
      ...kindOf("v1", "ConfigMap"),
      "spec.matchConditions": [{ name: "a", expression: "params == null" }],
    },
    refuses: refused(
      { "spec.matchConditions": [{ name: "a", expression: "params" }] },
      invalid("spec.matchConditions[0].expression", "params", notDeclared("params")),
    ),
  },
  ...variables,
];
