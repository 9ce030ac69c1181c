import type { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import type * as types from "../../api/generated/types/flowcontrol-v1.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { RequestInfo } from "../request.ts";

// Which requests a flow schema is for (apiserver/pkg/util/flowcontrol/rule.go).

export function matchesFlowSchema({ spec }: Pick<FlowSchema, "spec">, info: RequestInfo, user: UserInfo): boolean {
  const { rules } = spec;
  if (rules === undefined) return false;
  for (const rule of rules) {
    if (!matchesASubject(rule.subjects, user)) continue;
    if (info.isResourceRequest) {
      for (const one of rule.resourceRules ?? []) if (matchesResourceRule(one, info)) return true;
    } else {
      for (const one of rule.nonResourceRules ?? []) if (matchesPathRule(one, info)) return true;
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

function matchesASubject(subjects: readonly types.Subject[], user: UserInfo): boolean {
  for (const subject of subjects) if (matchesSubject(subject, user)) return true;
  return false;
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
