import { isUnsupportedMediaType } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Client, DeleteOptions, ResourceClient } from "../../client/mod.ts";
import type { Action, Adopt, Delete, PatchObject } from "./action.ts";

/** Carries one action out. Rejects with what the server or the connection answered. */
export async function perform(client: Client, action: Action, signal: AbortSignal): Promise<unknown> {
  const namespace = "namespace" in action ? action.namespace : undefined;
  const calls = client.resource(action.resource, namespace);
  switch (action.type) {
    case "create":
      return calls.create(action.object, { signal });
    case "update":
      return calls.update(action.object, { signal });
    case "apply": {
      const { object, fieldManager, force = false, subresource } = action;
      return calls.apply(object, {
        signal,
        fieldManager,
        force,
        ...(subresource === undefined ? {} : { subresource }),
      });
    }
    case "patch":
      return patch(calls, action, signal);
    case "delete":
      return calls.delete(action.name, { signal, ...deleteOptions(action) });
    case "deleteCollection": {
      const { propagationPolicy } = action;
      return calls.deleteCollection({ signal, ...(propagationPolicy === undefined ? {} : { propagationPolicy }) });
    }
    case "subresource":
      return calls.subresource<unknown>(action.name, action.subresource)[action.method](action.body, { signal });
    case "adopt":
      return adopt(client, calls, action, signal);
  }
}

function deleteOptions({ uid, resourceVersion, propagationPolicy, gracePeriodSeconds }: Delete): DeleteOptions {
  return {
    preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
}

async function patch(calls: ResourceClient<ApiObject>, action: PatchObject, signal: AbortSignal): Promise<ApiObject> {
  const { subresource } = action;
  try {
    return await calls.patch(action.name, action.patch, {
      signal,
      ...(subresource === undefined ? {} : { subresource }),
    });
  } catch (error) {
    if (action.orElse === undefined || !isUnsupportedMediaType(error)) throw error;
    return calls.patch(action.name, action.orElse, { signal });
  }
}

async function adopt(
  client: Client,
  calls: ResourceClient<ApiObject>,
  action: Adopt,
  signal: AbortSignal,
): Promise<unknown> {
  const { resource, object } = action.owner;
  const { name = "", namespace, uid } = object.metadata;
  const fresh = await client.resource(resource, namespace).get(name, { signal });
  if (fresh.metadata.uid !== uid) {
    throw new Error(
      `original ${resource.kind} ${namespace}/${name} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`,
    );
  }
  if (fresh.metadata.deletionTimestamp !== undefined) {
    throw new Error(`${namespace}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
  }
  return calls.patch(action.name, action.patch, { signal });
}
