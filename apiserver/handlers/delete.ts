import { definition as schemaDefinition } from "../../api/generated/definitions.ts";
import { ApiError, isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { Status } from "../../apimachinery/errors/status.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { decodeBody } from "../body/decode-object.ts";
import type { ServedObject } from "../cache/served-object.ts";
import { attributesOf } from "../filters/authorize.ts";
import {
  checkDeleteOptions,
  type DeleteOptions,
  deleteOptionsOfQuery,
  ignoreReadErrorPath,
} from "../registry/delete-options.ts";
import { deleteUnreadable } from "../registry/delete-unreadable.ts";
import { listObjects } from "../registry/list.ts";
import { listOptionsOf } from "../registry/options.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import type { WriteContext } from "../registry/write-context.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { listSource, namespaceOf, type Scope, writeContextOf } from "./scope.ts";

/** How many deletions of a collection are under way at once. */
const collectionWorkers = 32;

/** DELETE of one object. Answers with the object where it stays for a while, or its kind says so; else with a Status. */
export async function deleteObject(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  const options = await deleteOptionsOf(scope, request);
  const { definition } = store;
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential === true) return deleteUnread(scope, store, request);
  const context = deletionContextOf(scope, request, options);
  const { served, removed } = await store.delete(namespaceOf(store, request), request.info.name, options, context);
  const status = !removed && options.orphanDependents === false ? 202 : 200;
  if (removed && definition.returnDeletedObject !== true) {
    return { type: "value", status, value: deleted(store, served) };
  }
  return { type: "object", status, definition, served };
}

const unsafeVerb = "unsafe-delete-ignore-read-errors";

/** For who may do just that; the audit tells of the attempt. Nothing can be shown of what was removed. */
async function deleteUnread(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  const { group, plural, kind } = store.definition;
  const { name } = request.info;
  request.auditAnnotations.set("apiserver.k8s.io/unsafe-delete-ignore-read-error", "");
  const answer = await scope.authorizer.authorize({ ...attributesOf(request), verb: unsafeVerb });
  if (answer.decision !== "allow") {
    const problem =
      answer.evaluationError === undefined
        ? `not permitted to do "${unsafeVerb}", reason: ${answer.reason}`
        : `error while checking permission for "${unsafeVerb}", ${answer.evaluationError}`;
    throw ApiError.forbidden({ group, resource: plural }, name, problem);
  }
  await deleteUnreadable(listSource(scope, store), namespaceOf(store, request), name);
  const details = { name, kind };
  const value: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details, code: 200 };
  return { type: "value", status: 200, value };
}

function deleted({ definition }: ResourceStore, { object }: ServedObject): Status {
  const { name = "", uid = "" } = object.metadata;
  const group = definition.group === "" ? {} : { group: definition.group };
  const details = { name, ...group, kind: definition.plural, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** DELETE of what a list would show. Not atomic: a failure leaves the rest. Answers with what was deleted. */
export async function deleteCollection(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  const chosen = listOptionsOf(request.query, false);
  const options = await deleteOptionsOf(scope, request);
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential === true) {
    throw ApiError.invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [
      invalid(ignoreReadErrorPath, true, "is not allowed with DELETECOLLECTION, try again after removing the option"),
    ]);
  }
  const list = await listObjects(listSource(scope, store), namespaceOf(store, request), chosen, request.signal);
  const context = { ...deletionContextOf(scope, request, options), ofCollection: true };
  const queue = list.items.values();
  const worker = async (): Promise<void> => {
    for (const { object } of queue) {
      try {
        await store.delete(object.metadata.namespace ?? "", object.metadata.name ?? "", options, context);
      } catch (error) {
        if (!isNotFound(error)) {
          throw error;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(collectionWorkers, list.items.length) }, worker));
  return list;
}

/** Admission sees all options, in whatever version of which group they were sent, as those of meta.k8s.io/v1. */
function deletionContextOf(scope: Scope, request: ApiRequest, options: DeleteOptions): WriteContext {
  const dryRun = (options.dryRun ?? []).length > 0;
  const shown = { ...options, kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1" };
  return { ...writeContextOf(scope, request, { dryRun, fieldManager: "" }, "DeleteOptions"), options: shown };
}

/** From the body, in any group's DeleteOptions, or from the query where there is no body. */
async function deleteOptionsOf(scope: Scope, request: ApiRequest): Promise<DeleteOptions> {
  const body =
    request.bodyObject === undefined
      ? await request.readBody(scope.maxBodyBytes)
      : Buffer.from(JSON.stringify(request.bodyObject));
  const options = body.length === 0 ? deleteOptionsOfQuery(request.query) : decodeOptions(body, request);
  checkDeleteOptions(options);
  return options;
}

const kind = {
  group: "",
  version: "v1",
  kind: "DeleteOptions",
  get schema() {
    return schemaDefinition("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
  },
};

function decodeOptions(body: Buffer, request: ApiRequest): DeleteOptions {
  const contentType = request.bodyObject === undefined ? request.header("content-type") : undefined;
  return decodeBody(kind, body, {
    contentType,
    fieldValidation: "Ignore",
    anyVersion: true,
    warn: () => {},
  }).draft as unknown as DeleteOptions;
}
