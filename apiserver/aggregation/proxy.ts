import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isUpgradeRequest } from "../../apimachinery/httpstream/upgrade.ts";
import type { Logger } from "../../base/logger.ts";
import { passRequest, passUpgrade } from "../nodes/pass-on.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse, RawResponse } from "../response.ts";
import { isAvailable, serviceOf } from "./api-services.ts";
import { type ExtensionParts, targetOf } from "./extension-server.ts";
import { identityHeaders } from "./identity.ts";

/** A short one for discovery: a dead extension server shall not hold up every client (apiserver/pkg/util/proxy). */
const discoveryTimeoutMs = 5_000;

/** Passes a request of a group version on to the service that answers for it (kube-aggregator handler_proxy.go). */
export async function proxyToService(
  parts: ExtensionParts & { readonly logger: Logger },
  apiService: APIService,
  request: ApiRequest,
): Promise<ApiResponse> {
  if (!isAvailable(apiService)) return refusal("service unavailable");
  const target = resolved(parts, apiService);
  if (target === undefined) return refusal("service unavailable");
  const search = request.rawQuery ?? request.query.toString();
  const path = search === "" ? request.path : `${request.path}?${search}`;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  // A request within the process names no host.
  const named = (request.header("host") ?? request.header(":authority")) !== undefined;
  const identity = [...(named ? [] : [["Host", `${host}:${target.port}`] as const]), ...identityHeaders(request.user)];
  try {
    if (request.upgradable === true && isUpgradeRequest((name) => request.header(name))) {
      return await passUpgrade(parts.backend, target, path, request, identity);
    }
    const limited = isDiscovery(request) ? withDeadline(parts, request) : { request, done: () => {} };
    try {
      const response = await passRequest(
        parts.backend,
        target,
        { prefix: "", path, further: identity },
        limited.request,
      );
      return response;
    } finally {
      limited.done();
    }
  } catch (error) {
    if (error instanceof ApiError && (error.code === 503 || error.code === 500)) return refusal(error.message);
    throw error;
  }
}

function resolved(parts: ExtensionParts & { readonly logger: Logger }, apiService: APIService) {
  try {
    return targetOf(parts, apiService);
  } catch (error) {
    const { namespace, name } = serviceOf(apiService)!;
    parts.logger.warn("a service of an APIService leads nowhere", { namespace, name, error });
    return undefined;
  }
}

/** `/apis/GROUP/VERSION` itself. */
function isDiscovery({ info, path }: ApiRequest): boolean {
  return !info.isResourceRequest && path.split("/").filter((segment) => segment !== "").length === 3;
}

function withDeadline(
  { clock }: ExtensionParts,
  request: ApiRequest,
): { readonly request: ApiRequest; readonly done: () => void } {
  const deadline = new AbortController();
  const timer = clock.setTimer(discoveryTimeoutMs, () => deadline.abort(new Error("context deadline exceeded")));
  const signal = AbortSignal.any([request.signal, deadline.signal]);
  return { request: { ...request, signal }, done: () => timer.clear() };
}

/** As upstream's proxy writes it: plain text. */
function refusal(message: string): RawResponse {
  return {
    type: "raw",
    status: 503,
    contentType: "text/plain; charset=utf-8",
    body: `${message}\n`,
    headers: { "x-content-type-options": "nosniff" },
  };
}
