import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { AuthorizationAttributes, Authorizer, Decision } from "../authorization/authorizer.ts";
import { withoutEntities } from "../authorization/messages.ts";
import { forbidden } from "../authorization/must-allow.ts";
import type { Filter } from "../chain.ts";
import type { ApiRequest } from "../request.ts";
import { endOf } from "../request-end.ts";
import type { ApiResponse } from "../response.ts";

/** Verbs that selectors limit. */
const limitedVerbs: ReadonlySet<string> = new Set(["list", "watch", "deletecollection"]);

/** Asks whether the user may; everything that is not allowed is Forbidden. */
export function authorize(authorizer: Authorizer): Filter {
  return (next) => (request) => {
    const attributes = attributesOf(request);
    const goOn = (decision: Decision): Promise<ApiResponse> => {
      const allowed = decision.decision === "allow";
      if (!allowed && decision.evaluationError !== undefined) {
        request.auditAnnotations.set("authorization.k8s.io/reason", "internal error");
        return Promise.resolve(failed(request, decision.evaluationError));
      }
      request.auditAnnotations.set("authorization.k8s.io/decision", allowed ? "allow" : "forbid");
      request.auditAnnotations.set("authorization.k8s.io/reason", decision.reason);
      return allowed ? next(request) : Promise.reject(forbidden(attributes, decision.reason));
    };
    const answer = authorizer.authorize(attributes, () => endOf(request));
    return answer instanceof Promise ? answer.then(goOn) : goOn(answer);
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
  const { verb, isResourceRequest, namespace, group, version, resource, subresource, name, path } = info;
  const attributes = {
    user,
    verb,
    isResourceRequest,
    namespace,
    group,
    version,
    resource,
    subresource,
    name,
    path,
  };
  if (!limitedVerbs.has(verb)) return attributes;
  const fieldSelector = query.get("fieldSelector");
  const labelSelector = query.get("labelSelector");
  return {
    ...attributes,
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
  };
}
