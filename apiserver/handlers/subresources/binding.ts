import { Binding } from "../../../api/core/v1/binding.ts";
import type { BindingInput, Pod } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { formatFieldErrors } from "../../../apimachinery/field/errors.ts";
import type { ApiObject, Draft } from "../../../apimachinery/resource/object.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { formatTime } from "../../../apimachinery/time/time.ts";
import { requestObject } from "../../body/request-object.ts";
import { writeOptionsOf } from "../../registry/options.ts";
import { preconditionFailed } from "../../registry/precondition.ts";
import type { ResourceStore } from "../../registry/resource-store.ts";
import { admissionAttributes } from "../../registry/write-context.ts";
import type { ApiRequest } from "../../request.ts";
import type { ApiResponse } from "../../response.ts";
import type { Subresource } from "../resource.ts";
import { type Scope, writeContextOf } from "../scope.ts";

/** POST pods/NAME/binding: assigns a pod to a node, once (pkg/registry/core/pod/storage, BindingREST). */
export const bindPod: Subresource = {
  create: (scope, pods, request) => bind(scope, pods, request, request.info.name),
};

/** POST bindings, the older form: the pod is named by the object. */
export async function createBinding(scope: Scope, pods: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  return bind(scope, pods, request, undefined);
}

async function bind(
  scope: Scope,
  pods: ResourceStore,
  request: ApiRequest,
  named: string | undefined,
): Promise<ApiResponse> {
  const options = writeOptionsOf(request.query, "CreateOptions");
  const { draft } = await requestObject(scope, Binding, request, options.fieldValidation);
  const binding = draft as unknown as BindingInput;
  const name = named ?? binding.metadata?.name ?? "";
  // What else is created does not say its UID; the younger form means the pod's.
  if (named === undefined) delete (draft.metadata as { uid?: string }).uid;
  const now = scope.clock.now();
  const attributes = admissionAttributes(
    {
      operation: "CREATE",
      definition: named === undefined ? Binding : pods.definition,
      namespace: request.info.namespace,
      name,
      object: draft,
      oldObject: undefined,
    },
    writeContextOf(scope, request, options, "CreateOptions"),
  );
  await scope.admission.admit(attributes);
  checkBinding(draft, name, { user: request.user, now, dryRun: options.dryRun, subresource: "binding" });
  await scope.admission.validate(attributes);
  const change = (old: ApiObject): Draft<ApiObject> => {
    checkMeant(pods, binding, old);
    return assigned(old as unknown as Pod, binding, name, now);
  };
  await pods.amend(request.info.namespace, name, change, { dryRun: options.dryRun, signal: request.signal });
  const value = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  return { type: "value", status: 201, value };
}

function checkBinding(draft: Draft<ApiObject>, name: string, context: RequestContext): void {
  const binding = draft as unknown as Binding;
  if ((binding.metadata?.name ?? "") !== name) {
    throw ApiError.badRequest("name in URL does not match name in Binding object");
  }
  const errors = [...(Binding.validate?.(binding, undefined, context) ?? [])];
  // Upstream answers with an error that is no Status, as for a failure of its own.
  if (errors.length > 0) throw ApiError.from(formatFieldErrors(errors));
}

/** The binding may tell which pod it is made for, and in which state. */
function checkMeant(pods: ResourceStore, { metadata: meant }: BindingInput, { metadata }: ApiObject): void {
  for (const [field, what] of [
    ["uid", "UID"],
    ["resourceVersion", "ResourceVersion"],
  ] as const) {
    const wanted = meant?.[field];
    if (wanted === undefined || wanted === "" || wanted === metadata[field]) continue;
    const { namespace = "", name = "" } = metadata;
    throw preconditionFailed(pods, { namespace, name }, { what, wanted, found: metadata[field] });
  }
}

function assigned(pod: Pod, binding: BindingInput, name: string, now: number): Draft<ApiObject> {
  const refuse = (text: string): ApiError => ApiError.conflict({ group: "", resource: "pods/binding" }, name, text);
  const { annotations, labels } = binding.metadata ?? {};
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== "") {
    throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  }
  if ((pod.spec.schedulingGates ?? []).length > 0) {
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  }
  const draft = thaw(pod);
  draft.spec.nodeName = binding.target.name ?? "";
  delete draft.status?.nominatedNodeName;
  if (annotations !== undefined) {
    draft.metadata.annotations = { ...draft.metadata.annotations, ...annotations };
  }
  if (labels !== undefined) {
    draft.metadata.labels = { ...draft.metadata.labels, ...labels };
  }
  const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  const condition = { type: "PodScheduled", status: "True", lastTransitionTime: formatTime(now) };
  draft.status = { ...draft.status, conditions: [...others, condition] } as typeof draft.status;
  return draft as unknown as Draft<ApiObject>;
}
