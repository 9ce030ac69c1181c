import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isUpgradeRequest } from "../../apimachinery/httpstream/upgrade.ts";
import type { Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { isLongRunning, timeoutOf } from "../filters/deadline.ts";
import type { BackendTarget } from "../nodes/backend.ts";
import { type ProxiedPath, passRequest, passUpgrade } from "../nodes/pass-on.ts";
import { type ApiRequest, changedRequest } from "../request.ts";
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
    return await passInTime(parts, target, { prefix: "", path, further: identity }, request);
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

/**
 * Gives the extension server up, and its connection back, when the request's time is over: whoever waited for it has been
 * answered by then, unless a part of the answer has come.
 */
async function passInTime(
  { backend, clock }: ExtensionParts,
  target: BackendTarget,
  proxied: ProxiedPath,
  request: ApiRequest,
): Promise<ApiResponse> {
  const deadline = new AbortController();
  const signal = AbortSignal.any([request.signal, deadline.signal]);
  const passed = changedRequest(request, { signal });
  const pass = async (): Promise<ApiResponse> => {
    const response = await passRequest(backend, target, proxied, passed);
    if (!isRedirect(response)) return response;
    deadline.abort();
    return badRedirect;
  };
  if (request.info.isResourceRequest && isLongRunning(request.info)) return pass();
  const timeoutMs = Math.min(timeoutOf(request), isDiscovery(request) ? discoveryTimeoutMs : Number.POSITIVE_INFINITY);
  const timer = clock.setTimer(timeoutMs, () => deadline.abort(new Error("context deadline exceeded")));
  try {
    const response = await pass();
    if (response.type === "stream") return { ...response, body: thenClear(response.body, timer) };
    timer.clear();
    return response;
  } catch (error) {
    timer.clear();
    throw error;
  }
}

/** Would lead the client, with what it shows of who it is, to wherever an extension server likes. */
function isRedirect(response: ApiResponse): boolean {
  if (response.type !== "stream" && response.type !== "raw") return false;
  const { status, headers } = response;
  return status >= 300 && status <= 399 && (headers?.["location"] ?? "") !== "";
}

/** --aggregator-reject-forwarding-redirect, as it is by default. */
const badRedirect: RawResponse = {
  type: "raw",
  status: 502,
  contentType: "text/plain; charset=utf-8",
  body: "the backend attempted to redirect this request, which is not permitted",
};

async function* thenClear(body: AsyncIterable<Uint8Array>, timer: Timer): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    timer.clear();
  }
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
