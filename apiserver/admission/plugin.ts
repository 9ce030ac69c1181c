import type { ApiObject, Draft, UserInfo } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/** One write (or connection) on its way into the registry (apiserver/pkg/admission Attributes). */
export interface AdmissionAttributes {
  readonly operation: Operation;
  readonly definition: ResourceDefinition;
  readonly subresource: string;
  readonly namespace: string;
  /** Empty at a create with generateName until the name is made. */
  readonly name: string;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The request's own, where a request it is: `update` or `patch`. */
  readonly verb?: string | undefined;
  /** The new object, still changeable while mutating plugins run; undefined at DELETE. For subresources with a kind of their own (Binding, TokenRequest, Scale, Eviction) that object. */
  readonly object: Draft<ApiObject> | undefined;
  readonly oldObject: ApiObject | undefined;
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions as an object. */
  readonly options: object;
  /** Ends when the request does; absent where it has no end of its own. */
  readonly signal?: AbortSignal;
  /** When that is at the latest, in milliseconds of the monotonic clock. */
  readonly endsAtMs?: number | undefined;
  warn(text: string): void;
  auditAnnotate(key: string, value: string): void;
}

/** How a mutating plugin asks that the mutating pass be run once more, because it changed what others have seen. */
export interface Reinvocation {
  /** True while the second pass runs. */
  readonly active: boolean;
  request(): void;
}

/**
 * One admission plugin. `admit` may change `attributes.object` in place, `validate` may not; both refuse by throwing an
 * ApiError (usually `Forbidden`, with upstream's words). Order and selection live in one list.
 */
export interface AdmissionPlugin {
  readonly name: string;
  handles(attributes: AdmissionAttributes): boolean;
  admit?(attributes: AdmissionAttributes, reinvocation: Reinvocation): void | Promise<void>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}
