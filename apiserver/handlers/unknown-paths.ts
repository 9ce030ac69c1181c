import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Handler } from "../chain.ts";
import type { RawResponse } from "../response.ts";

/** Nobody serves the path. Where upstream's router has claimed it that is a Status, and text elsewhere. */
export class PathNotFound extends ApiError {}

export function pathNotFound(): ApiError {
  const head = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" } as const;
  const message = "the server could not find the requested resource";
  return new PathNotFound({ ...head, message, reason: "NotFound", details: {}, code: 404 });
}

/** Go's http.NotFound, which upstream's servers end with (apiserver/pkg/util/notfoundhandler). */
const notFound: RawResponse = {
  type: "raw",
  status: 404,
  contentType: "text/plain; charset=utf-8",
  body: "404 page not found\n",
  headers: { "x-content-type-options": "nosniff" },
};

/**
 * Answers what nobody serves: with a Status within `roots`, which upstream's router serves, and everywhere else in text: custom
 * resources, aggregated ones, groups that there are not (apiserver/pkg/server/handler.go, director).
 */
export function answeringUnknown(roots: readonly string[], handler: Handler): Handler {
  const known = new Set(roots);
  return async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      if (!(error instanceof PathNotFound) || isRouted(request.path, known)) throw error;
      return notFound;
    }
  };
}

/** What upstream's router serves: built-in groups, and a few documents. */
export function routedRoots(groups: Iterable<string>, documents: readonly string[]): readonly string[] {
  const named = [...new Set(groups)].filter((group) => group !== "").map((group) => `/apis/${group}`);
  return ["/api", "/version", ...named, ...documents];
}

function isRouted(path: string, roots: ReadonlySet<string>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (roots.has(path.slice(0, end))) return true;
  }
  return false;
}
