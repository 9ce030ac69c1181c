import { ApiError, isAlreadyExists, optimisticLockMessage } from "../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import type { ApiObject, Draft, ObjectMeta, UserInfo } from "../../apimachinery/resource/object.ts";
import type { RequestContext, ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { encodeObject } from "../../apimachinery/schema/encode.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "../../apimachinery/validation/object-meta.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { type Storage, StorageUnavailableError, UnknownOutcomeError } from "../../storage/storage.ts";
import type { AdmissionAttributes, Operation } from "../admission/plugin.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";
import {
  type ServedObject,
  type StoredEncoding,
  servedAs,
  servedFromStore,
  servedFromValue,
} from "../cache/served-object.ts";
import { registryPrefix, type WatchCache } from "../cache/watch-cache.ts";
import { checkDeleteOptions, type DeleteOptions } from "./delete-options.ts";
import { checkPreconditions, decideDeletion, isReleased } from "./deletion.ts";
import { changesSpec, dropStatus, isSame, keepOtherHalf } from "./split.ts";
import { ensureNamespace, fillSystemFields, keepSystemFields } from "./system-fields.ts";

/** Admission as the registry sees it: both passes over one write. */
export interface Admission {
  admit(attributes: AdmissionAttributes): Promise<void> | void;
  validate(attributes: AdmissionAttributes): Promise<void> | void;
}

/** Keeps `metadata.managedFields` true. `live` is undefined at a create. Changes the draft in place. */
export type OwnFields = (draft: Draft<ApiObject>, live: ApiObject | undefined, now: number) => void;

/** Who writes, how, and what they hear of it. */
export interface WriteContext {
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** "" for the object itself. */
  readonly subresource: string;
  /** CreateOptions and its siblings, for admission. */
  readonly options: object;
  readonly admission: Admission | undefined;
  readonly ownFields: OwnFields | undefined;
  readonly signal: AbortSignal;
  warn(text: string): void;
  auditAnnotate(key: string, value: string): void;
}

/** Claims outside the object that a write makes: service addresses and ports. */
export interface WriteHooks {
  /**
   * Before validation; may change the draft. Returns what is called once the write has ended, well or not: what was claimed
   * is then held by the object in the cache, or by nobody.
   */
  claim(draft: Draft<ApiObject>, old: ApiObject | undefined): () => void;
}

export interface StoreDependencies {
  readonly storage: Storage;
  readonly cache: WatchCache;
  readonly clock: Clock;
  readonly random: Random;
}

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

  constructor(definition: ResourceDefinition, deps: StoreDependencies) {
    this.definition = definition;
    this.#deps = deps;
    this.cache = deps.cache.of(definition.storagePath);
    this.prefix = `${registryPrefix}${definition.storagePath}/`;
  }

  keyOf(namespace: string, name: string): string {
    return namespace === "" ? this.prefix + name : `${this.prefix}${namespace}/${name}`;
  }

  /** As the cache has it now; undefined where there is none. */
  find(namespace: string, name: string): ServedObject | undefined {
    const stored = this.cache.get(this.keyOf(namespace, name));
    return stored === undefined ? undefined : servedAs(stored, this.definition);
  }

  get(namespace: string, name: string): ServedObject {
    const found = this.find(namespace, name);
    if (found === undefined) {
      throw this.notFound(name);
    }
    return found;
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
    let current = this.cache.get(key);
    for (;;) {
      context.signal.throwIfAborted();
      const old = current === undefined ? undefined : servedAs(current, this.definition).object;
      if (old === undefined && !(context.createIfMissing ?? this.definition.createOnUpdate)) {
        throw this.notFound(name);
      }
      const draft = await change(old);
      if (old === undefined) {
        return { served: await this.#createOnce(namespace, draft, context), created: true };
      }
      this.#checkVersion(draft, old, name);
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
    let current = this.cache.get(key);
    for (;;) {
      context.signal.throwIfAborted();
      if (current === undefined) {
        throw this.notFound(name);
      }
      const draft = change(servedAs(current, this.definition).object);
      const outcome = await this.#put(key, draft, current.revision, context);
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
    let current = this.cache.get(key);
    for (;;) {
      context.signal.throwIfAborted();
      if (current === undefined) {
        throw this.notFound(name);
      }
      const served = servedAs(current, this.definition);
      const attributes = this.#attributes("DELETE", namespace, name, undefined, served.object, context);
      await context.admission?.admit(attributes);
      await context.admission?.validate(attributes);
      checkPreconditions(this.definition, served.object, options);
      const decision = decideDeletion(this.definition, served.object, options, this.#deps.clock.now());
      if (decision.type === "pending") {
        return { served, removed: false };
      }
      const result =
        decision.type === "remove"
          ? await this.#remove(key, current, context)
          : await this.#put(key, decision.draft, current.revision, context);
      if ("served" in result) {
        return { served: result.served, removed: decision.type === "remove" };
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
    ensureNamespace(definition, draft, namespace);
    context.ownFields?.(draft, undefined, now);
    const attributes = this.#attributes("CREATE", namespace, draft.metadata.name ?? "", draft, undefined, context);
    await context.admission?.admit(attributes);
    fillSystemFields(definition, draft, now, this.#deps.random);
    const name = draft.metadata.name ?? "";
    dropStatus(definition, draft);
    const request = this.#requestContext(context, now);
    definition.prepareForCreate?.(draft, request);
    const release = this.hooks?.claim(draft, undefined);
    try {
      this.#checkValid(draft, undefined, request, context);
      await context.admission?.validate({ ...attributes, name });
      const result = await this.#put(
        this.keyOf(definition.scope === "Namespaced" ? namespace : "", name),
        draft,
        0,
        context,
      );
      if ("served" in result) {
        return result.served;
      }
      throw this.#alreadyExists(name, result.current);
    } finally {
      release?.();
    }
  }

  async #replaceOnce(
    namespace: string,
    key: string,
    draft: Draft<ApiObject>,
    current: ServedObject,
    old: ApiObject,
    context: WriteContext,
  ): Promise<PutOutcome> {
    const { definition } = this;
    const now = this.#deps.clock.now();
    ensureNamespace(definition, draft, namespace);
    keepOtherHalf(definition, draft, old, context.subresource);
    context.ownFields?.(draft, old, now);
    const attributes = this.#attributes("UPDATE", namespace, old.metadata.name!, draft, old, context);
    await context.admission?.admit(attributes);
    keepOtherHalf(definition, draft, old, context.subresource);
    keepSystemFields(draft, old);
    const request = this.#requestContext(context, now);
    definition.prepareForUpdate?.(draft, old, request);
    if (definition.generation && changesSpec(draft, old)) {
      (draft.metadata as Draft<ObjectMeta>).generation = (old.metadata.generation ?? 0) + 1;
    }
    const release = this.hooks?.claim(draft, old);
    try {
      this.#checkValid(draft, old, request, context);
      await context.admission?.validate(attributes);
      return await this.#commitUpdate(key, draft, current, old, context);
    } finally {
      release?.();
    }
  }

  async #commitUpdate(
    key: string,
    draft: Draft<ApiObject>,
    current: ServedObject,
    old: ApiObject,
    context: WriteContext,
  ): Promise<PutOutcome> {
    if (isReleased(this.definition, draft, old)) {
      const removed = await this.#remove(key, current, context);
      return "served" in removed ? { served: servedFromValue(draft) } : removed;
    }
    if (isSame(draft, old)) {
      return { served: servedAs(current, this.definition) };
    }
    return this.#put(key, draft, current.revision, context);
  }

  /** Optimistic concurrency: a stated resourceVersion must be the current one. */
  #checkVersion(draft: Draft<ApiObject>, old: ApiObject, name: string): void {
    const { resourceVersion } = draft.metadata;
    if (resourceVersion === undefined || resourceVersion === "" || resourceVersion === "0") {
      if (!this.definition.unconditionalUpdate) {
        const kind = { group: this.definition.group, kind: this.definition.plural };
        const error = invalid(path("metadata").child("resourceVersion"), 0, "must be specified for an update");
        throw ApiError.invalid(kind, name, [error]);
      }
      // Who says nothing means the current one; validation asks for it.
      (draft.metadata as Draft<ObjectMeta>).resourceVersion = old.metadata.resourceVersion!;
      return;
    }
    if (resourceVersion !== old.metadata.resourceVersion) {
      throw ApiError.conflict(this.#resource(), name, optimisticLockMessage);
    }
  }

  #checkValid(
    draft: Draft<ApiObject>,
    old: ApiObject | undefined,
    request: RequestContext,
    context: WriteContext,
  ): void {
    const { definition } = this;
    const place = path("metadata");
    const namespaced = definition.scope === "Namespaced";
    const errors: FieldError[] = [
      ...validateObjectMeta(draft.metadata, { namespaced, nameFn: definition.validateName }, place),
    ];
    if (old !== undefined) {
      errors.push(...validateObjectMetaUpdate(draft.metadata, old.metadata, place));
    }
    if (definition.validate !== undefined) {
      errors.push(...definition.validate(draft, old, request));
    }
    if (errors.length > 0) {
      throw ApiError.invalid(definition, draft.metadata.name ?? "", errors);
    }
    for (const text of definition.warnings?.(draft, old) ?? []) {
      context.warn(text);
    }
  }

  async #put(
    key: string,
    draft: Draft<ApiObject>,
    expectedRevision: number,
    context: Pick<WriteContext, "dryRun">,
  ): Promise<PutOutcome> {
    delete (draft.metadata as Draft<ObjectMeta>).resourceVersion;
    const { storedAs, ttlSeconds } = this.definition;
    if (context.dryRun) {
      return this.#pretend(key, draft, expectedRevision);
    }
    const stored = storedAs === undefined ? draft : storedAs.toStored(draft);
    const encoded: StoredEncoding = encodeObject(stored);
    this.#deps.cache.announce(stored, encoded);
    const options = ttlSeconds === undefined ? { expectedRevision } : { expectedRevision, ttlSeconds };
    const result = await this.#guard(() => this.#deps.storage.put(key, encoded.bytes, options));
    if (!result.ok) {
      const { current } = result;
      return { current: current === undefined ? undefined : servedFromStore(current.value, current.modRevision) };
    }
    const cached = this.cache.get(key);
    const written = cached?.revision === result.revision ? cached : servedFromStore(encoded.bytes, result.revision);
    return { served: servedAs(written, this.definition) };
  }

  /** What a put would have answered. */
  #pretend(key: string, draft: Draft<ApiObject>, expectedRevision: number): PutOutcome {
    const current = this.cache.get(key);
    if ((current?.revision ?? 0) !== expectedRevision) {
      return { current };
    }
    if (current !== undefined) {
      (draft.metadata as Draft<ObjectMeta>).resourceVersion = String(current.revision);
    }
    return { served: servedFromValue(draft) };
  }

  async #remove(key: string, current: ServedObject, context: WriteContext): Promise<PutOutcome> {
    const served = servedAs(current, this.definition);
    if (context.dryRun) {
      return { served };
    }
    const result = await this.#guard(() => this.#deps.storage.delete(key, { expectedRevision: current.revision }));
    if (!result.ok) {
      return {
        current:
          result.current === undefined ? undefined : servedFromStore(result.current.value, result.current.modRevision),
      };
    }
    return { served };
  }

  /** A store that cannot take the write just now is told as such: nothing was lost, trying again may succeed. */
  async #guard<R>(write: () => Promise<R>): Promise<R> {
    try {
      return await write();
    } catch (error) {
      if (error instanceof StorageUnavailableError) {
        throw ApiError.serviceUnavailable(`the store cannot take the write: ${error.message}`);
      }
      if (error instanceof UnknownOutcomeError) {
        throw ApiError.timeout(`the store did not answer, the write may still happen: ${error.message}`);
      }
      throw error;
    }
  }

  #alreadyExists(name: string, current: ServedObject | undefined): ApiError {
    const error = ApiError.alreadyExists(this.#resource(), name);
    if (current?.object.metadata.deletionTimestamp === undefined) {
      return error;
    }
    return ApiError.fromStatus({ ...error.status, message: `object is being deleted: ${error.message}` });
  }

  #attributes(
    operation: Operation,
    namespace: string,
    name: string,
    object: Draft<ApiObject> | undefined,
    oldObject: ApiObject | undefined,
    context: WriteContext,
  ): AdmissionAttributes {
    const { definition } = this;
    const { user, dryRun, subresource, options } = context;
    const warn = (text: string): void => context.warn(text);
    const auditAnnotate = (key: string, value: string): void => context.auditAnnotate(key, value);
    return {
      operation,
      definition,
      subresource,
      namespace,
      name,
      user,
      dryRun,
      object,
      oldObject,
      options,
      warn,
      auditAnnotate,
    };
  }

  #requestContext(context: WriteContext, now: number): RequestContext {
    return { user: context.user, now, dryRun: context.dryRun, subresource: context.subresource };
  }

  #resource(): { group: string; resource: string } {
    return { group: this.definition.group, resource: this.definition.plural };
  }
}

type PutOutcome = { readonly served: ServedObject } | { readonly current: ServedObject | undefined };
