import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { ApiRequest, RequestInfo } from "../request.ts";

const info: RequestInfo = {
  isResourceRequest: false,
  path: "/",
  verb: "get",
  prefix: "",
  group: "",
  version: "",
  namespace: "",
  resource: "",
  subresource: "",
  name: "",
  rest: [],
};

/** A request with these headers and nothing else of interest. */
export function testRequest(
  headers: Readonly<Record<string, string>> = {},
  change: Partial<ApiRequest> = {},
): ApiRequest {
  return {
    method: "GET",
    path: "/",
    query: new URLSearchParams(),
    header: (name) => headers[name],
    headerPairs: () => Object.entries(headers),
    readBody: async () => Buffer.alloc(0),
    signal: new AbortController().signal,
    remoteAddress: "192.0.2.1",
    info,
    user: { username: "", groups: [] } satisfies UserInfo,
    warnings: new Set(),
    auditAnnotations: new Map(),
    ...change,
  };
}
