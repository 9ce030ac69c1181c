import type { FieldError } from "../field/error.ts";
import type { JsonObject } from "../json/json.ts";
import type { Decoded } from "../schema/decode.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import type { ApiObject, Draft, UserInfo } from "./object.ts";

export type Scope = "Namespaced" | "Cluster";
export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

/** What a decision of a resource may know of the request that asks for it. */
export interface RequestContext {
  readonly user: UserInfo;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly dryRun: boolean;
  /** Which part is written: "" for the object itself, else `status`, `scale`, … */
  readonly subresource: string;
  /** Tells the client what is wrong and yet accepted. */
  readonly warn?: (text: string) => void;
}

/** A column of `kubectl get`, as Table output has it. */
export interface Column<T> {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  readonly description?: string;
  /** 0 always shown, 1 with `-o wide`. */
  readonly priority?: number;
  /** Pure: the cell's value for an object at `now` (ms). Ages are text ("5m"), as upstream prints them. */
  cell(object: T, now: number): string | number | boolean | null;
}

/** Where `scale` finds its three numbers (autoscaling/v1 Scale). Each throws an ApiError where something else is there. */
export interface ScaleSubresource<T> {
  /** Undefined where the object says none. */
  specReplicas(object: T): number | undefined;
  statusReplicas(object: T): number;
  /** Serialized label selector ("a=b"). */
  selector(object: T): string;
  /** Mutates the draft's desired count. */
  setSpecReplicas(draft: T, replicas: number): void;
  /** Where each version there ever was keeps the desired count, by `apiVersion`; undefined: that version has no scale. */
  readonly replicasPaths: ReadonlyMap<string, readonly string[] | undefined>;
  /** Where objects need not say a count: the path that they lack, as the definition writes it. */
  readonly optionalPath?: string;
}

/** An object in some version of its resource, and that version's structure. */
export interface InVersion {
  readonly object: JsonObject;
  readonly schema: ObjectSchema;
}

/** How a deletion is made gentle: Pods wait for their grace period. */
export interface GracefulDeletion<T> {
  /**
   * Seconds the object stays, marked for deletion; 0 removes it at once. `requested` is what the client asked for,
   * undefined where it left the choice open (RESTGracefulDeleteStrategy.CheckGracefulDelete).
   */
  seconds(object: T, requested: number | undefined): number;
}

/** What each field selector of a resource reads. */
export interface FieldSelectors<T> {
  readonly [field: string]: FieldReader<T>["read"];
}

/** A method, so that a reader of a narrower object stands where any object's is asked for. */
interface FieldReader<T> {
  read(object: T): string;
}

/** Finalizers of a resource's own: the object stays, marked for deletion, while it is held. */
export interface DeletionHold<T> {
  isHeld(object: T): boolean;
  /** What else the mark changes (a namespace's phase becomes Terminating). */
  mark(draft: Draft<T>): void;
}

/**
 * One API resource, declared once. Everything generic (decoding, storage, watch, patches, tables, discovery, OpenAPI)
 * reads this value; nothing generic ever branches on a concrete kind.
 *
 * `T` is the object as it is stored and served: defaults are set. Functions that take a draft may change it in place; all
 * others get frozen objects.
 */
