import type { AuthorizationAttributes, Authorizer } from "../authorization/authorizer.ts";
import { forbidden } from "../authorization/must-allow.ts";
import type { Filter } from "../chain.ts";
import type { ApiRequest } from "../request.ts";

/** Verbs that selectors limit. */
const limitedVerbs: ReadonlySet<string> = new Set(["list", "watch", "deletecollection"]);

/** Asks whether the user may; everything that is not allowed is Forbidden. */
export function authorize(authorizer: Authorizer): Filter {
  return (next) => async (request) => {
    const attributes = attributesOf(request);
    const answer = authorizer.authorize(attributes);
    const decision = answer instanceof Promise ? await answer : answer;
    request.auditAnnotations.set("authorization.k8s.io/decision", decision.decision === "allow" ? "allow" : "forbid");
    request.auditAnnotations.set("authorization.k8s.io/reason", decision.reason);
    if (decision.decision !== "allow") {
      throw forbidden(attributes, decision.reason);
    }
    return next(request);
  };
}

export function attributesOf({ user, info, query }: ApiRequest): AuthorizationAttributes {
  const limited = limitedVerbs.has(info.verb);
  const fieldSelector = limited ? query.get("fieldSelector") : null;
  const labelSelector = limited ? query.get("labelSelector") : null;
  return {
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
    user,
    verb: info.verb,
    isResourceRequest: info.isResourceRequest,
    namespace: info.namespace,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    name: info.name,
    path: info.path,
  };
}
