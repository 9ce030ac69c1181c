import type { ApiObject, Draft, UserInfo } from "../../apimachinery/resource/object.ts";
import type { RequestContext, ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { AdmissionAttributes, Operation } from "../admission/plugin.ts";

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
  /** Where an update may create: throws Forbidden for who may not. Asked once the new object is known to be valid. */
  readonly mayCreate?: () => Promise<void>;
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
  const { user, dryRun, subresource, options, signal } = context;
  const warn = (text: string): void => context.warn(text);
  const auditAnnotate = (key: string, value: string): void => context.auditAnnotate(key, value);
  return { ...write, subresource, user, dryRun, options, signal, warn, auditAnnotate };
}

export function requestContext({ user, dryRun, subresource }: WriteContext, now: number): RequestContext {
  return { user, now, dryRun, subresource };
}
