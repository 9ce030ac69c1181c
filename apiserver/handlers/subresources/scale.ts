import { Scale, validateScale } from "../../../api/autoscaling/v1/scale.ts";
import type { Scale as ScaleObject } from "../../../api/generated/types/autoscaling-v1.ts";
import { managersOfScaled } from "../../../apimachinery/apply/scale-managers.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { apiVersionOf } from "../../../apimachinery/resource/define.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import { validateObjectMeta } from "../../../apimachinery/validation/object-meta.ts";
import { requestObject } from "../../body/request-object.ts";
import { servedFromValue } from "../../cache/served-object.ts";
import { customColumns } from "../../custom-resources/columns.ts";
import { auditRecordOf } from "../../filters/audit.ts";
import { patchOptionsOf, type WriteOptions, writeOptionsOf } from "../../registry/options.ts";
import { ownFieldsOf, setManagedFields } from "../../registry/own-fields.ts";
import type { ResourceStore } from "../../registry/resource-store.ts";
import type { ApiRequest } from "../../request.ts";
import type { ApiResponse } from "../../response.ts";
import { applied, configurationOf } from "../apply.ts";
import { patched, patchTypeOf, readPatch, refuseStrategic } from "../patch.ts";
import { readObject } from "../read.ts";
import type { Subresource } from "../resource.ts";
import { namespaceOf, type Scope, writeContextOf, writerOf } from "../scope.ts";
import { checkName, checkUid } from "../write.ts";
import { noReplicas, scaleOf, writtenScaleOf } from "./scale-of.ts";

// Rules: pkg/registry/apps/deployment/storage and its siblings, apiextensions-apiserver/pkg/registry/customresource/etcd.go.

/**
 * `scale` of whatever declares it: an autoscaling/v1 Scale, made of the object and written back into it. Who owns the Scale's
 * count afterwards owns the object's (KEP-2551).
 */
export const scaleSubresource: Subresource = {
  async get(scope, store, request) {
    const { object } = await readObject(scope, store, request);
    const { specReplicas, optionalPath } = store.definition.subresources.scale!;
    if (specReplicas(object) === undefined) {
      throw ApiError.internal(new Error(`the spec replicas field ${goQuote(optionalPath ?? "")} does not exist`));
    }
    return answer(store.definition, object);
  },

  async update(scope, store, request) {
    const options = writeOptionsOf(request.query, "UpdateOptions");
    const { draft: sent } = await requestObject(scope, Scale, request, options.fieldValidation);
    checkName(sent, request);
    return write(scope, store, request, options, (live, old) => {
      checkUid(sent, old, store, request);
      return owned(scope, request, options, thaw(sent) as Draft<ApiObject>, live);
    });
  },

  async patch(scope, store, request) {
    const type = patchTypeOf(request, store);
    refuseStrategic(store, type);
    const options = patchOptionsOf(request.query, type === "apply");
    const patch = await readPatch(scope, request);
    auditRecordOf(request)?.requestObject(patch.value);
    if (type === "apply") {
      const configuration = configurationOf(request, patch, options);
      return write(scope, store, request, options, (live) =>
        applied(scope, Scale, request, options, { configuration, old: live }),
      );
    }
    return write(scope, store, request, options, (live) =>
      owned(scope, request, options, patched(Scale, request, type, patch, options, live).draft, live),
    );
  },
};

/** The Scale with the managers that this write, no apply, leaves it. */
function owned(
  scope: Scope,
  request: ApiRequest,
  options: WriteOptions,
  draft: Draft<ApiObject>,
  live: ApiObject,
): Draft<ApiObject> {
  void ownFieldsOf(Scale, writerOf(request, options), undefined)(draft, live, scope.clock.now());
  return draft;
}

async function write(
  scope: Scope,
  store: ResourceStore,
  request: ApiRequest,
  options: WriteOptions,
  scaleFrom: (live: ApiObject, old: ApiObject) => Draft<ApiObject>,
): Promise<ApiResponse> {
  const { definition } = store;
  const { setSpecReplicas, replicasPaths, optionalPath } = definition.subresources.scale!;
  const change = (old: ApiObject | undefined): Draft<ApiObject> => {
    const scale = scaleFrom(writtenScaleOf(definition, old!) as unknown as ApiObject, old!) as unknown as ScaleObject;
    checkName(scale as unknown as Draft<ApiObject>, request);
    if (optionalPath === undefined) check(scale, old!, store, request);
    else if (scale.spec?.replicas === noReplicas) {
      throw ApiError.badRequest(`the spec replicas field ${goQuote(optionalPath)} cannot be empty`);
    }
    const draft = thaw(old!) as Draft<ApiObject>;
    setSpecReplicas(draft, scale.spec?.replicas ?? 0);
    const { resourceVersion, managedFields: scaleEntries } = scale.metadata as ObjectMeta;
    if (resourceVersion !== undefined && resourceVersion !== "") {
      (draft.metadata as { resourceVersion?: string }).resourceVersion = resourceVersion;
    }
    const { managedFields: entries } = old!.metadata;
    const apiVersion = apiVersionOf(definition);
    setManagedFields(draft, managersOfScaled({ entries, scaleEntries, apiVersion, paths: replicasPaths }));
    return draft;
  };
  const context = { ...writeContextOf(scope, request, options, "UpdateOptions"), createIfMissing: false };
  const { served } = await store.update(namespaceOf(store, request), request.info.name, change, context);
  return answer(definition, served.object);
}

/** What upstream asks of the Scale itself where the resource is built in. */
function check(scale: ScaleObject, old: ApiObject, { definition }: ResourceStore, { info }: ApiRequest): void {
  const metadata = { ...scale.metadata, namespace: info.namespace } as ObjectMeta;
  const rules = { namespaced: true, nameFn: nameIsDNSSubdomain };
  const errors = [...validateObjectMeta(metadata, rules, path("metadata")), ...validateScale(scale)];
  if (errors.length > 0) throw ApiError.invalid({ group: "autoscaling", kind: "Scale" }, info.name, errors);
  const { uid } = metadata;
  if (!uid || uid === old.metadata.uid) return;
  const resource = { group: definition.group, resource: `${definition.plural}/scale` };
  const problem = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
  throw ApiError.conflict(resource, info.name, problem);
}

/** As a table, the scale of a custom resource has columns of a custom resource (apiserver/helpers.go getScaleColumnsForVersion). */
const scaleColumns = customColumns([
  { name: "Desired", type: "integer", description: "Number of desired replicas", jsonPath: ".spec.replicas" },
  { name: "Available", type: "integer", description: "Number of actual replicas", jsonPath: ".status.replicas" },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
]);
let customScale: ResourceDefinition | undefined;

function answer(definition: ResourceDefinition, object: ApiObject): ApiResponse {
  const served = servedFromValue(scaleOf(definition, object) as unknown as ApiObject);
  if (definition.decode === undefined) return { type: "object", status: 200, definition: Scale, served };
  customScale ??= { ...(Scale as unknown as ResourceDefinition), columns: scaleColumns };
  return { type: "object", status: 200, definition: customScale, served };
}
