import type { ApiObject, Draft } from "../../../apimachinery/resource/object.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { requestObject } from "../../body/request-object.ts";
import { writeOptionsOf } from "../../registry/options.ts";
import type { Subresource } from "../resource.ts";
import { writeContextOf } from "../scope.ts";
import { checkName, checkUid } from "../write.ts";

interface Finalized {
  spec?: { finalizers?: string[] };
}

/** PUT /api/v1/namespaces/NAME/finalize: replaces `spec.finalizers`, nothing else. The last one gone lets the namespace go. */
export const finalizeNamespace: Subresource = {
  async update(scope, store, request) {
    const options = writeOptionsOf(request.query, "UpdateOptions");
    const { draft: sent } = await requestObject(scope, store.definition, request, options.fieldValidation);
    checkName(sent, request);
    const change = (old: ApiObject | undefined): Draft<ApiObject> => {
      checkUid(sent, old, store, request);
      const draft = thaw(old!) as Draft<ApiObject> & Finalized;
      const { finalizers } = (sent as Finalized).spec ?? {};
      draft.spec = finalizers === undefined ? {} : { finalizers };
      if (sent.metadata.resourceVersion !== undefined) {
        (draft.metadata as { resourceVersion?: string }).resourceVersion = sent.metadata.resourceVersion;
      }
      return draft;
    };
    const context = writeContextOf(scope, request, options, "UpdateOptions");
    const { served } = await store.update("", request.info.name, change, context);
    return { type: "object", status: 200, definition: store.definition, served };
  },
};
