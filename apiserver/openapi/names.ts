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

/** `a Pod`, `an Ingress`, but `Endpoints`. */
function withArticle(kind: string): string {
  if (/[^s]s$/.test(kind)) return kind;
  return `${/^[aeiou]/i.test(kind) ? "an" : "a"} ${kind}`;
}

export interface OperationWording extends OperationSubject {
  /** Lists of it can be watched, and say so. */
  readonly watchable: boolean;
}

/** What the operation is said to do, in upstream's words (apiserver/pkg/endpoints/installer.go). */
export function operationSentence(action: string, method: string, subject: OperationWording): string {
  const { kind, subresource, watchable } = subject;
  const sub = (after: string): string => (subresource === "" ? "" : `${subresource} of${after}`);
  switch (action) {
    case "get":
      return `read ${sub(" ")}the specified ${kind}`;
    case "put":
      return `replace ${sub(" ")}the specified ${kind}`;
    case "patch":
      return `partially update ${sub(" ")}the specified ${kind}`;
    case "post":
      return `create ${sub(" ")}${withArticle(kind)}`;
    case "delete":
      return `delete ${sub(" ")}${withArticle(kind)}`;
    case "deletecollection":
      return `delete collection of ${sub(" a ")}${kind}`;
    case "list":
      return `list ${watchable ? "or watch " : ""}${sub(" ")}objects of kind ${kind}`;
    case "watch":
      return `watch changes to ${sub(" ")}an object of kind ${kind}. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter.`;
    case "watchlist":
      return `watch individual changes to a list of ${sub(" ")}${kind}. deprecated: use the 'watch' parameter with a list operation instead.`;
    default:
      return `${action} ${method.toUpperCase()} requests to ${sub(" ")}${kind}`;
  }
}
