import { ApiError, isAlreadyExists, isTimeout } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";
import { type ServedObject, servedAs, servedFromValue } from "../cache/served-object.ts";
import { registryPrefix } from "../cache/watch-cache.ts";
import { checkValid, checkVersion } from "./check.ts";
import { type CommitOutcome, Committer, type StoreDependencies } from "./committer.ts";
import { checkDeleteOptions, type DeleteOptions } from "./delete-options.ts";
import { checkPreconditions, decideDeletion, isReleased } from "./deletion.ts";
import { foldOwnerReferences } from "./owner-references.ts";
import { changesSpec, dropStatus, isSame, keepOthers } from "./split.ts";
import { ensureNamespace, fillSystemFields, keepSystemFields } from "./system-fields.ts";
import {
  admissionAttributes,
  requestContext,
  type WriteContext,
  type WriteHooks,
  type WriteOutcome,
} from "./write-context.ts";

/** Tries at a name of generateName's before giving up (registry's maxNameGenerationCreateAttempts). */
const nameAttempts = 8;

export interface UpdateResult {
  readonly served: ServedObject;
  readonly created: boolean;
}

/**
 * The registry of one resource in one version: reads from the watch cache, and writes that follow one path: system fields,
 * admission, preparation, validation, one compare-and-put. Throws ApiErrors.
 */
export class ResourceStore {
  readonly definition: ResourceDefinition;
  readonly cache: ResourceCache;
  /** `/registry/pods/`: every key of the resource begins with it. */
  readonly prefix: string;
  hooks: WriteHooks | undefined;
  readonly #deps: StoreDependencies;
  readonly #committer: Committer;
  readonly #watches = new Set<() => void>();
  #closed = false;

  constructor(definition: ResourceDefinition, deps: StoreDependencies) {
    this.definition = definition;
    this.#committer = new Committer(definition, deps);
    this.#deps = deps;
    this.cache = deps.cache.of(definition.storagePath);
    this.prefix = `${registryPrefix}${definition.storagePath}/`;
  }

  keyOf(namespace: string, name: string): string {
    return namespace === "" ? this.prefix + name : `${this.prefix}${namespace}/${name}`;
  }

  /** As the cache has it now; undefined where there is none. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The resource is withdrawn, or served otherwise from now on: its watches end. */
  close(): void {
    this.#closed = true;
    for (const end of [...this.#watches]) {
      end();
    }
  }

  /** Calls `end` when the store is closed, at once where it is; returns what forgets it. */
  onClose(end: () => void): () => void {
    if (this.#closed) {
      end();
      return () => {};
    }
    this.#watches.add(end);
    return () => this.#watches.delete(end);
  }

  /** Resolves once these objects can be shown in this version: at once, unless the way there leads over a network. */
  async ready(stored: readonly (ServedObject | undefined)[]): Promise<void> {
    const objects = stored.flatMap((one) => (one === undefined || one.unreadable !== undefined ? [] : one.object));
    await this.definition.storedAs?.awaited?.before(objects);
  }

  /** The same for the object of that name. */
  async readyFor(namespace: string, name: string): Promise<void> {
    if (this.definition.storedAs?.awaited !== undefined) {
      await this.ready([this.cache.get(this.keyOf(namespace, name))]);
    }
  }

  find(namespace: string, name: string): ServedObject | undefined {
    const stored = this.cache.get(this.keyOf(namespace, name));
    return stored === undefined ? undefined : servedAs(stored, this.definition);
  }

  get(namespace: string, name: string): ServedObject {
    const found = this.find(namespace, name);
    if (found === undefined) throw this.notFound(name);
    if (found.unreadable !== undefined) throw found.unreadable.error;
    return found;
  }

  /** Before one object is shown or written: where it could not be read until now, it may be readable by now. */
  async readAgain(namespace: string, name: string): Promise<void> {
    const key = this.keyOf(namespace, name);
    if (this.cache.get(key)?.unreadable !== undefined) await this.#deps.cache.readAgain(this.cache, [key]);
  }

  /** `draft` is decoded and defaulted; it becomes the store's. */
  async create(namespace: string, draft: Draft<ApiObject>, context: WriteContext): Promise<ServedObject> {
    const generated = !draft.metadata.name && draft.metadata.generateName;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#createOnce(namespace, draft, context);
      } catch (error) {
        if (!generated || !isAlreadyExists(error)) {
          throw error;
        }
        if (attempt === nameAttempts) {
          throw ApiError.generateNameConflict(this.#resource(), draft.metadata.name ?? "", 1);
        }
        delete (draft.metadata as Draft<ObjectMeta>).name;
      }
    }
  }