export interface ResourceDefinition<T extends ApiObject = ApiObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: Scope;
  readonly verbs: readonly Verb[];
  /** Structure; resolved when first read. */
  readonly schema: ObjectSchema;
  readonly subresources: {
    readonly status?: true;
    readonly scale?: ScaleSubresource<T>;
  };
  /** Path below `/registry/` in the store, without slashes at its ends; upstream's layout. Default: the plural. */
  readonly storagePath: string;
  /**
   * Where this is one version of a resource that is stored as another: that other definition and the way there and back.
   * Both functions are pure and total.
   */
  readonly storedAs?: {
    readonly definition: () => ResourceDefinition;
    toStored(object: T): ApiObject;
    /** The same object where it is what this version serves already. */
    fromStored(object: ApiObject): T;
    /**
     * Where the way leads over a network: what is to be awaited before `fromStored` of these objects, and in place of
     * `toStored`. Rejects with an ApiError.
     */
    readonly awaited?: {
      before(stored: readonly ApiObject[]): Promise<void>;
      toStored(object: T): Promise<ApiObject>;
    };
  };
  /**
   * All versions of a resource that are known at run time alone, for who reads and manages fields in another. Absent: of what is
   * served from the same place in the store each is a version.
   */
  readonly versions?: {
    /**
     * An object of any version as another has it, neither pruned nor with its defaults; at once, or after a while where the way
     * leads over a network. Throws (rejects with) an Error that says why there is no such way.
     */
    convert(object: JsonObject, apiVersion: string): JsonObject | Promise<JsonObject>;
    schema(apiVersion: string): ObjectSchema;
  };
  /**
   * In place of decoding by structure and its static defaults: what a structure that is known at run time alone makes of
   * JSON, defaults set. Takes `value` over. Throws DecodeError. Such objects have no protobuf form and no strategic merge.
   */
  decode?(value: JsonObject): Decoded;
  /** Why no object may be created just now; undefined where it may. */
  closedToCreation?(): string | undefined;
  /** `metadata.generation` starts at 1 and rises when anything outside metadata and status changes. */
  readonly generation: boolean;
  /** The name may end in what generateName's rules allow; returns messages, empty when good (NameIsDNSSubdomain, …). */
  validateName(name: string, prefix: boolean): readonly string[];
  /** Seconds until the stored object disappears by itself (events). */
  readonly ttlSeconds?: number;
  /** Update may create what does not exist (AllowCreateOnUpdate): leases, nodes' old habits, RBAC no. */
  readonly createOnUpdate?: boolean;
  /** Updates need no resourceVersion (AllowUnconditionalUpdate). Default true. */
  readonly unconditionalUpdate: boolean;
  readonly gracefulDeletion?: GracefulDeletion<T>;
  /** What holds the object back from being removed, beside metadata.finalizers (namespaces: spec.finalizers). */
  readonly deletionHold?: DeletionHold<T>;
  /** DELETE answers with the object removed and not with a Status (ReturnDeletedObject). */
  readonly returnDeletedObject?: boolean;
  /** A create keeps the status that was sent: nodes register with theirs. */
  readonly statusOnCreate?: boolean;
  /**
   * What a write cannot change, and so does not own, beside the split of spec and status: places below the object, by
   * subresource, "" for the object itself (GetResetFields of upstream's strategies).
   */
  readonly keeps?: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** A DELETE that names no policy leaves the dependents behind (rest.OrphanDependents). Default: they are collected. */
  readonly orphansDependents?: boolean;
  /** Every request for the resource is answered with this as a warning (apiserver/pkg/endpoints/deprecation). */
  readonly deprecationWarning?: string;
  readonly columns: readonly Column<T>[];
  /** The order of a table's rows, where it is another than that of the list. */
  tableOrder?(a: T, b: T): number;
  /** Field selectors beyond metadata.name and metadata.namespace; an unknown one is refused with upstream's words. */
  readonly fieldSelectors: FieldSelectors<T>;
  setDefaults?(draft: T): void;
  /** Before validation of a create, after defaults; drops what a client may not set. Status is dropped already. */
  prepareForCreate?(draft: T, context: RequestContext): void;
  /** Before validation of an update; the spec/status split is done already. */
  prepareForUpdate?(draft: T, old: T, context: RequestContext): void;
  /** Rules of a whole object; with `old`, also those of the change from it. ObjectMeta is checked already. */
  validate?(object: T, old: T | undefined, context: RequestContext): Iterable<FieldError>;
  /** Texts for `Warning` headers: deprecated or doubtful, yet accepted. */
  warnings?(object: T, old: T | undefined): Iterable<string>;
}
