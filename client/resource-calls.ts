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
import type { ResourceClient, SubresourceClient } from "./resource-client.ts";

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

/** Turns the calls of a resource into requests. A class because one is made for nearly every write: methods are shared. */
export class ResourceCalls<T extends ApiObject> implements ResourceClient<T> {
  readonly #wiring: Wiring;

  constructor(wiring: Wiring) {
    this.#wiring = wiring;
  }

  get identity(): ResourceIdentity {
    return this.#wiring.identity;
  }

  namespace(namespace: string): ResourceClient<T> {
    return new ResourceCalls<T>({ ...this.#wiring, namespace });
  }

  async get(name: string, options: GetOptions = {}): Promise<T> {
    return this.#call({ method: "GET", ...this.#one(name), query: getQuery(options), signal: options.signal });
  }

  async list(options: ListOptions = {}): Promise<List<T>> {
    const { namespace } = this.#wiring;
    const answer: List<T> = await this.#call({
      method: "GET",
      namespace,
      query: listQuery(options),
      signal: options.signal,
    });
    return this.#named(answer);
  }

  pages(options?: PagerOptions): AsyncIterable<List<T>> {
    return listPages((page) => this.list(page), options);
  }

  listAll(options?: PagerOptions): Promise<List<T>> {
    return listWhole((page) => this.list(page), options);
  }

  async create(object: ObjectInput<T>, options?: WriteOptions): Promise<T> {
    const namespace = this.#placeOf(object);
    return this.#call({ method: "POST", namespace, body: this.#complete(object), ...this.#write(options) });
  }

  async update(object: ObjectInput<T>, options?: WriteOptions): Promise<T> {
    return this.#call({
      method: "PUT",
      ...this.#itself(object),
      body: this.#complete(object),
      ...this.#write(options),
    });
  }

  async updateStatus(object: ObjectInput<T>, options?: WriteOptions): Promise<T> {
    const target = { ...this.#itself(object), subresource: "status" };
    return this.#call({ method: "PUT", ...target, body: this.#complete(object), ...this.#write(options) });
  }

  async patch(name: string, patch: Patch, options: PatchOptions = {}): Promise<T> {
    const target = { ...this.#one(name), subresource: options.subresource };
    return this.#patch(target, patchContentTypes[patch.type], patch.body, options);
  }

  async apply(object: ObjectInput<T>, options: ApplyOptions = {}): Promise<T> {
    const target = { ...this.#itself(object), subresource: options.subresource };
    return this.#patch(target, patchContentTypes.apply, this.#complete(object), options);
  }

  async delete(name: string, options: DeleteOptions = {}): Promise<T | Status> {
    return this.#call({ method: "DELETE", ...this.#one(name), body: deleteBody(options), signal: options.signal });
  }

  deleteCollection(options: DeleteOptions & ListOptions = {}): Promise<unknown> {
    const { namespace } = this.#wiring;
    return this.#call({
      method: "DELETE",
      namespace,
      query: listQuery(options),
      body: deleteBody(options),
      signal: options.signal,
    });
  }

  watch(options: WatchOptions = {}): AsyncIterable<WatchEvent<T>> {
    const { identity, namespace, watch } = this.#wiring;
    return watch({
      method: "GET",
      path: resourcePath(identity, { namespace }),
      query: watchQuery(options),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }) as AsyncIterable<WatchEvent<T>>;
  }

  subresource<S, I = S>(name: string, subresource: string): SubresourceClient<S, I> {
    const target = () => ({ ...this.#one(name), subresource });
    return {
      get: async (options = {}) =>
        this.#call({ method: "GET", ...target(), query: getQuery(options), signal: options.signal }),
      create: async (body, options) => this.#call({ method: "POST", ...target(), body, ...this.#write(options) }),
      update: async (body, options) => this.#call({ method: "PUT", ...target(), body, ...this.#write(options) }),
      patch: async ({ type, body }, options) => this.#patch(target(), patchContentTypes[type], body, options),
    };
  }

  scale(name: string): SubresourceClient<Scale, ScaleInput> {
    return this.subresource(name, "scale");
  }

  async #call<R>({ signal, method, query, body, contentType, ...target }: Call): Promise<R> {
    const { object } = await this.#wiring.request({
      method,
      path: resourcePath(this.identity, target),
      ...(query === undefined || query.size === 0 ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(signal === undefined ? {} : { signal }),
    });
    return object as R;
  }

  #patch<R>(target: Target, contentType: string, body: unknown, options?: WriteOptions): Promise<R> {
    return this.#call({ method: "PATCH", ...target, body, contentType, ...this.#write(options) });
  }

  #write(options: WriteOptions = {}): Pick<Call, "signal"> & { readonly query: URLSearchParams } {
    return { query: writeQuery(options, this.#wiring.fieldManager), signal: options.signal };
  }

  /** The object of that name: it needs a namespace where its kind has one. */
  #one(name: string | undefined, namespace = this.#wiring.namespace): Target {
    const { kind, scope } = this.identity;
    if (name === undefined || name === "") throw new TypeError(`a ${kind}'s name is required`);
    if (scope === "Namespaced" && namespace === undefined)
      throw new TypeError(`a ${kind} is of a namespace, and none was given`);
    return { name, namespace };
  }

  #itself({ metadata }: ObjectInput<T>): Target {
    return this.#one(metadata?.name, this.#wiring.namespace ?? metadata?.namespace);
  }

  #placeOf({ metadata }: ObjectInput<T>): string | undefined {
    return this.#one("any", this.#wiring.namespace ?? metadata?.namespace).namespace;
  }

  #complete(object: ObjectInput<T>): object {
    return { apiVersion: apiVersionOf(this.identity), kind: this.identity.kind, ...(object as object) };
  }

  /** A typed list of upstream's leaves apiVersion and kind out of its items; a client's objects always have them. */
  #named({ metadata, items }: List<T>): List<T> {
    const first = items?.[0];
    if (first === undefined) return { metadata, items: [] };
    if (first.kind !== undefined) return { metadata, items };
    const apiVersion = apiVersionOf(this.identity);
    const { kind } = this.identity;
    return { metadata, items: items.map((item) => ({ ...item, apiVersion, kind })) };
  }
}
