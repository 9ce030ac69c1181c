/** What a request to the kubelet is authorized as; any one subresource that is allowed will do. */
export interface NodeRequestAttributes {
  /** Empty for methods that have none. */
  readonly verb: string;
  /** Of the node: `proxy`, `log`, … in the order they are asked for. */
  readonly subresources: readonly string[];
}

const verbs: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Paths of a permission finer than `proxy`, which covers them as well (KEP-2862). */
const fineGrained: readonly (readonly [path: string, subresource: string])[] = [
  ["/pods", "pods"],
  ["/healthz", "healthz"],
  ["/configz", "configz"],
  ["/runningpods", "pods"],
];

/** Paths of a permission of their own. */
const own: readonly (readonly [path: string, subresource: string])[] = [
  ["/stats", "stats"],
  ["/metrics", "metrics"],
  ["/logs", "log"],
  ["/checkpoint", "checkpoint"],
  ["/statusz", "statusz"],
  ["/flagz", "configz"],
];

/** pkg/kubelet/server/auth.go GetRequestAttributes. */
export function requestAttributes(method: string, path: string): NodeRequestAttributes {
  const under = ([prefix]: readonly [string, string]): boolean => path === prefix || path.startsWith(`${prefix}/`);
  const fine = fineGrained.find(under)?.[1];
  const subresources = [...(fine === undefined ? [] : [fine]), own.find(under)?.[1] ?? "proxy"];
  return { verb: verbs[method] ?? "", subresources };
}
