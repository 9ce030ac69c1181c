import type { Scale, ScaleInput } from "../api/generated/types/autoscaling-v1.ts";
import type { Status } from "../apimachinery/errors/status.ts";
import { apiVersionOf } from "../apimachinery/resource/define.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { TransportRequest, TransportResponse, WatchEvent } from "../apimachinery/resource/transport.ts";
import {
  type ApplyOptions,
  type CallOptions,
  type DeleteOptions,
  deleteBody,
  type GetOptions,
  getQuery,
  type List,
  type ListOptions,
  listQuery,
  type ObjectInput,
  type Patch,
  type PatchOptions,
  patchContentTypes,
  type ResourceIdentity,
  type WatchOptions,
  type WriteOptions,
  watchQuery,
  writeQuery,
} from "./options.ts";
import { listPages, listWhole, type PagerOptions } from "./pager.ts";
import { resourcePath, type Target } from "./paths.ts";

/** The calls of one resource, in one namespace or all. Objects may be frozen at every depth: change copies. */
export interface ResourceClient<T extends ApiObject> {
  readonly identity: ResourceIdentity;
  /** The same resource in a namespace. */
  namespace(namespace: string): ResourceClient<T>;
  get(name: string, options?: GetOptions): Promise<T>;
  /** One page: the whole list where no `limit` is given. */
  list(options?: ListOptions): Promise<List<T>>;
  /** Page after page; see `listPages`. */
  pages(options?: PagerOptions): AsyncIterable<List<T>>;
  /** All pages as one list, read in chunks of 500. */
  listAll(options?: PagerOptions): Promise<List<T>>;
  create(object: ObjectInput<T>, options?: WriteOptions): Promise<T>;
  update(object: ObjectInput<T>, options?: WriteOptions): Promise<T>;
  updateStatus(object: ObjectInput<T>, options?: WriteOptions): Promise<T>;
  patch(name: string, patch: Patch, options?: PatchOptions): Promise<T>;
  /** Server-side apply of the fields that are given; `fieldManager` is required by the server. */
  apply(object: ObjectInput<T>, options?: ApplyOptions): Promise<T>;
  /** The deleted object, the object waiting for its end, or a Status. */
  delete(name: string, options?: DeleteOptions): Promise<T | Status>;
  deleteCollection(options?: DeleteOptions & ListOptions): Promise<unknown>;
  /** Ends when the server ends it or the signal aborts. */
  watch(options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Any subresource of one object: `token`, `binding`, `eviction`, `status`, … `S` is what it speaks. */
  subresource<S, I = S>(name: string, subresource: string): SubresourceClient<S, I>;
  scale(name: string): SubresourceClient<Scale, ScaleInput>;
}

export interface SubresourceClient<S, I = S> {
  get(options?: GetOptions): Promise<S>;
  create(body: I, options?: WriteOptions): Promise<S>;
  update(body: I, options?: WriteOptions): Promise<S>;
  patch(patch: Patch, options?: WriteOptions): Promise<S>;
}

export interface Wiring {
  readonly identity: ResourceIdentity;
  readonly namespace: string | undefined;
  readonly request: (request: TransportRequest) => Promise<TransportResponse>;
  readonly watch: (request: TransportRequest) => AsyncIterable<WatchEvent>;
  readonly fieldManager: string | undefined;
}

interface Call extends Target, CallOptions {
  readonly method: TransportRequest["method"];
  readonly query?: URLSearchParams;
  readonly body?: unknown;
  readonly contentType?: string;
}

export function createResourceClient<T extends ApiObject>(wiring: Wiring): ResourceClient<T> {
  const { identity, namespace, fieldManager } = wiring;
  const apiVersion = apiVersionOf(identity);

  const call = async <R>({ signal, method, query, body, contentType, ...target }: Call): Promise<R> => {
    const { object } = await wiring.request({
      method,
      path: resourcePath(identity, { namespace, ...target }),
      ...(query === undefined || query.size === 0 ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(signal === undefined ? {} : { signal }),
    });
    return object as R;
  };
  /** One object: it has a name, and a namespace where its kind has one. */
  const one = (name: string | undefined, of: string | undefined = namespace): Target => {
    if (name === undefined || name === "") throw new TypeError(`a ${identity.kind}'s name is required`);
    return { name, namespace: placeOf(of) };
  };
  const placeOf = (of: string | undefined): string | undefined => {
    if (identity.scope === "Namespaced" && of === undefined)
      throw new TypeError(`a ${identity.kind} is of a namespace, and none was given`);
    return of;
  };
  const complete = (object: ObjectInput<T>): object => ({ apiVersion, kind: identity.kind, ...(object as object) });
  const write = (options: WriteOptions = {}) => ({ query: writeQuery(options, fieldManager), signal: options.signal });
  const put = (object: ObjectInput<T>, options: WriteOptions | undefined, subresource?: string): Promise<T> =>
    call({
      method: "PUT",
      ...one(object.metadata?.name, namespace ?? object.metadata?.namespace),
      subresource,
      body: complete(object),
      ...write(options),
    });
  const list = async (options: ListOptions = {}): Promise<List<T>> =>
    named(await call<List<T>>({ method: "GET", query: listQuery(options), signal: options.signal }));
  /** A typed list of upstream's leaves apiVersion and kind out of its items; a client's objects always have them. */
  const named = (answer: List<T>): List<T> => {
    if (answer.items?.[0] === undefined) return { metadata: answer.metadata, items: [] };
    if (answer.items[0].kind !== undefined) return answer;
    return {
      metadata: answer.metadata,
      items: answer.items.map((item) => ({ ...item, apiVersion, kind: identity.kind })),
    };
  };

  const client: ResourceClient<T> = {
    identity,
    namespace: (other) => createResourceClient({ ...wiring, namespace: other }),
    get: async (name, options = {}) =>
      call({ method: "GET", ...one(name), query: getQuery(options), signal: options.signal }),
    list,
    pages: (options) => listPages(list, options),
    listAll: (options) => listWhole(list, options),
    create: async (object, options) =>
      call({
        method: "POST",
        namespace: placeOf(namespace ?? object.metadata?.namespace),
        body: complete(object),
        ...write(options),
      }),
    update: async (object, options) => put(object, options),
    updateStatus: async (object, options) => put(object, options, "status"),
    patch: async (name, { type, body }, options) =>
      call({
        method: "PATCH",
        ...one(name),
        subresource: options?.subresource,
        body,
        contentType: patchContentTypes[type],
        ...write(options),
      }),
    apply: async (object, options) =>
      call({
        method: "PATCH",
        ...one(object.metadata?.name, namespace ?? object.metadata?.namespace),
        subresource: options?.subresource,
        body: complete(object),
        contentType: patchContentTypes.apply,
        ...write(options),
      }),
    delete: async (name, options = {}) =>
      call({ method: "DELETE", ...one(name), body: deleteBody(options), signal: options.signal }),
    deleteCollection: (options = {}) =>
      call({ method: "DELETE", query: listQuery(options), body: deleteBody(options), signal: options.signal }),
    watch: (options = {}) =>
      wiring.watch({
        method: "GET",
        path: resourcePath(identity, { namespace }),
        query: watchQuery(options),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }) as AsyncIterable<WatchEvent<T>>,
    subresource: <S, I>(name: string, subresource: string): SubresourceClient<S, I> => ({
      get: async (options = {}) =>
        call({ method: "GET", ...one(name), subresource, query: getQuery(options), signal: options.signal }),
      create: async (body, options) => call({ method: "POST", ...one(name), subresource, body, ...write(options) }),
      update: async (body, options) => call({ method: "PUT", ...one(name), subresource, body, ...write(options) }),
      patch: async ({ type, body }, options) =>
        call({
          method: "PATCH",
          ...one(name),
          subresource,
          body,
          contentType: patchContentTypes[type],
          ...write(options),
        }),
    }),
    scale: (name) => client.subresource(name, "scale"),
  };
  return client;
}
