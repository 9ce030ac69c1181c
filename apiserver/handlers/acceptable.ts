import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { accepted, negotiate } from "../negotiate.ts";
import type { ApiRequest } from "../request.ts";

// Upstream's router asks before its handlers do, and in other words (go-restful's Route.matchesAccept): what it serves by
// itself are built-in resources and the discovery of their versions.

/** Forms of one object; of a log; of what can be watched. */
export const formsOf = {
  object: accepted,
  log: ["text/plain", ...accepted],
  list: [...accepted, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"],
} as const satisfies Record<string, readonly string[]>;

/** Refuses a client that takes none of the forms, as the router does: types with wildcards are none of them. */
export function refuseUnlessRouted(request: ApiRequest, forms: readonly string[]): void {
  const accept = request.header("accept");
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*") return;
  const fits = accept.split(",").some((clause) => {
    const type = clause.split(";", 1)[0]!.trim();
    return type === "*/*" || forms.includes(type);
  });
  if (fits) return;
  throw byRouter(406, "NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${forms.join(", ")}`);
}

/** Refuses a client that takes nothing that objects can be written in, as the handlers do. */
export function refuseUnlessReadable(request: ApiRequest): void {
  negotiate(request.header("accept"));
}

/** The router's refusal of a body that is of no type that it has a route for. */
export function unsupportedByRouter(): ApiError {
  return byRouter(415, "UnsupportedMediaType", "415: Unsupported Media Type");
}

function byRouter(code: number, reason: "NotAcceptable" | "UnsupportedMediaType", message: string): ApiError {
  const head = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" } as const;
  return ApiError.fromStatus({ ...head, message, reason, details: {}, code });
}
