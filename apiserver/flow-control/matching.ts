import type { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import type * as types from "../../api/generated/types/flowcontrol-v1.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { RequestInfo } from "../request.ts";

// Which requests a flow schema is for (apiserver/pkg/util/flowcontrol/rule.go).

export type SubjectRules = types.PolicyRulesWithSubjects;

/** The rules of a schema that have this user among their subjects. */
export function rulesFor({ spec }: Pick<FlowSchema, "spec">, user: UserInfo): readonly SubjectRules[] {
  return (spec.rules ?? []).filter(({ subjects }) => subjects.some((subject) => matchesSubject(subject, user)));
}

/** Whether any of the rules, all of them about who asks, is about what is asked for. */
export function matchesARule(rules: readonly SubjectRules[], info: RequestInfo): boolean {
  for (const { resourceRules, nonResourceRules } of rules) {
    if (info.isResourceRequest) {
      for (const one of resourceRules ?? []) if (matchesResourceRule(one, info)) return true;
    } else {
      for (const one of nonResourceRules ?? []) if (matchesPathRule(one, info)) return true;
    }
  }
  return false;
}

/** The order in which schemas are tried: by precedence, then name (apihelpers.FlowSchemaSequence). */
export function bySchemaOrder(a: FlowSchema, b: FlowSchema): number {
  const names = (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1;
  return a.spec.matchingPrecedence - b.spec.matchingPrecedence || names;
}

/** What tells flows of one schema apart. */
export function distinguisherOf({ spec }: Pick<FlowSchema, "spec">, info: RequestInfo, user: UserInfo): string {
  switch (spec.distinguisherMethod?.type) {
    case "ByUser":
      return user.username;
    case "ByNamespace":
      return info.namespace;
    default:
      return "";
  }
}

const accountPrefix = "system:serviceaccount:";

function matchesSubject(subject: types.Subject, user: UserInfo): boolean {
  switch (subject.kind) {
    case "User":
      return subject.user !== undefined && (subject.user.name === "*" || subject.user.name === user.username);
    case "Group": {
      const name = subject.group?.name;
      return name !== undefined && (name === "*" || user.groups.includes(name));
    }
    case "ServiceAccount": {
      const account = subject.serviceAccount;
      if (account === undefined || !user.username.startsWith(accountPrefix)) return false;
      const { namespace, name } = account;
      return name === "*"
        ? user.username.startsWith(`${namespace}:`, accountPrefix.length)
        : user.username === `${accountPrefix}${namespace}:${name}`;
    }
    default:
      return false;
  }
}

function matchesResourceRule(rule: types.ResourcePolicyRule, info: RequestInfo): boolean {
  if (!holds(rule.verbs, info.verb)) return false;
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  if (!holds(rule.resources, resource) || !holds(rule.apiGroups, info.group)) return false;
  return info.namespace === "" ? rule.clusterScope === true : holds(rule.namespaces ?? [], info.namespace);
}

function matchesPathRule(rule: types.NonResourcePolicyRule, info: RequestInfo): boolean {
  return holds(rule.verbs, info.verb) && rule.nonResourceURLs.some((url) => matchesPath(url, info.path));
}

function matchesPath(url: string, path: string): boolean {
  if (url === "*" || url === path) return true;
  const prefix = url.endsWith("*") ? url.slice(0, -1) : url;
  return path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** A star stands alone, by validation. */
function holds(list: readonly string[], value: string): boolean {
  return (list.length === 1 && list[0] === "*") || list.includes(value);
}
