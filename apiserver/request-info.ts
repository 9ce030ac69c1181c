import { ApiError } from "../apimachinery/errors/api-error.ts";
import { goQuote } from "../apimachinery/text/go-quote.ts";
import type { RequestInfo } from "./request.ts";

const verbOfMethod: ReadonlyMap<string, string> = new Map(
  Object.entries({
    GET: "get",
    HEAD: "get",
    POST: "create",
    PUT: "update",
    PATCH: "patch",
    DELETE: "delete",
  }),
);

/** Subresources of namespaces: `/api/v1/namespaces/x/status` is no resource named "status" within x. */
const namespaceSubresources = new Set(["status", "finalize"]);

/**
 * What a request asks for (staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go). `segments` of names are
 * percent-decoded here, once. Throws BadRequest on a malformed escape.
 */
export function requestInfoOf(method: string, path: string, query: URLSearchParams): RequestInfo {
  const segments = segmentsOf(path);
  const prefix = segments[0] ?? "";
  const versionAt = prefix === "api" ? 1 : 2;
  const grouped = prefix === "apis";
  if ((prefix !== "api" && !grouped) || segments.length < versionAt + 2) {
    return nonResource(method, path);
  }
  const group = grouped ? segments[1]! : "";
  const version = segments[versionAt]!;
  const rest = segments.slice(versionAt + 1);
  let verb = verbOfMethod.get(method) ?? "";
  if (rest[0] === "watch" || rest[0] === "proxy") {
    if (rest.length < 2) {
      return nonResource(method, path);
    }
    verb = rest.shift()!;
  }
  const target = targetOf(rest);
  if (target.name === "" && verb === "get") {
    verb = isWatch(query) ? "watch" : "list";
  }
  if (target.name === "" && verb === "delete") {
    verb = "deletecollection";
  }
  const { namespace, resource, subresource, rest: further } = target;
  const name = target.name === "" ? nameFromFieldSelector(verb, query) : target.name;
  return {
    isResourceRequest: true,
    path,
    verb,
    prefix,
    group,
    version,
    namespace,
    resource,
    subresource,
    name,
    rest: further,
  };
}

function segmentsOf(path: string): string[] {
  const segments = path.split("/");
  let count = 0;
  for (const segment of segments) if (segment !== "") segments[count++] = decodeSegment(segment);
  segments.length = count;
  return segments;
}

type Target = Pick<RequestInfo, "namespace" | "resource" | "subresource" | "name" | "rest">;

function targetOf(segments: readonly string[]): Target {
  let namespace = "";
  let parts = segments;
  if (segments[0] === "namespaces") {
    namespace = segments[1] ?? "";
    if (segments.length > 2 && !namespaceSubresources.has(segments[2]!)) {
      parts = segments.slice(2);
    }
  }
  return { namespace, resource: parts[0]!, name: parts[1] ?? "", subresource: parts[2] ?? "", rest: parts.slice(3) };
}

/** A list or watch of `metadata.name=x` is authorized as one of that name; empty where it asks for none. */
function nameFromFieldSelector(verb: string, query: URLSearchParams): string {
  if (verb !== "list" && verb !== "watch" && verb !== "deletecollection") return "";
  const match = /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(query.get("fieldSelector") ?? "");
  return match?.[1] ?? "";
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    prefix: "",
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    rest: [],
  };
}

/** Go's ParseBool over the `watch` parameter; anything else than a clear no is a watch, as the parameter's mere presence is. */
export function isWatch(query: URLSearchParams): boolean {
  const watch = query.get("watch");
  return watch !== null && watch !== "0" && watch !== "false";
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) {
    return segment;
  }
  try {
    return decodeURIComponent(segment);
  } catch {
    throw ApiError.badRequest(`invalid URL escape in ${goQuote(segment)}`);
  }
}
