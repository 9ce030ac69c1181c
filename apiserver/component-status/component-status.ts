import { ComponentStatus } from "../../api/core/v1/component-status.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Clock } from "../../base/clock.ts";
import type { Storage } from "../../storage/storage.ts";
import { servedFromValue } from "../cache/served-object.ts";
import type { Handler } from "../chain.ts";
import { methodNotAllowed } from "../handlers/scope.ts";
import { pathNotFound } from "../handlers/unknown-paths.ts";
import { listOptionsOf } from "../registry/options.ts";
import { selectionOf } from "../registry/selection.ts";

/** How a component is: well or not, with what it says of itself, or what went wrong when it was asked. */
export interface ComponentHealth {
  readonly status: "True" | "False" | "Unknown";
  readonly message?: string;
  readonly error?: string;
}

/** One part of the control plane. */
export interface ComponentCheck {
  /** Upstream's: `controller-manager`, `scheduler`, `etcd-0`. */
  readonly name: string;
  /** Never rejects. */
  readonly check: (signal: AbortSignal) => ComponentHealth | Promise<ComponentHealth>;
}

/** How long a component has to answer (validator.go probeTimeOut). */
const timeoutMs = 20_000;

/** The store, whichever it is, under the name that upstream's has. */
export function storeCheck(storage: Storage): ComponentCheck {
  return {
    name: "etcd-0",
    async check() {
      try {
        await storage.currentRevision();
        return { status: "True", message: "ok" };
      } catch (error) {
        return { status: "False", error: (error as Error).message };
      }
    },
  };
}

/** A component of the server's own process: it lives as long as the server does, or there is none. */
export function componentWithin(name: string, runs: boolean): ComponentCheck {
  return {
    name,
    check: () => (runs ? { status: "True", message: "ok" } : { status: "False", message: "not running" }),
  };
}

/** Answers `/api/v1/componentstatuses`: every component is asked anew each time, all at once. */
export function componentStatusHandler(checks: readonly ComponentCheck[], clock: Clock): Handler {
  const served = async (check: ComponentCheck, signal: AbortSignal) =>
    servedFromValue(statusOf(check.name, await within(clock, signal, (inner) => check.check(inner))));
  return async (request) => {
    const { verb, name, namespace, subresource } = request.info;
    if (subresource !== "" || namespace !== "") throw pathNotFound();
    // There is nothing to watch: who asks for it gets the list.
    const isList = verb === "list" || verb === "watch";
    if (!isList && (verb !== "get" || name === "")) throw methodNotAllowed();
    request.warnings.add(ComponentStatus.deprecationWarning!);
    if (!isList) {
      const check = checks.find((one) => one.name === name);
      if (check === undefined) throw ApiError.notFound({ group: "", resource: "componentstatus" }, name);
      return {
        type: "object",
        status: 200,
        definition: ComponentStatus,
        served: await served(check, request.signal),
      };
    }
    const { labelSelector, fieldSelector } = listOptionsOf(request.query, false);
    const selection = selectionOf(ComponentStatus, labelSelector, fieldSelector);
    const all = await Promise.all(checks.map((check) => served(check, request.signal)));
    const items = selection.everything ? all : all.filter(({ object }) => selection.matches(object));
    return { type: "list", definition: ComponentStatus, items, resourceVersion: "" };
  };
}

function statusOf(name: string, health: ComponentHealth): ApiObject {
  return {
    apiVersion: "v1",
    kind: "ComponentStatus",
    metadata: { name },
    conditions: [{ type: "Healthy", ...health }],
  } as ApiObject;
}

/** Unknown where no answer comes in time. */
async function within(
  clock: Clock,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => ComponentHealth | Promise<ComponentHealth>,
): Promise<ComponentHealth> {
  const late = new AbortController();
  const { promise, resolve } = Promise.withResolvers<ComponentHealth>();
  const timer = clock.setTimer(timeoutMs, () => {
    late.abort();
    resolve({ status: "Unknown", error: "context deadline exceeded" });
  });
  try {
    return await Promise.race([promise, ask(AbortSignal.any([signal, late.signal]))]);
  } finally {
    timer.clear();
  }
}
