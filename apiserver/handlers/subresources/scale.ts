import { Scale, validateScale } from "../../../api/autoscaling/v1/scale.ts";
import type { Scale as ScaleObject } from "../../../api/generated/types/autoscaling-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft } from "../../../apimachinery/resource/object.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { requestObject } from "../../body/request-object.ts";
import { servedFromValue } from "../../cache/served-object.ts";
import { patchOptionsOf, type WriteOptions, writeOptionsOf } from "../../registry/options.ts";
import { ownFieldsOf } from "../../registry/own-fields.ts";
import type { ResourceStore } from "../../registry/resource-store.ts";
import type { ApiRequest } from "../../request.ts";
import type { ApiResponse } from "../../response.ts";
import { patched, patchTypeOf, readPatch, refuseStrategic } from "../patch.ts";
import type { Subresource } from "../resource.ts";
import { type Scope, writeContextOf, writerOf } from "../scope.ts";
import { checkName, checkUid } from "../write.ts";
import { scaleOf } from "./scale-of.ts";

/** `scale` of whatever declares it: an autoscaling/v1 Scale, made of the object and written back into it. */
export const scaleSubresource: Subresource = {
  async get(scope, store, request) {
    await scope.cache.waitUntilFresh(request.signal);
    return answer(scaleOf(store.definition, store.get(request.info.namespace, request.info.name).object));
  },

  async update(scope, store, request) {
    const options = writeOptionsOf(request.query, "UpdateOptions");
    const { draft: sent } = await requestObject(scope, Scale, request, options.fieldValidation);
    checkName(sent, request);
    return write(scope, store, request, options, (old) => {
      checkUid(sent, old, store, request);
      return sent as unknown as ScaleObject;
    });
  },

  async patch(scope, store, request) {
    const type = patchTypeOf(request, store);
    refuseStrategic(store, type);
    if (type === "apply") {
      throw ApiError.unsupportedMediaType([
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
      ]);
    }
    const options = patchOptionsOf(request.query, false);
    const patch = await readPatch(scope, request);
    return write(scope, store, request, options, (old) => {
      const { draft } = patched(
        Scale,
        request,
        type,
        patch,
        options,
        scaleOf(store.definition, old) as unknown as ApiObject,
      );
      checkName(draft, request);
      return draft as unknown as ScaleObject;
    });
  },
};

async function write(
  scope: Scope,
  store: ResourceStore,
  request: ApiRequest,
  options: WriteOptions,
  scaleFrom: (old: ApiObject) => ScaleObject,
): Promise<ApiResponse> {
  const { definition } = store;
  const change = (old: ApiObject | undefined): Draft<ApiObject> => {
    const scale = scaleFrom(old!);
    const errors = validateScale(scale);
    if (errors.length > 0) {
      throw ApiError.invalid({ group: "autoscaling", kind: "Scale" }, request.info.name, errors);
    }
    const draft = thaw(old!) as Draft<ApiObject>;
    definition.subresources.scale!.setSpecReplicas(draft, scale.spec?.replicas ?? 0);
    const { resourceVersion } = scale.metadata;
    if (resourceVersion !== undefined && resourceVersion !== "") {
      (draft.metadata as { resourceVersion?: string }).resourceVersion = resourceVersion;
    }
    return draft;
  };
  const context = {
    ...writeContextOf(scope, request, options, "UpdateOptions"),
    ownFields: ownFieldsOf(definition, writerOf(request, options), undefined),
    createIfMissing: false,
  };
  const { served } = await store.update(request.info.namespace, request.info.name, change, context);
  return answer(scaleOf(store.definition, served.object));
}

function answer(scale: ScaleObject): ApiResponse {
  return { type: "object", status: 200, definition: Scale, served: servedFromValue(scale as unknown as ApiObject) };
}
