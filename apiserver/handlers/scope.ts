import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { pathSegmentName } from "../../apimachinery/validation/names.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { mustAllow } from "../authorization/must-allow.ts";
import type { WatchCache } from "../cache/watch-cache.ts";
import { attributesOf } from "../filters/authorize.ts";
import type { ListSource } from "../registry/list.ts";
import type { WriteOptions } from "../registry/options.ts";
import type { Writer } from "../registry/own-fields.ts";
import type { Registry } from "../registry/registry.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import type { Admission, WriteContext } from "../registry/write-context.ts";
import type { ApiRequest } from "../request.ts";
import { endOf } from "../request-end.ts";
import { pathNotFound } from "./unknown-paths.ts";

/** What every resource handler works with. */
export interface Scope {
  readonly registry: Registry;
  readonly storage: Storage;
  readonly cache: WatchCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly admission: Admission;
  readonly authorizer: Authorizer;
  readonly maxBodyBytes: number;
}

/** The largest body a write may have; upstream's MaxRequestBodyBytes. */
export const defaultMaxBodyBytes: number = 3 * 1024 * 1024;

/** Here a name is a selector's, not the path's. */
const selectedByName: ReadonlySet<string> = new Set(["list", "watch", "deletecollection"]);

/** The registry of what the request names; NotFound as a path that nobody serves. */
export function storeOf(scope: Scope, request: ApiRequest): ResourceStore {
  const { group, version, resource, name, verb } = request.info;
  const store = scope.registry.find(group, version, resource);
  if (store === undefined || !fitsScope(store, request)) {
    throw pathNotFound();
  }
  if (name !== "" && !selectedByName.has(verb)) {
    const problems = pathSegmentName(name, false);
    if (problems.length > 0) {
      throw ApiError.badRequest(`Name parameter invalid: ${goQuote(name)}: ${problems.join(";")}`);
    }
  }
  return store;
}

/** Upstream's answer to a path that is served, but not for this method. */
export function methodNotAllowed(): ApiError {
  return ApiError.fromStatus({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "the server does not allow this method on the requested resource",
    reason: "MethodNotAllowed",
    details: {},
    code: 405,
  });
}

/** What is cluster-scoped has no namespace in its path; a namespace itself counts as within itself. */
function fitsScope({ definition }: ResourceStore, { info }: ApiRequest): boolean {
  if (info.rest.length > 0 && info.subresource !== "proxy") {
    return false;
  }
  return (
    definition.scope === "Namespaced" ||
    info.namespace === "" ||
    (definition.plural === "namespaces" && info.namespace === info.name)
  );
}

export function listSource(scope: Scope, store: ResourceStore): ListSource {
  return { store, cache: scope.cache, storage: scope.storage };
}

/** For a namespace itself the registry knows no namespace. */
export function namespaceOf(store: ResourceStore, request: ApiRequest): string {
  return store.definition.scope === "Cluster" ? "" : request.info.namespace;
}

export function writeContextOf(
  scope: Scope,
  request: ApiRequest,
  options: Pick<WriteOptions, "dryRun" | "fieldManager">,
  kind: "CreateOptions" | "UpdateOptions" | "DeleteOptions",
): WriteContext {
  const { subresource } = request.info;
  return {
    user: request.user,
    dryRun: options.dryRun,
    verb: request.info.verb,
    subresource,
    options: admissionOptions(kind, options, kind === "DeleteOptions" ? null : request.query.get("fieldValidation")),
    admission: scope.admission,
    ownFields: undefined,
    signal: endOf(request),
    endsAtMs: request.endsAtMs,
    warn: (text) => request.warnings.add(text),
    auditAnnotate: (key, value) => request.auditAnnotations.set(key, value),
  };
}

/** For writes that create what is not there: who may change it may not therefore make it (handlers/update.go withAuthorization). */
export function mayCreate({ authorizer }: Scope, request: ApiRequest): Required<Pick<WriteContext, "mayCreate">> {
  return { mayCreate: () => mustAllow(authorizer, { ...attributesOf(request), verb: "create" }) };
}

export function writerOf(request: ApiRequest, options: Pick<WriteOptions, "fieldManager">): Writer {
  return {
    fieldManager: options.fieldManager,
    userAgent: request.header("user-agent") ?? "",
    subresource: request.info.subresource,
  };
}

/** As they were sent: what has a default is not told. */
function admissionOptions(
  kind: string,
  options: Pick<WriteOptions, "dryRun" | "fieldManager">,
  fieldValidation: string | null,
): object {
  return {
    kind,
    apiVersion: "meta.k8s.io/v1",
    ...(options.dryRun ? { dryRun: ["All"] } : {}),
    ...(options.fieldManager === "" ? {} : { fieldManager: options.fieldManager }),
    ...(fieldValidation ? { fieldValidation } : {}),
  };
}
