import { Node } from "../../api/core/v1/node.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Scope } from "../handlers/scope.ts";
import { type Backend, BackendError, type BackendTarget } from "./backend.ts";
import { kubeletLocation } from "./kubelet-location.ts";

/** The way to nodes, where this server has one. */
export function reachable(backend: Backend | undefined): Backend {
  if (backend === undefined) throw ApiError.serviceUnavailable("this API server has no way to reach nodes");
  return backend;
}

/** Where the kubelet of a node listens. Rejects as reading that node would. */
export function kubeletOf(scope: Scope, nodeName: string): BackendTarget {
  return kubeletLocation(scope.registry.of(Node).get("", nodeName).object as unknown as Node);
}

/** `https://10.0.0.1:10250`. */
export function originOf({ scheme, host, port }: BackendTarget): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Waits for a backend; where there is no answer, `refusal` says what the client is told. */
export async function answered<T>(answer: Promise<T>, refusal: (message: string) => ApiError): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof BackendError ? refusal(error.message) : error;
  }
}

/** As upstream passes on an error that has no status of its own. */
export function plainFailure(message: string): ApiError {
  return ApiError.from(new Error(message));
}
