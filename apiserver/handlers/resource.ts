import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Verb } from "../../apimachinery/resource/resource.ts";
import type { Handler } from "../chain.ts";
import { withinWriteTime } from "../filters/deadline.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import { type ApiRequest, deprecatedAnnotation } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { formsOf, refuseUnlessReadable, refuseUnlessRouted } from "./acceptable.ts";
import { deleteCollection, deleteObject } from "./delete.ts";
import { patchObject } from "./patch.ts";
import { getObject, listCollection, watchCollection } from "./read.ts";
import { methodNotAllowed, type Scope, storeOf } from "./scope.ts";
import { pathNotFound } from "./unknown-paths.ts";
import { createObject, updateObject } from "./write.ts";

export type ResourceHandler = (scope: Scope, store: ResourceStore, request: ApiRequest) => Promise<ApiResponse>;

/** One subresource: which verbs it answers, and how. `connect` takes every method. */
export type Subresource = Readonly<Partial<Record<Verb | "connect", ResourceHandler>>>;

const verbs: Readonly<Record<Verb, ResourceHandler>> = {
  create: createObject,
  get: getObject,
  list: listCollection,
  watch: watchCollection,
  update: updateObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteCollection,
};

/** `status` is the object itself, seen from its other half. */
const status: Subresource = { get: getObject, update: updateObject, patch: patchObject };

/**
 * Answers requests for resources: finds the registry, then the verb. `subresources` holds those that are not generic, by
 * `plural.group/subresource`, `virtual` the resources that are answered when they are created and never stored (reviews), and
 * `computed` those that are found out when they are read, by `version/plural.group`.
 */
export function resourceHandler(
  scope: Scope,
  subresources: ReadonlyMap<string, Subresource>,
  virtual: ReadonlyMap<string, Handler>,
  computed: ReadonlyMap<string, Handler> = new Map(),
): Handler {
  return async (request) => {
    const { info } = request;
    const resource = `${info.resource}.${info.group}`;
    const answer = virtual.get(`${info.version}/${resource}`);
    if (answer !== undefined) {
      if (info.name !== "") {
        throw pathNotFound();
      }
      if (info.verb !== "create") {
        throw methodNotAllowed();
      }
      refuseUnlessRouted(request, formsOf.object);
      refuseUnlessReadable(request);
      return answer(request);
    }
    const read = computed.get(`${info.version}/${resource}`);
    if (read !== undefined) {
      refuseUnlessGet(request);
      refuseUnlessRouted(request, info.name === "" ? formsOf.list : formsOf.object);
      refuseUnlessReadable(request);
      return read(request);
    }
    const store = storeOf(scope, request);
    const { handler, connects = false } =
      info.subresource === "" ? { handler: verbOf(store, info) } : subresourceOf(store, info, subresources);
    if (!connects) refuseUnlessAcceptable(store, request, handler);
    const { deprecationWarning } = store.definition;
    if (deprecationWarning !== undefined) {
      request.warnings.add(deprecationWarning);
      request.auditAnnotations.set(deprecatedAnnotation, "true");
    }
    const run = () => handler(scope, store, request);
    return connects ? run() : withinWriteTime(scope.clock, request, run);
  };
}

/** Refuses who asks for no form in which there is an answer. */
function refuseUnlessAcceptable({ definition }: ResourceStore, request: ApiRequest, handler: ResourceHandler): void {
  const { subresource, name } = request.info;
  const isLog = subresource === "log";
  if (definition.decode === undefined) {
    refuseUnlessGet(request);
    const isList = name === "" && (handler === listCollection || handler === watchCollection);
    refuseUnlessRouted(request, isLog ? formsOf.log : isList ? formsOf.list : formsOf.object);
  }
  if (!isLog) refuseUnlessReadable(request);
}

/** The router knows no HEAD, which has the verb of a GET everywhere else. */
function refuseUnlessGet({ method }: ApiRequest): void {
  if (method === "HEAD") throw methodNotAllowed();
}

/** Verbs of one object, which the path names; the others are of a collection, where a name comes from a selector at most. */
const objectVerbs: ReadonlySet<string> = new Set(["get", "update", "patch", "delete"]);
/** Without a namespace in its path, a namespaced collection may be read, and nothing else. */
const acrossNamespaces: ReadonlySet<string> = new Set(["list", "watch"]);

/** Which paths and methods there are follows upstream's installer (endpoints/installer.go registerResourceHandlers). */
function verbOf({ definition }: ResourceStore, { verb, name, namespace }: ApiRequest["info"]): ResourceHandler {
  const everywhere = definition.scope === "Namespaced" && namespace === "" && !acrossNamespaces.has(verb);
  // Of custom resources upstream has no such path at all.
  if (everywhere && (name !== "" || definition.decode !== undefined)) {
    throw pathNotFound();
  }
  const fits = objectVerbs.has(verb) ? name !== "" : verb !== "create" || name === "";
  if (!fits || everywhere || !(definition.verbs as readonly string[]).includes(verb)) {
    throw methodNotAllowed();
  }
  return verbs[verb as Verb];
}

function subresourceOf(
  store: ResourceStore,
  { subresource, verb, namespace, name }: ApiRequest["info"],
  subresources: ReadonlyMap<string, Subresource>,
): { readonly handler: ResourceHandler; readonly connects: boolean } {
  const { definition } = store;
  const known =
    subresources.get(`${definition.plural}.${definition.group}/${subresource}`) ??
    generic(store, subresource, subresources);
  if (known === undefined && definition.decode !== undefined) {
    // Upstream's handler of custom resources has an answer of its own.
    throw store.notFound(name);
  }
  if (known === undefined || (definition.scope === "Namespaced" && namespace === "")) {
    throw pathNotFound();
  }
  const handler = known.connect ?? known[verb as Verb];
  if (handler === undefined) {
    throw definition.decode === undefined
      ? methodNotAllowed()
      : ApiError.methodNotSupported({ group: definition.group, resource: definition.plural }, verb);
  }
  return { handler, connects: known.connect !== undefined };
}

/** Those that any resource may declare. */
function generic(
  store: ResourceStore,
  name: string,
  subresources: ReadonlyMap<string, Subresource>,
): Subresource | undefined {
  const declared = store.definition.subresources;
  if (name === "status" && declared.status === true) {
    return status;
  }
  return name === "scale" && declared.scale !== undefined ? subresources.get("*/scale") : undefined;
}
