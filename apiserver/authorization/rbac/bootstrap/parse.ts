import { type PolicyRule, rbacGroup, type Subject } from "../types.ts";

/** `get,list core pods,services [name]` or `get url /healthz`. */
export function parseRule(text: string): PolicyRule {
  const [verbs, groups, resources, names] = text.split(" ");
  if (verbs === undefined || groups === undefined || resources === undefined)
    throw new Error(`malformed rule: ${text}`);
  if (groups === "url") return { verbs: verbs.split(","), nonResourceURLs: resources.split(",") };
  return {
    verbs: verbs.split(","),
    apiGroups: groups.split(",").map((group) => (group === "core" ? "" : group)),
    resources: resources.split(","),
    ...(names === undefined ? {} : { resourceNames: names.split(",") }),
  };
}

/** `user:NAME`, `group:NAME` or `sa:NAME` (a service account of kube-system). */
export function parseSubject(text: string): Subject {
  const colon = text.indexOf(":");
  const name = text.slice(colon + 1);
  switch (text.slice(0, colon)) {
    case "user":
      return { apiGroup: rbacGroup, kind: "User", name };
    case "group":
      return { apiGroup: rbacGroup, kind: "Group", name };
    case "sa":
      return { kind: "ServiceAccount", name, namespace: "kube-system" };
    default:
      throw new Error(`malformed subject: ${text}`);
  }
}
