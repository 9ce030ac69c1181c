import { formatAggregate } from "../../../apimachinery/field/errors.ts";
import type { UserInfo } from "../../../apimachinery/resource/object.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { AuthorizationAttributes, Authorizer, Decision, NonResourceRule, ResourceRule } from "../authorizer.ts";
import type { Grant, RuleIndex } from "./rule-index.ts";
import { combinedResource, ruleAllows } from "./rules.ts";

/** Allows what some role bound to the user allows; has no opinion of anything else (plugin/pkg/auth/authorizer/rbac). */
export class RbacAuthorizer implements Authorizer {
  readonly name = "RBAC";
  readonly index: RuleIndex;

  constructor(index: RuleIndex) {
    this.index = index;
  }

  authorize(attributes: AuthorizationAttributes): Decision {
    const combined = combinedResource(attributes);
    let allowedBy: Grant | undefined;
    let errors: string[] | undefined;
    this.index.some(attributes.user, attributes.namespace, (grant) => {
      const { rules } = grant.role;
      if (rules === undefined) {
        errors ??= [];
        errors.push(grant.role.missing);
        return false;
      }
      for (const rule of rules) {
        if (ruleAllows(rule, attributes, combined)) {
          allowedBy = grant;
          return true;
        }
      }
      return false;
    });
    if (allowedBy !== undefined) return allowedDecision(allowedBy);
    return errors === undefined ? noOpinion : { decision: "noOpinion", reason: `RBAC: ${formatAggregate(errors)}` };
  }

  rulesFor(user: UserInfo, namespace: string) {
    const { rules, errors } = this.index.rulesFor(user, namespace);
    const resourceRules: ResourceRule[] = [];
    const nonResourceRules: NonResourceRule[] = [];
    for (const { verbs, apiGroups = [], resources = [], resourceNames, nonResourceURLs = [] } of rules) {
      if (resources.length > 0)
        resourceRules.push({ verbs, apiGroups, resources, ...(resourceNames?.length ? { resourceNames } : {}) });
      if (nonResourceURLs.length > 0) nonResourceRules.push({ verbs, nonResourceURLs });
    }
    return {
      resourceRules,
      nonResourceRules,
      incomplete: false,
      ...(errors.length > 0 ? { evaluationError: formatAggregate(errors) } : {}),
    };
  }
}

const noOpinion: Decision = { decision: "noOpinion", reason: "" };

/** A grant gives the same answer each time: its text is made once. */
const decisions = new WeakMap<Grant, Decision>();

function allowedDecision(grant: Grant): Decision {
  let decision = decisions.get(grant);
  if (!decision) {
    decision = { decision: "allow", reason: `RBAC: allowed by ${describe(grant)}` };
    decisions.set(grant, decision);
  }
  return decision;
}

function describe({ binding, subject }: Grant): string {
  const { name, namespace } = binding.metadata;
  const role = `${binding.roleRef.kind} ${goQuote(binding.roleRef.name)}`;
  const source = namespace ? `RoleBinding ${goQuote(`${name}/${namespace}`)}` : `ClusterRoleBinding ${goQuote(name!)}`;
  return `${source} of ${role} to ${describeSubject(subject, namespace ?? "")}`;
}

function describeSubject({ kind, name, namespace }: Grant["subject"], bindingNamespace: string): string {
  return `${kind} ${goQuote(kind === "ServiceAccount" ? `${name}/${namespace || bindingNamespace}` : name)}`;
}
