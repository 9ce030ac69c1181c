const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** A group and perhaps a version as one word: `rbac.authorization.k8s.io`, `v1` → `RbacAuthorizationV1`; the core is `CoreV1`. */
export function groupVersionWord(group: string, version: string): string {
  const words = group === "" ? ["core"] : group.replace(/\.k8s\.io$/, "").split(".");
  return [...words, version].map(capitalized).join("");
}

/** The tag of a group version's operations: `rbacAuthorization_v1`; of a group's own, without a version: `rbacAuthorization`. */
export function groupTag(group: string, version: string): string {
  const word = groupVersionWord(group, "");
  return word.charAt(0).toLowerCase() + word.slice(1) + (version === "" ? "" : `_${version}`);
}

const actionVerbs: Readonly<Record<string, string>> = {
  get: "read",
  list: "list",
  post: "create",
  put: "replace",
  patch: "patch",
  delete: "delete",
  deletecollection: "delete",
  watch: "watch",
  watchlist: "watch",
  connect: "connect",
};

export interface OperationSubject {
  readonly group: string;
  readonly version: string;
  /** The resource's kind, also where a subresource has another. */
  readonly kind: string;
  readonly namespaced: boolean;
  readonly subresource: string;
  /** Published path, with `{namespace}` and `{name}`. */
  readonly path: string;
}

/**
 * The operation's id, as upstream makes it (apiserver/pkg/endpoints/installer.go and endpoints/openapi):
 * `createCoreV1NamespacedPod`, `listAppsV1DeploymentForAllNamespaces`, `connectCoreV1GetNamespacedPodProxyWithPath`.
 */
export function operationId(action: string, method: string, subject: OperationSubject): string {
  const inNamespace = subject.path.includes("{namespace}");
  const collective = action === "list" || action === "watchlist";
  return [
    actionVerbs[action] ?? action,
    groupVersionWord(subject.group, subject.version),
    action === "connect" ? capitalized(method) : "",
    action === "deletecollection" ? "Collection" : "",
    inNamespace ? "Namespaced" : "",
    subject.kind,
    capitalized(subject.subresource),
    action === "watchlist" ? "List" : "",
    collective && subject.namespaced && !inNamespace ? "ForAllNamespaces" : "",
    subject.path.endsWith("{path}") ? "WithPath" : "",
  ].join("");
}
