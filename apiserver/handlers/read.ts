import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ServedObject } from "../cache/served-object.ts";
import { listObjects } from "../registry/list.ts";
import { listOptionsOf } from "../registry/options.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import { parseResourceVersion, waitForRevision } from "../registry/resource-version.ts";
import { watchObjects } from "../registry/watch.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { listSource, namespaceOf, type Scope } from "./scope.ts";

/** GET of one object. */
export async function getObject(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  const served = await readObject(scope, store, request);
  return { type: "object", status: 200, definition: store.definition, served };
}

/** The object that the request names: the latest, or at least as new as `resourceVersion`. */
export async function readObject(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ServedObject> {
  const resourceVersion = request.query.get("resourceVersion") ?? "";
  const waiting =
    resourceVersion === ""
      ? scope.cache.freshness(request)
      : waitForRevision(scope.cache, parseResourceVersion(resourceVersion), request.signal);
  if (waiting !== undefined) await waiting;
  if (store.cache.hasUnreadable) await store.readAgain(namespaceOf(store, request), request.info.name);
  if (store.definition.storedAs?.awaited !== undefined) {
    await store.readyFor(namespaceOf(store, request), request.info.name);
  }
  return store.get(namespaceOf(store, request), request.info.name);
}

export async function listCollection(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  const options = listOptionsOf(request.query, false);
  return listObjects(listSource(scope, store), namespaceOf(store, request), options, request.signal);
}

/** A watch of a collection, or (`/watch/…/name`) of one object. */
export async function watchCollection(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  let options = listOptionsOf(request.query, true);
  const { name } = request.info;
  if (name !== "" && !options.fieldSelector.includes("metadata.name")) {
    if (options.fieldSelector !== "") {
      throw ApiError.badRequest("fieldSelector metadata.name doesn't match requested name");
    }
    options = { ...options, fieldSelector: `metadata.name=${name}` };
  }
  return watchObjects(listSource(scope, store), namespaceOf(store, request), options, scope, request.signal);
}
