import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { AuthorizationAttributes, Authorizer } from "../authorization/authorizer.ts";
import { withoutEntities } from "../authorization/messages.ts";
import { forbidden } from "../authorization/must-allow.ts";
import type { Filter } from "../chain.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";

/** Verbs that selectors limit. */
const limitedVerbs: ReadonlySet<string> = new Set(["list", "watch", "deletecollection"]);

/** Asks whether the user may; everything that is not allowed is Forbidden. */
export function authorize(authorizer: Authorizer): Filter {
  return (next) => async (request) => {
    const attributes = attributesOf(request);
    const answer = authorizer.authorize(attributes);
    const decision = answer instanceof Promise ? await answer : answer;
    if (decision.decision !== "allow" && decision.evaluationError !== undefined) {
      request.auditAnnotations.set("authorization.k8s.io/reason", "internal error");
      return failed(request, decision.evaluationError);
    }
    request.auditAnnotations.set("authorization.k8s.io/decision", decision.decision === "allow" ? "allow" : "forbid");
    request.auditAnnotations.set("authorization.k8s.io/reason", decision.reason);
    if (decision.decision !== "allow") {
      throw forbidden(attributes, decision.reason);
    }
    return next(request);
  };
}

/** Who could not decide has not refused: an error in plain text, and no Status (responsewriters.InternalError). */
function failed({ path, rawQuery }: ApiRequest, error: string): ApiResponse {
  const uri = rawQuery ? `${path}?${rawQuery}` : path;
  return {
    type: "raw",
    status: 500,
    contentType: "text/plain; charset=utf-8",
    body: `${withoutEntities(`Internal Server Error: ${goQuote(uri)}: ${error}`)}\n`,
    headers: { "x-content-type-options": "nosniff" },
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
