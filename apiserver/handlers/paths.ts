import type { MetricsRegistry } from "../../base/metrics.ts";
import { metricsContentType } from "../../base/metrics-text.ts";
import type { Handler } from "../chain.ts";
import type { ServiceLevels } from "../metrics/service-levels.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { methodNotAllowed } from "./scope.ts";
import { pathNotFound } from "./unknown-paths.ts";

/** Answers a path that is no resource. */
export type PathHandler = (request: ApiRequest) => ApiResponse | Promise<ApiResponse>;

/** One part of the server's health; `undefined` is well, text says what is wrong. */
export interface HealthCheck {
  readonly name: string;
  /** Part of /readyz alone: the server lives, but has not got there yet. */
  readonly readyOnly?: boolean;
  /** Not part of being ready. */
  readonly liveOnly?: boolean;
  readonly check: () => string | undefined | Promise<string | undefined>;
}

/** Where slashes at the end count for nothing: what upstream's router serves, and discovery. */
const slashed = /^\/(?:apis?|version|openid|\.well-known)(?:\/|$)/;

/** `/`, health, version, metrics, and whatever else is given by its path. */
export function pathHandler(
  handlers: ReadonlyMap<string, PathHandler>,
  prefixes: ReadonlyMap<string, PathHandler>,
  unlisted: ReadonlyMap<string, PathHandler> = new Map(),
): Handler {
  const root = rootHandler([...handlers.keys()]);
  return async (request) => {
    const path = slashed.test(request.path) ? request.path.replace(/\/+$/, "") : request.path;
    if (path === "/" || path === "" || path === "/index.html") {
      return root(request);
    }
    const exact = handlers.get(path) ?? unlisted.get(path);
    if (exact !== undefined) {
      return exact(request);
    }
    for (const [prefix, handler] of prefixes) {
      if (path.startsWith(prefix)) {
        return handler(request);
      }
    }
    throw pathNotFound();
  };
}

function rootHandler(paths: readonly string[]): PathHandler {
  const sorted = [...paths].sort();
  return document({ paths: sorted });
}

export function versionHandler(version: object): PathHandler {
  return onlyGet(document(version));
}

/** As upstream's router answers, which asks for the method. */
export function onlyGet(handler: PathHandler): PathHandler {
  return (request) => {
    if (request.method !== "GET") throw methodNotAllowed();
    return handler(request);
  };
}

/** Indented for everybody (responsewriters.WriteRawJSON). */
function document(value: object): PathHandler {
  const body = JSON.stringify(value, null, 2);
  return () => ({ type: "raw", status: 200, contentType: "application/json", body });
}

export function metricsHandler(metrics: MetricsRegistry): PathHandler {
  return () => ({ type: "raw", status: 200, contentType: metricsContentType, body: metrics.render() });
}

const text = "text/plain; charset=utf-8";
const noSniff = { "x-content-type-options": "nosniff" };

/**
 * `/healthz`, `/livez` and `/readyz`, whole and part by part (apiserver/pkg/server/healthz): `ok`, or with `?verbose` or on
 * failure a line for each part; `?exclude=` leaves parts out. What a check says is noted in `levels`.
 */
export function healthHandlers(
  checks: readonly HealthCheck[],
  levels: ServiceLevels,
): ReadonlyMap<string, PathHandler> {
  const handlers = new Map<string, PathHandler>();
  for (const endpoint of ["healthz", "livez", "readyz"]) {
    const parts = checks
      .filter((check) => (endpoint === "readyz" ? check.liveOnly : check.readyOnly) !== true)
      .map((check) => levels.noting(check, endpoint));
    handlers.set(`/${endpoint}`, (request) => wholeHealth(endpoint, parts, request));
    for (const part of parts) {
      handlers.set(`/${endpoint}/${part.name}`, () => partHealth(part));
    }
  }
  return handlers;
}

async function wholeHealth(endpoint: string, parts: readonly HealthCheck[], request: ApiRequest): Promise<ApiResponse> {
  const excluded = new Set(request.query.getAll("exclude"));
  const lines: string[] = [];
  let failed = false;
  for (const part of parts) {
    if (excluded.delete(part.name)) {
      lines.push(`[+]${part.name} excluded: ok`);
      continue;
    }
    const problem = await part.check();
    failed ||= problem !== undefined;
    lines.push(problem === undefined ? `[+]${part.name} ok` : `[-]${part.name} failed: reason withheld`);
  }
  if (excluded.size > 0) {
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${[...excluded].map((name) => JSON.stringify(name)).join(",")}`,
    );
  }
  if (failed) {
    return {
      type: "raw",
      status: 500,
      contentType: text,
      body: `${lines.join("\n")}\n${endpoint} check failed\n`,
      headers: noSniff,
    };
  }
  const body = request.query.has("verbose") ? `${lines.join("\n")}\n${endpoint} check passed\n` : "ok";
  return { type: "raw", status: 200, contentType: text, body, headers: noSniff };
}

async function partHealth(part: HealthCheck): Promise<ApiResponse> {
  const problem = await part.check();
  return problem === undefined
    ? { type: "raw", status: 200, contentType: text, body: "ok", headers: noSniff }
    : { type: "raw", status: 500, contentType: text, body: `internal server error: ${problem}\n`, headers: noSniff };
}
