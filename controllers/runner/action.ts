import { type ApiError, isConflict, isNotFound, statusCause } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { DeleteOptions, EventDetails, Patch, ResourceIdentity } from "../../client/mod.ts";

/** An object to write, of a kind that only its action knows. Apiversion and kind may be left out. */
export interface AnyInput {
  readonly metadata: ApiObject["metadata"];
  readonly [field: string]: unknown;
}

/** An event about the primary object, or another one. */
export interface ActionEvent extends EventDetails {
  readonly regarding?: ApiObject;
}

interface Common {
  readonly resource: ResourceIdentity;
  /** A failure that is as good as success: what was wanted is so, or no longer wanted. Added to what the type tolerates. */
  readonly tolerates?: (error: unknown) => boolean;
  /** What is said of the primary object when the write was done. */
  readonly onDone?: (result: ApiObject) => ActionEvent | undefined;
  /** What is said of the primary object when it failed. */
  readonly onFailed?: (error: ApiError) => ActionEvent | undefined;
}

interface Named {
  /** Of what belongs to the cluster: absent. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Creates in a namespace that is being terminated are tolerated. */
export interface Create extends Common {
  readonly type: "create";
  readonly object: AnyInput;
}

/** `object.metadata.resourceVersion` makes it fail where somebody else was faster. */
export interface Update extends Common {
  readonly type: "update";
  readonly object: AnyInput;
}

export interface PatchObject extends Common, Named {
  readonly type: "patch";
  /** `status`, … Default: the object itself. */
  readonly subresource?: string;
  readonly patch: Patch;
  /** The same change for resources that do not know strategic merge patches (custom ones). */
  readonly orElse?: Patch;
}

/** Server-side apply. */
export interface Apply extends Common {
  readonly type: "apply";
  /** `status`, … Default: the object itself. */
  readonly subresource?: string;
  readonly object: AnyInput;
  readonly fieldManager: string;
  readonly force?: boolean;
}

/** Where the object is gone already, or another has its name by now, that is tolerated. */
export interface Delete extends Common, Named {
  readonly type: "delete";
  /** Only this very object. */
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: NonNullable<DeleteOptions["propagationPolicy"]>;
  readonly gracePeriodSeconds?: number;
}

/** Everything of a resource in a namespace. */
export interface DeleteCollection extends Common {
  readonly type: "deleteCollection";
  readonly namespace: string;
  readonly propagationPolicy?: NonNullable<DeleteOptions["propagationPolicy"]>;
}

/** A write to `finalize`, `binding`, `eviction`, … */
export interface WriteSubresource extends Common, Named {
  readonly type: "subresource";
  readonly subresource: string;
  readonly method: "create" | "update";
  readonly body: object;
}

/**
 * Gives an orphan to its owner, if the owner, read anew, is still there and not being deleted: a cache may not know yet
 * (controller.ControllerRefManager).
 */
export interface Adopt extends Common, Named {
  readonly type: "adopt";
  readonly owner: { readonly resource: ResourceIdentity; readonly object: ApiObject };
  readonly patch: Patch;
}

/** One write to the API, as data. */
export type Action = Create | Update | PatchObject | Apply | Delete | DeleteCollection | WriteSubresource | Adopt;

/** Whether the failure of an action is none. */
export function isTolerated(action: Action, error: unknown): boolean {
  if (action.tolerates?.(error)) return true;
  switch (action.type) {
    case "create":
      return statusCause(error, "NamespaceTerminating") !== undefined;
    case "delete":
      // With a resourceVersion a conflict says that the object changed, without that it is another one.
      return isNotFound(error) || (action.resourceVersion === undefined && isConflict(error));
    case "adopt":
      return isNotFound(error);
    default:
      return false;
  }
}