  /**
   * Reads, lets `change` make the next state of it, and writes that; again where somebody was faster. `change` gets the
   * frozen current object (undefined: there is none) and returns a draft of its own each time.
   */
  async update(
    namespace: string,
    name: string,
    change: (old: ApiObject | undefined) => Draft<ApiObject> | Promise<Draft<ApiObject>>,
    context: WriteContext & { readonly createIfMissing?: boolean },
  ): Promise<UpdateResult> {
    const key = this.keyOf(namespace, name);
    if (this.cache.hasUnreadable) await this.readAgain(namespace, name);
    let current = this.cache.get(key);
    for (;;) {
      context.signal.throwIfAborted();
      if (current?.unreadable !== undefined) throw current.unreadable.error;
      if (this.definition.storedAs?.awaited !== undefined) {
        await this.ready([current]);
      }
      const old = current === undefined ? undefined : servedAs(current, this.definition).object;
      if (old === undefined && !(context.createIfMissing ?? this.definition.createOnUpdate)) {
        throw this.notFound(name);
      }
      const draft = await change(old);
      if (old === undefined) {
        return { served: await this.#createOnce(namespace, draft, context), created: true };
      }
      checkVersion(this.definition, draft, old);
      const done = await this.#replaceOnce(namespace, key, draft, current!, old, context);
      if ("served" in done) {
        return { served: done.served, created: false };
      }
      current = done.current;
      if (current === undefined) {
        throw this.notFound(name);
      }
    }
  }

  /**
   * Changes an object beside the rules of an update: neither admission nor validation sees it. For subresources whose own
   * rules say all there is to say (binding a pod to its node).
   */
  async amend(
    namespace: string,
    name: string,
    change: (old: ApiObject) => Draft<ApiObject>,
    context: Pick<WriteContext, "dryRun" | "signal">,
  ): Promise<ServedObject> {
    const key = this.keyOf(namespace, name);
    if (this.cache.hasUnreadable) await this.readAgain(namespace, name);
    let current = this.cache.get(key);
    for (;;) {
      context.signal.throwIfAborted();
      if (current === undefined) throw this.notFound(name);
      if (current.unreadable !== undefined) throw current.unreadable.error;
      const draft = change(servedAs(current, this.definition).object);
      const outcome = await this.#committer.put(key, draft, current.revision, context);
      if ("served" in outcome) {
        return outcome.served;
      }
      current = outcome.current;
    }
  }

  /** `removed` says whether the object is gone; otherwise it waits, marked, for its grace period or finalizers. */
  async delete(
    namespace: string,
    name: string,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<{ readonly served: ServedObject; readonly removed: boolean }> {
    checkDeleteOptions(options);
    const key = this.keyOf(namespace, name);
    if (this.cache.hasUnreadable) await this.readAgain(namespace, name);
    let current = this.cache.get(key);
    for (;;) {
      context.signal.throwIfAborted();
      if (current === undefined) throw this.notFound(name);
      if (current.unreadable !== undefined) throw current.unreadable.error;
      if (this.definition.storedAs?.awaited !== undefined) {
        await this.ready([current]);
      }
      const served = servedAs(current, this.definition);
      const attributes = admissionAttributes(
        {
          operation: "DELETE",
          definition: this.definition,
          namespace,
          name: context.ofCollection === true ? "" : name,
          object: undefined,
          oldObject: served.object,
        },
        context,
      );
      await context.admission?.admit(attributes);
      await context.admission?.validate(attributes);
      checkPreconditions(this.definition, served.object, options);
      const decision = decideDeletion(this.definition, served.object, options, this.#deps.clock.now());
      if (decision.type === "pending") {
        return { served, removed: false };
      }
      const result =
        decision.type === "remove"
          ? await this.#committer.remove(key, current, context)
          : await this.#committer.put(key, decision.draft, current.revision, context);
      if ("served" in result) {
        const removed = decision.type === "remove";
        if (removed && this.hooks !== undefined && !context.dryRun) {
          await this.hooks.removed(served.object);
        }
        return { served: result.served, removed };
      }
      current = result.current;
    }
  }

  notFound(name: string): ApiError {
    return ApiError.notFound(this.#resource(), name);
  }

  async #createOnce(namespace: string, draft: Draft<ApiObject>, context: WriteContext): Promise<ServedObject> {
    const { definition } = this;
    const now = this.#deps.clock.now();
    const closed = definition.closedToCreation?.();
    if (closed !== undefined) {
      throw ApiError.forbidden(this.#resource(), draft.metadata.name ?? "", closed);
    }
    ensureNamespace(definition, draft, namespace);
    await context.ownFields?.(draft, undefined, now);
    const attributes = admissionAttributes(
      {
        operation: "CREATE",
        definition: this.definition,
        namespace,
        name: draft.metadata.name ?? "",
        object: draft,
        oldObject: undefined,
      },
      context,
    );
    await context.admission?.admit(attributes);
    ensureNamespace(definition, draft, namespace);
    foldOwnerReferences(draft, (text) => context.warn(text), "after mutating admission happens");
    fillSystemFields(definition, draft, now, this.#deps.random);
    dropStatus(definition, draft);
    const request = requestContext(context, now);
    definition.prepareForCreate?.(draft, request);
    const name = draft.metadata.name ?? "";
    const check = async (): Promise<void> => {
      checkValid(definition, draft, undefined, request, (text) => context.warn(text));
      await context.mayCreate?.();
      await context.admission?.validate({ ...attributes, name });
    };
    const key = this.keyOf(definition.scope === "Namespaced" ? namespace : "", name);
    const commit = (): Promise<CommitOutcome> => this.#committer.put(key, draft, 0, context);
    const result = await this.#claiming(draft, undefined, context, check, commit);
    if ("served" in result) {
      return result.served;
    }
    throw this.#alreadyExists(name, result.current);
  }

  /** Checks and commits, with what the resource's hooks claim for the write, and give back if nothing comes of it. */
  async #claiming(
    draft: Draft<ApiObject>,
    old: ApiObject | undefined,
    context: WriteContext,
    check: () => Promise<void>,
    commit: () => Promise<CommitOutcome>,
  ): Promise<CommitOutcome> {
    if (this.hooks === undefined) {
      await check();
      return commit();
    }
    const claim = await this.hooks.claim(draft, old, context);
    let outcome: WriteOutcome = "refused";
    try {
      await check();
      outcome = "unknown";
      const result = await commit();
      outcome = "served" in result ? "written" : "refused";
      return result;
    } catch (error) {
      if (!isTimeout(error)) {
        outcome = "refused";
      }
      throw error;
    } finally {
      await claim?.settle(outcome);
    }
  }

  async #replaceOnce(
    namespace: string,
    key: string,
    draft: Draft<ApiObject>,
    current: ServedObject,
    old: ApiObject,
    context: WriteContext,
  ): Promise<CommitOutcome> {
    const { definition } = this;
    const now = this.#deps.clock.now();
    ensureNamespace(definition, draft, namespace);
    keepOthers(definition, draft, old, context.subresource);
    await context.ownFields?.(draft, old, now);
    const attributes = admissionAttributes(
      {
        operation: "UPDATE",
        definition: this.definition,
        namespace,
        name: old.metadata.name!,
        object: draft,
        oldObject: old,
      },
      context,
    );
    await context.admission?.admit(attributes);
    ensureNamespace(definition, draft, namespace);
    foldOwnerReferences(draft, (text) => context.warn(text), "after mutating admission happens");
    keepOthers(definition, draft, old, context.subresource);
    keepSystemFields(draft, old);
    const request = requestContext(context, now);
    definition.prepareForUpdate?.(draft, old, request);
    if (definition.generation && changesSpec(definition, draft, old)) {
      (draft.metadata as Draft<ObjectMeta>).generation = (old.metadata.generation ?? 0) + 1;
    }
    const check = async (): Promise<void> => {
      checkValid(definition, draft, old, request, (text) => context.warn(text));
      await context.admission?.validate(attributes);
    };
    const commit = (): Promise<CommitOutcome> => this.#commitUpdate(key, draft, current, old, context);
    return this.#claiming(draft, old, context, check, commit);
  }

  async #commitUpdate(
    key: string,
    draft: Draft<ApiObject>,
    current: ServedObject,
    old: ApiObject,
    context: WriteContext,
  ): Promise<CommitOutcome> {
    if (isReleased(this.definition, draft, old)) {
      const removed = await this.#committer.remove(key, current, context);
      if (!("served" in removed)) {
        return removed;
      }
      if (this.hooks !== undefined && !context.dryRun) {
        await this.hooks.removed(draft);
      }
      return { served: servedFromValue(draft) };
    }
    if (isSame(draft, old) && this.#deps.storage.isStale?.(key) !== true) {
      return { served: servedAs(current, this.definition) };
    }
    return this.#committer.put(key, draft, current.revision, context);
  }

  #alreadyExists(name: string, current: ServedObject | undefined): ApiError {
    const error = ApiError.alreadyExists(this.#resource(), name);
    if (current?.unreadable !== undefined || current?.object.metadata.deletionTimestamp === undefined) {
      return error;
    }
    return ApiError.fromStatus({ ...error.status, message: `object is being deleted: ${error.message}` });
  }

  #resource(): { group: string; resource: string } {
    return { group: this.definition.group, resource: this.definition.plural };
  }
}
