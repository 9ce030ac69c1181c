import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";
import { thawSent } from "../../apimachinery/resource/thaw.ts";
import { requestObject } from "../body/request-object.ts";
import { writeOptionsOf } from "../registry/options.ts";
import { ownFieldsOf } from "../registry/own-fields.ts";
import { foldOwnerReferences } from "../registry/owner-references.ts";
import { preconditionFailed } from "../registry/precondition.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { mayCreate, namespaceOf, type Scope, writeContextOf, writerOf } from "./scope.ts";

/** POST to a collection. */
export async function createObject(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  const options = writeOptionsOf(request.query, "CreateOptions");
  const { draft, managedFields } = await requestObject(scope, store.definition, request, options.fieldValidation);
  wipeSystemFields(draft);
  foldOwnerReferences(draft, (text) => request.warnings.add(text), "as sent");
  const context = {
    ...writeContextOf(scope, request, options, "CreateOptions"),
    ownFields: ownFieldsOf(store.definition, writerOf(request, options), managedFields, scope.registry),
  };
  const served = await store.create(namespaceOf(store, request), draft, context);
  return { type: "object", status: 201, definition: store.definition, served };
}

/** PUT of an object or its status. */
export async function updateObject(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  const options = writeOptionsOf(request.query, "UpdateOptions");
  const { draft, managedFields } = await requestObject(scope, store.definition, request, options.fieldValidation);
  checkName(draft, request);
  foldOwnerReferences(draft, (text) => request.warnings.add(text), "as sent");
  const context = {
    ...writeContextOf(scope, request, options, "UpdateOptions"),
    ...mayCreate(scope, request),
    ownFields: ownFieldsOf(store.definition, writerOf(request, options), managedFields, scope.registry),
  };
  const change = (old: ApiObject | undefined): Draft<ApiObject> => {
    checkUid(draft, old, store, request);
    return thawSent(draft) as Draft<ApiObject>;
  };
  const { served, created } = await store.update(namespaceOf(store, request), request.info.name, change, context);
  return { type: "object", status: created ? 201 : 200, definition: store.definition, served };
}

/** A create takes no resourceVersion: there is nothing yet that it could mean. */
function wipeSystemFields(draft: Draft<ApiObject>): void {
  const metadata = draft.metadata as Draft<ObjectMeta>;
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== "" && metadata.resourceVersion !== "0") {
    throw ApiError.badRequest("resourceVersion should not be set on objects to be created");
  }
  delete metadata.resourceVersion;
  delete metadata.uid;
  delete metadata.creationTimestamp;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
}

/** The object's own name must be the path's; an object without one takes it from there. */
export function checkName(draft: Draft<ApiObject>, request: ApiRequest): void {
  const { name } = request.info;
  const metadata = draft.metadata as Draft<ObjectMeta>;
  if (metadata.name === undefined || metadata.name === "") {
    throw ApiError.badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (metadata.name !== name) {
    throw ApiError.badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  const { namespace } = request.info;
  if (
    namespace !== "" &&
    metadata.namespace !== undefined &&
    metadata.namespace !== namespace &&
    request.info.resource !== "namespaces"
  ) {
    throw ApiError.badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${namespace})`,
    );
  }
}

/** A stated uid means that very object (UpdatedObjectInfo.Preconditions). */
export function checkUid(
  draft: Draft<ApiObject>,
  old: ApiObject | undefined,
  store: ResourceStore,
  request: ApiRequest,
): void {
  const { uid } = draft.metadata;
  if (uid === undefined || uid === "" || uid === old?.metadata.uid) {
    return;
  }
  const { namespace, name } = request.info;
  if (old !== undefined) {
    throw preconditionFailed(store, { namespace, name }, { what: "UID", wanted: uid, found: old.metadata.uid });
  }
  const resource = { group: store.definition.group, resource: store.definition.plural };
  const text = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  throw ApiError.conflict(resource, name, text);
}
