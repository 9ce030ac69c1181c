import type { ApiObject, Draft, UserInfo } from "../../apimachinery/resource/object.ts";
import type { RequestContext, ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { AdmissionAttributes, Operation } from "../admission/plugin.ts";

/** Admission as the registry sees it: both passes over one write. */
export interface Admission {
  admit(attributes: AdmissionAttributes): Promise<void> | void;
  validate(attributes: AdmissionAttributes): Promise<void> | void;
}

/**
 * Keeps `metadata.managedFields` true. `live` is undefined at a create. Changes the draft in place, at once or, where managers
 * of other versions are a webhook's to convert, when it resolves.
 */
export type OwnFields = (draft: Draft<ApiObject>, live: ApiObject | undefined, now: number) => void | Promise<void>;

/** Who writes, how, and what they hear of it. */
export interface WriteContext {
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The request's own; absent where the server itself writes. */
  readonly verb?: string;
  /** "" for the object itself. */
  readonly subresource: string;
  /** CreateOptions and its siblings, for admission. */
  readonly options: object;
  readonly admission: Admission | undefined;
  readonly ownFields: OwnFields | undefined;
  /** It is one of a collection that is deleted: admission sees it, and not its name (handlers/delete.go DeleteCollection). */
  readonly ofCollection?: boolean;
  /** Where an update may create: throws Forbidden for who may not. Asked once the new object is known to be valid. */
  readonly mayCreate?: () => Promise<void>;
  readonly signal: AbortSignal;
  /** When the request's time is over, in milliseconds of the monotonic clock. */
  readonly endsAtMs?: number | undefined;
  warn(text: string): void;
  auditAnnotate(key: string, value: string): void;
}

/** What became of a write. `unknown`: the store did not answer, it may still happen. */
export type WriteOutcome = "written" | "refused" | "unknown";

/** What a write has claimed outside its object, until it is known what became of it. */
export interface Claim {
  /** Called once. What cannot be given back does not fail the write: never rejects. */
  settle(outcome: WriteOutcome): Promise<void>;
}

/** Claims outside the object that a write makes: service addresses and ports. */
export interface WriteHooks {
  /**
   * Before validation; may change the draft. A dry run claims nothing, and is shown what it might get. Rejects with the
   * ApiError that refuses the write, and has then claimed nothing.
   */
  claim(
    draft: Draft<ApiObject>,
    old: ApiObject | undefined,
    context: Pick<WriteContext, "dryRun" | "subresource">,
  ): Promise<Claim | undefined>;
  /** The object is gone from the store: what it held is free. Never rejects. */
  removed(object: ApiObject): Promise<void>;
}

/** One write as admission plugins see it. */
export interface AdmittedWrite {
  readonly operation: Operation;
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly name: string;
  readonly object: Draft<ApiObject> | undefined;
  readonly oldObject: ApiObject | undefined;
}

export function admissionAttributes(write: AdmittedWrite, context: WriteContext): AdmissionAttributes {
  const { user, dryRun, verb, subresource, options, signal, endsAtMs } = context;
  const warn = (text: string): void => context.warn(text);
  const auditAnnotate = (key: string, value: string): void => context.auditAnnotate(key, value);
  return { ...write, subresource, user, dryRun, verb, options, signal, endsAtMs, warn, auditAnnotate };
}

export function requestContext(context: WriteContext, now: number): RequestContext {
  const { user, dryRun, subresource } = context;
  return { user, now, dryRun, subresource, warn: (text) => context.warn(text) };
}
