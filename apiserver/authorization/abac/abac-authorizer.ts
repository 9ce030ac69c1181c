import type { UserInfo } from "../../../apimachinery/resource/object.ts";
import type { AuthorizationAttributes, Authorizer, Decision } from "../authorizer.ts";
import type { Policy } from "./policy-file.ts";

const allowed: Decision = { decision: "allow", reason: "" };
const noOpinion: Decision = { decision: "noOpinion", reason: "No policy matched." };
const readingVerbs: ReadonlySet<string> = new Set(["get", "list", "watch"]);

/** Allows what a line of a policy file does (pkg/auth/authorizer/abac). */
export class AbacAuthorizer implements Authorizer {
  readonly name = "ABAC";
  readonly measuredAs = ["ABAC", "abac"] as const;
  readonly #policies: readonly Policy[];

  constructor(policies: readonly Policy[]) {
    this.#policies = policies;
  }

  authorize(attributes: AuthorizationAttributes): Decision {
    return this.#policies.some((policy) => allows(policy, attributes)) ? allowed : noOpinion;
  }

  rulesFor(user: UserInfo, namespace: string) {
    const matching = this.#policies.filter(
      (policy) => isFor(policy, user) && (policy.namespace === "*" || policy.namespace === namespace),
    );
    const verbsOf = ({ readonly }: Policy): readonly string[] => (readonly ? [...readingVerbs] : ["*"]);
    return {
      resourceRules: matching
        .filter(({ resource }) => resource !== "")
        .map((policy) => ({ verbs: verbsOf(policy), apiGroups: [policy.apiGroup], resources: [policy.resource] })),
      nonResourceRules: matching
        .filter(({ nonResourcePath }) => nonResourcePath !== "")
        .map((policy) => ({ verbs: verbsOf(policy), nonResourceURLs: [policy.nonResourcePath] })),
      incomplete: false,
    };
  }
}

function allows(policy: Policy, attributes: AuthorizationAttributes): boolean {
  if (!isFor(policy, attributes.user)) return false;
  if (policy.readonly && !readingVerbs.has(attributes.verb)) return false;
  if (!attributes.isResourceRequest) return isPath(policy.nonResourcePath, attributes.path);
  const { namespace, resource, group } = attributes;
  return isNamed(policy.namespace, namespace) && isNamed(policy.resource, resource) && isNamed(policy.apiGroup, group);
}

/** A policy that names neither user nor group is for nobody; one that names both is for members of that name. */
function isFor({ user, group }: Policy, { username, groups }: UserInfo): boolean {
  if (user === "" && group === "") return false;
  return (user === "" || user === username) && (group === "" || groups.includes(group));
}

const isNamed = (wanted: string, found: string): boolean => wanted === "*" || wanted === found;

function isPath(wanted: string, path: string): boolean {
  if (isNamed(wanted, path)) return true;
  return wanted.endsWith("*") && path.startsWith(wanted.replace(/\*+$/, ""));
}
