import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft, UserInfo } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { applyDefaults } from "../../apimachinery/schema/defaults.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";
import { servedAs } from "../cache/served-object.ts";
import type { ObjectChange, ObjectReader, ObjectWriter } from "./access.ts";
import type { StoreDependencies } from "./committer.ts";
import { ResourceStore } from "./resource-store.ts";
import type { WriteContext, WriteHooks } from "./write-context.ts";

/** Every resource that the server serves, by group, version and plural; also the server's own way to its objects. */
export class Registry implements ObjectReader, ObjectWriter {
  readonly #stores: ResourceStore[] = [];
  readonly #deps: StoreDependencies;
  readonly #byPath = new Map<string, ResourceStore>();
  readonly #byDefinition = new Map<ResourceDefinition, ResourceStore>();

  constructor(definitions: readonly ResourceDefinition[], deps: StoreDependencies) {
    this.#deps = deps;
    for (const definition of definitions) {
      this.add(definition);
    }
  }

  get stores(): readonly ResourceStore[] {
    return this.#stores;
  }

  /** Serves a resource from now on; in place of what is served under its name, whose watches end. */
  add(definition: ResourceDefinition): void {
    const { group, version, plural } = definition;
    const before = this.find(group, version, plural);
    const store = new ResourceStore(definition, this.#deps);
    this.#stores.push(store);
    this.#byPath.set(`${group}/${version}/${plural}`, store);
    this.#byDefinition.set(definition, store);
    if (before !== undefined) {
      this.#forget(before);
    }
  }

  /** Serves it no more. What is stored stays. */
  remove(definition: ResourceDefinition): void {
    const { group, version, plural } = definition;
    const store = this.find(group, version, plural);
    if (store?.definition === definition) {
      this.#byPath.delete(`${group}/${version}/${plural}`);
      this.#forget(store);
    }
  }

  #forget(store: ResourceStore): void {
    this.#byDefinition.delete(store.definition);
    this.#stores.splice(this.#stores.indexOf(store), 1);
    store.close();
  }

  /** Gives a resource its claims outside its objects. */
  setHooks(definition: ResourceDefinition, hooks: WriteHooks): void {
    this.of(definition).hooks = hooks;
  }

  find(group: string, version: string, plural: string): ResourceStore | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  of(definition: ResourceDefinition): ResourceStore {
    const store = this.#byDefinition.get(definition);
    if (store === undefined) {
      throw new Error(`${definition.plural}.${definition.group} is not served here`);
    }
    return store;
  }

  get<T extends ApiObject>(definition: ResourceDefinition<T>, namespace: string, name: string): T | undefined {
    const served = this.of(definition).find(namespace, name);
    return served?.unreadable === undefined ? (served?.object as T | undefined) : undefined;
  }

  hasUnreadable(definition: ResourceDefinition, namespace?: string): boolean {
    const { cache, prefix } = this.#within(definition, namespace);
    return cache.hasUnreadable && cache.unreadable(prefix).length > 0;
  }

  *list<T extends ApiObject>(definition: ResourceDefinition<T>, namespace?: string): Generator<T> {
    const { cache, prefix, served } = this.#within(definition, namespace);
    for (const { value: stored } of cache.range(prefix)) {
      if (stored.unreadable === undefined) yield servedAs(stored, served).object as T;
    }
  }

  onChange<T extends ApiObject>(
    definition: ResourceDefinition<T>,
    listener: (change: ObjectChange<T>) => void,
  ): () => void {
    const { cache, definition: served } = this.of(definition);
    return cache.listen((event) => {
      const previous = event.previous === undefined ? undefined : (servedAs(event.previous, served).object as T);
      listener({ type: event.type, object: servedAs(event.served, served).object as T, previous });
    });
  }

  async create<T extends ApiObject>(definition: ResourceDefinition<T>, object: object): Promise<T> {
    const store = this.of(definition);
    const draft = this.#prepare(store.definition, object);
    return (await store.create(draft.metadata.namespace ?? "", draft, ownContext())).object as T;
  }

  async update<T extends ApiObject>(definition: ResourceDefinition<T>, object: object): Promise<T> {
    const store = this.of(definition);
    const draft = this.#prepare(store.definition, object);
    const { namespace = "", name = "" } = draft.metadata;
    return (await store.update(namespace, name, () => thaw(draft) as Draft<ApiObject>, ownContext())).served
      .object as T;
  }

  /** Writes the status where the object is still at the resourceVersion that it states; else a Conflict. */
  async updateStatus<T extends ApiObject>(definition: ResourceDefinition<T>, object: T): Promise<T> {
    const store = this.of(definition);
    const draft = this.#prepare(store.definition, object);
    const { namespace = "", name = "" } = draft.metadata;
    const context = { ...ownContext(), subresource: "status" };
    return (await store.update(namespace, name, () => thaw(draft) as Draft<ApiObject>, context)).served.object as T;
  }

  async delete(
    definition: ResourceDefinition,
    namespace: string,
    name: string,
    only?: { readonly uid: string },
  ): Promise<void> {
    const options = only === undefined ? {} : { preconditions: only };
    await this.of(definition).delete(namespace, name, options, ownContext());
  }

  #within(
    definition: ResourceDefinition,
    namespace = "",
  ): { cache: ResourceCache; prefix: string; served: ResourceDefinition } {
    const { cache, prefix, definition: served } = this.of(definition);
    return { cache, prefix: namespace === "" ? prefix : `${prefix}${namespace}/`, served };
  }

  #prepare(definition: ResourceDefinition, object: object): Draft<ApiObject> {
    const draft = thaw(object) as unknown as Draft<ApiObject>;
    if (draft.metadata === undefined) {
      throw ApiError.badRequest("the object has no metadata");
    }
    applyDefaults(definition.schema, draft);
    definition.setDefaults?.(draft);
    return draft;
  }
}

const itself: UserInfo = { username: "system:apiserver", groups: ["system:masters", "system:authenticated"] };

/** The server itself writes: nobody is asked, nothing is admitted. */
export function ownContext(): WriteContext {
  return {
    user: itself,
    dryRun: false,
    subresource: "",
    options: {},
    admission: undefined,
    ownFields: undefined,
    signal: new AbortController().signal,
    warn: () => {},
    auditAnnotate: () => {},
  };
}
