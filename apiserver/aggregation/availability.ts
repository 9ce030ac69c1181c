import type { APIService, APIServiceCondition } from "../../api/apiregistration/v1/api-service.ts";
import { localCondition } from "../../api/apiregistration/v1/api-service.ts";
import type { Service } from "../../api/core/v1/service.ts";
import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { availableCondition, serviceOf } from "./api-services.ts";

// Whether a service can answer for its group version (kube-aggregator/pkg/controllers/status/remote). Pure.

export interface Verdict {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export interface Backing {
  readonly service: Service | undefined;
  /** Of that service. */
  readonly slices: readonly EndpointSlice[];
}

/** What is wrong with the service, before anybody asks it; undefined where it can be asked. */
export function judgeService(apiService: APIService, { service, slices }: Backing): Verdict | undefined {
  const target = serviceOf(apiService)!;
  const what = `service/${target.name} in ${goQuote(target.namespace)}`;
  if (service === undefined) return no("ServiceNotFound", `${what} is not present`);
  if (service.spec?.type !== "ClusterIP") return undefined;
  const port = (service.spec.ports ?? []).find((one) => one.port === target.port);
  if (port === undefined) return no("ServicePortError", `${what} is not listening on port ${target.port}`);
  if (slices.length === 0) return no("EndpointsNotFound", `cannot find endpointslices for ${what}`);
  const portName = port.name ?? "";
  if (slices.some((slice) => hasEndpoint(slice, portName))) return undefined;
  const message = `endpointslices for ${what} have no addresses with port name ${goQuote(portName)}`;
  return no("MissingEndpoints", message);
}

function hasEndpoint({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const ready = (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false);
  return ready && (ports ?? []).some(({ name, port }) => (name ?? "") === portName && port !== undefined);
}

export function failedDiscovery(message: string): Verdict {
  return no("FailedDiscoveryCheck", message);
}

export const passed: Verdict = { status: "True", reason: "Passed", message: "all checks passed" };

function no(reason: string, message: string): Verdict {
  return { status: "False", reason, message };
}

/** The condition as it should be, or undefined where it is. The time of the last change stays unless the status changes. */
export function changedCondition(
  apiService: APIService,
  verdict: Verdict,
  nowMs: number,
): APIServiceCondition | undefined {
  const current = availableCondition(apiService);
  const { status, reason, message } = verdict;
  if (current?.status === status && current.reason === reason && current.message === message) return undefined;
  const kept = current?.status === status ? current.lastTransitionTime : undefined;
  return { type: "Available", status, reason, message, lastTransitionTime: kept ?? formatTime(nowMs) };
}

/** Of a version that this server answers itself. */
export function localVerdict(): Verdict {
  const { reason = "", message = "" } = localCondition(0);
  return { status: "True", reason, message };
}
