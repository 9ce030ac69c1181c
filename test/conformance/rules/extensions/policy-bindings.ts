import { longerThan, notDNSSubdomain } from "../messages.ts";
import { duplicate, forbidden, invalid, type KindRules, notSupported, type Rule, refused, required } from "../rule.ts";
import { resourcesRules, someRule } from "./match-rules.ts";
import { noDeletion } from "./mutating-policy.ts";
import { selectorRules } from "./selector.ts";

const ref = "spec.paramRef";
const exclusive = "name and selector are mutually exclusive";

const common: readonly Rule[] = [
  {
    says: "a policy is named, by a DNS subdomain",
    accepts: { "spec.policyName": "a".repeat(253) },
    refuses: [
      refused({ "spec.policyName": "" }, required("spec.policyName")),
      refused({ "spec.policyName": "A" }, invalid("spec.policyName", "A", notDNSSubdomain)),
      refused({ "spec.policyName": "a".repeat(254) }, invalid("spec.policyName", "a".repeat(254), longerThan(253))),
    ],
  },
  {
    says: "parameters are named, or selected",
    accepts: [
      { [ref]: { name: "A:b", parameterNotFoundAction: "Deny" } },
      { [ref]: { selector: {}, parameterNotFoundAction: "Allow" } },
    ],
    refuses: [
      refused({ [`${ref}.selector`]: undefined }, required(ref, "one of name or selector must be specified")),
      refused(
        { [ref]: { name: "a", selector: {}, parameterNotFoundAction: "Deny" } },
        forbidden(`${ref}.name`, exclusive),
        forbidden(`${ref}.selector`, exclusive),
      ),
      refused(
        { [ref]: { name: "a/b", parameterNotFoundAction: "Deny" } },
        invalid(`${ref}.name`, "a/b", "may not contain '/'"),
      ),
    ],
  },
  {
    says: "what is done without parameters is told",
    accepts: ["Allow", "Deny"].map((action) => ({ [`${ref}.parameterNotFoundAction`]: action })),
    refuses: [
      refused({ [`${ref}.parameterNotFoundAction`]: undefined }, required(`${ref}.parameterNotFoundAction`)),
      refused({ [`${ref}.parameterNotFoundAction`]: "" }, required(`${ref}.parameterNotFoundAction`)),
      refused(
        { [`${ref}.parameterNotFoundAction`]: "Wait" },
        notSupported(`${ref}.parameterNotFoundAction`, "Wait", ["Deny", "Allow"]),
      ),
    ],
  },
  ...selectorRules(`${ref}.selector`),
  ...resourcesRules("spec.matchResources"),
];

const actions = "spec.validationActions";
const validation: readonly Rule[] = [
  {
    says: "what is done is told, each once",
    accepts: [["Deny", "Audit"], ["Warn", "Audit"], ["Deny"]].map((value) => ({ [actions]: value })),
    refuses: [
      refused({ [actions]: [] }, required(actions, "at least one validation action is required")),
      refused({ [actions]: ["Shout"] }, notSupported(`${actions}[0]`, "Shout", ["Audit", "Deny", "Warn"])),
      refused({ [actions]: ["Audit", "Audit"] }, duplicate(`${actions}[1]`, "Audit")),
      refused(
        { [actions]: ["Deny", "Warn"] },
        invalid(
          actions,
          ["Deny", "Warn"],
          "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)",
        ),
      ),
    ],
  },
];

const paramRef = { selector: {}, parameterNotFoundAction: "Deny" };
const matchResources = { resourceRules: [someRule] };

const group = "admissionregistration.k8s.io";
const path = "/apis/admissionregistration.k8s.io/v1";

export const validatingAdmissionPolicyBinding: KindRules = {
  group,
  kind: "ValidatingAdmissionPolicyBinding",
  path: `${path}/validatingadmissionpolicybindings`,
  valid: {
    metadata: { name: "rules" },
    spec: { policyName: "rules", validationActions: ["Deny"], paramRef, matchResources },
  },
  create: [...common, ...validation],
  update: validation,
};

export const mutatingAdmissionPolicyBinding: KindRules = {
  group,
  kind: "MutatingAdmissionPolicyBinding",
  path: `${path}/mutatingadmissionpolicybindings`,
  valid: { metadata: { name: "rules" }, spec: { policyName: "rules", paramRef, matchResources } },
  create: [...common, noDeletion("spec.matchResources")],
  update: common.slice(0, 3),
};
