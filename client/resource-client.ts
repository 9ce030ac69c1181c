import type { Scale, ScaleInput } from "../api/generated/types/autoscaling-v1.ts";
import type { Status } from "../apimachinery/errors/status.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { WatchEvent } from "../apimachinery/resource/transport.ts";
import type {
  ApplyOptions,
  DeleteOptions,
  GetOptions,
  List,
  ListOptions,
  ObjectInput,
  Patch,
  PatchOptions,
  ResourceIdentity,
  WatchOptions,
  WriteOptions,
} from "./options.ts";
import type { PagerOptions } from "./pager.ts";

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
