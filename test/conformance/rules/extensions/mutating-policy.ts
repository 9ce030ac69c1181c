import { invalid, type KindRules, notSupported, type Rule, refused, required } from "../rule.ts";
import { notDeclared, someRule } from "./match-rules.ts";
import { policyRules, someSpec } from "./policy-spec.ts";

const mutation = "spec.mutations[0]";
const apply = { patchType: "ApplyConfiguration", applyConfiguration: { expression: "Object{}" } };
const json = { patchType: "JSONPatch", jsonPatch: { expression: "[JSONPatch{op: 'remove', path: '/a'}]" } };
const both = { applyConfiguration: apply.applyConfiguration, jsonPatch: json.jsonPatch };
const operations = ["*", "CONNECT", "CREATE", "UPDATE"];

/** Of rules at the place, which is told without an index. */
export const noDeletion = (place: string): Rule => ({
  says: "what is deleted is not changed",
  accepts: { [`${place}.resourceRules`]: [{ ...someRule, operations: ["CONNECT", "CREATE", "UPDATE"] }] },
  refuses: refused(
    { [`${place}.resourceRules`]: [someRule, { ...someRule, operations: ["CREATE", "DELETE"] }] },
    notSupported(`${place}.resourceRules.operations`, "DELETE", operations),
  ),
});

const mutations: readonly Rule[] = [
  {
    says: "a policy has mutations",
    accepts: { "spec.mutations": [apply, json] },
    refuses: refused({ "spec.mutations": [] }, required("spec.mutations", "mutations must contain at least one item")),
  },
  {
    says: "a mutation has a type",
    accepts: [apply, json].map((one) => ({ [mutation]: one })),
    refuses: [
      refused({ [`${mutation}.patchType`]: "" }, required(`${mutation}.patchType`)),
      refused(
        { [`${mutation}.patchType`]: "MergePatch" },
        notSupported(`${mutation}.patchType`, "MergePatch", ["ApplyConfiguration", "JSONPatch"]),
      ),
    ],
  },
  {
    says: "a mutation has the member of its type, and no other",
    accepts: {},
    refuses: [
      refused(
        { [mutation]: { patchType: "JSONPatch" } },
        required(`${mutation}.jsonPatch`, "must be specified when patchType is JSONPatch"),
      ),
      refused(
        { [mutation]: { patchType: "ApplyConfiguration" } },
        required(`${mutation}.applyConfiguration`, "must be specified when patchType is ApplyConfiguration"),
      ),
      refused(
        { [mutation]: { patchType: "JSONPatch", ...both } },
        invalid(
          `${mutation}.applyConfiguration`,
          "{applyConfiguration}",
          "must not be specified when patchType is JSONPatch",
        ),
      ),
      refused(
        { [mutation]: { patchType: "ApplyConfiguration", ...both } },
        invalid(`${mutation}.jsonPatch`, "{jsonPatch}", "must not be specified when patchType is ApplyConfiguration"),
      ),
    ],
  },
  {
    says: "what is applied is an object",
    accepts: { [`${mutation}.applyConfiguration.expression`]: " Object{spec: Object.spec{a: 1}} " },
    refuses: [
      refused(
        { [`${mutation}.applyConfiguration.expression`]: " " },
        required(`${mutation}.applyConfiguration.expression`),
      ),
      refused(
        { [`${mutation}.applyConfiguration.expression`]: " 1" },
        invalid(`${mutation}.applyConfiguration.expression`, "1", "must evaluate to Object but got int"),
      ),
      refused(
        { [`${mutation}.applyConfiguration.expression`]: "b" },
        invalid(`${mutation}.applyConfiguration.expression`, "b", notDeclared("b")),
      ),
    ],
  },
  {
    says: "a patch is a list of operations",
    accepts: { [mutation]: { ...json, jsonPatch: { expression: "[]" + " + [JSONPatch{op: 'test', path: '/a'}]" } } },
    refuses: [
      refused({ [mutation]: { ...json, jsonPatch: { expression: "" } } }, required(`${mutation}.jsonPatch.expression`)),
      refused(
        { [mutation]: { ...json, jsonPatch: { expression: "['a']" } } },
        invalid(`${mutation}.jsonPatch.expression`, "['a']", "must evaluate to list(JSONPatch) but got list(string)"),
      ),
    ],
  },
  {
    says: "a policy is tried again, or never",
    accepts: ["IfNeeded", "Never"].map((value) => ({ "spec.reinvocationPolicy": value })),
    refuses: [
      refused({ "spec.reinvocationPolicy": "" }, required("spec.reinvocationPolicy")),
      refused(
        { "spec.reinvocationPolicy": "Always" },
        notSupported("spec.reinvocationPolicy", "Always", ["IfNeeded", "Never"]),
      ),
    ],
  },
];

/** A rule of all policies, as far as it is of no policy that changes what is deleted. */
const common = policyRules.filter(({ says }) => !says.startsWith("what is left out"));

export const mutatingAdmissionPolicy: KindRules = {
  group: "admissionregistration.k8s.io",
  kind: "MutatingAdmissionPolicy",
  path: "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
  valid: { metadata: { name: "rules" }, spec: { ...someSpec, mutations: [apply], reinvocationPolicy: "Never" } },
  create: [...common, noDeletion("spec.matchConstraints"), ...mutations],
  update: mutations,
};
