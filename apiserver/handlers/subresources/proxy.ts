import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { isUpgradeRequest } from "../../../apimachinery/httpstream/upgrade.ts";
import type { Backend, BackendTarget } from "../../nodes/backend.ts";
import { type ProxiedPath, passRequest, passUpgrade } from "../../nodes/pass-on.ts";
import { decode, proxiedPathOf } from "../../nodes/rewrite-url.ts";
import type { ApiRequest } from "../../request.ts";
import type { Subresource } from "../resource.ts";
import { methodNotAllowed, type Scope } from "../scope.ts";
import { admitConnection } from "./connect.ts";

/** Finds out what a proxied path leads to. Throws ApiError where it leads nowhere. */
export interface ProxyTarget {
  /** Of the options that admission sees: NodeProxyOptions and its siblings. */
  readonly optionsKind: string;
  readonly find: (scope: Scope, request: ApiRequest) => BackendTarget;
}

const methods: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);

/** NAME/proxy: requests of any method, and to upgrade, passed on to a pod, a service's endpoint or a node. */
export function proxySubresource({ optionsKind, find }: ProxyTarget, backend: Backend | undefined): Subresource {
  return {
    async connect(scope, store, request) {
      if (!methods.has(request.method)) throw methodNotAllowed();
      if (request.query.has("dryRun")) throw ApiError.badRequest("dryRun is not supported");
      const proxied = proxiedPath(request);
      const path = wishedPath(request.path.slice(proxied.prefix.length));
      await admitConnection(scope, store, request, { kind: optionsKind, ...(path !== "" && { path }) });
      await scope.cache.waitUntilFresh(request.signal);
      const target = find(scope, request);
      if (request.upgradable === true && isUpgradeRequest((name) => request.header(name))) {
        return passUpgrade(backend, target, proxied.path, request);
      }
      if (request.path === proxied.prefix && (request.method === "GET" || request.method === "HEAD")) {
        return {
          type: "stream",
          status: 301,
          headers: { location: `${request.path}/${search(request)}` },
          body: none(),
        };
      }
      return passRequest(backend, target, proxied, request);
    },
  };
}

/** What stands before the path that is proxied, and that path with the query. */
function proxiedPath(request: ApiRequest): ProxiedPath {
  const { path, info } = request;
  // What stands before the proxied path: segments of the resource's own, of which none is empty or holds a slash.
  const own = info.namespace === "" || info.resource === "nodes" ? 3 : 5;
  const prefix = new RegExp(`^/+(?:[^/]+/+){${own + (info.prefix === "apis" ? 2 : 1)}}proxy`).exec(path)?.[0] ?? path;
  return { prefix, path: `${proxiedPathOf(path.slice(prefix.length))}${search(request)}` };
}

/** The path as the options of the connection have it: decoded, without a slash at its end. */
function wishedPath(behind: string): string {
  const path = Buffer.from(decode(behind), "latin1")
    .toString()
    .replace(/^\/+|\/+$/g, "");
  return path === "" ? "" : `/${path}`;
}

function search({ rawQuery, query }: ApiRequest): string {
  const text = rawQuery ?? query.toString();
  return text === "" ? "" : `?${text}`;
}

async function* none(): AsyncGenerator<Uint8Array> {}
