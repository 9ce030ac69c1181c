import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft } from "../../../apimachinery/resource/object.ts";
import type { AdmissionAttributes } from "../../admission/plugin.ts";
import { attributesOf } from "../../filters/authorize.ts";
import type { ResourceStore } from "../../registry/resource-store.ts";
import type { ApiRequest } from "../../request.ts";
import type { Scope } from "../scope.ts";

/** Both passes of admission over a connection; `options` is what it asks for (PodExecOptions and its siblings). */
export async function admitConnection(
  scope: Scope,
  store: ResourceStore,
  request: ApiRequest,
  options: { readonly kind: string; readonly [field: string]: unknown },
): Promise<void> {
  const { namespace, name, subresource } = request.info;
  const attributes: AdmissionAttributes = {
    operation: "CONNECT",
    definition: store.definition,
    subresource,
    namespace: store.definition.scope === "Cluster" ? "" : namespace,
    name,
    user: request.user,
    dryRun: false,
    object: { apiVersion: "v1", metadata: {}, ...options } as unknown as Draft<ApiObject>,
    oldObject: undefined,
    options: {},
    signal: request.signal,
    warn: (text) => void request.warnings.add(text),
    auditAnnotate: (key, value) => void request.auditAnnotations.set(key, value),
  };
  await scope.admission.admit(attributes);
  await scope.admission.validate(attributes);
}

/**
 * Who may only read may not open a connection into a pod, though a WebSocket is asked for by GET
 * (pkg/registry/core/pod/rest/authorize.go, AuthorizePodWebsocketUpgradeCreatePermission).
 */
export async function requireCreate({ authorizer }: Scope, request: ApiRequest): Promise<void> {
  if (request.info.verb === "create") return;
  const { decision, reason } = await authorizer.authorize({ ...attributesOf(request), verb: "create" });
  if (decision !== "allow") {
    const { group, resource, name } = request.info;
    throw ApiError.forbidden({ group, resource }, name, reason);
  }
}
