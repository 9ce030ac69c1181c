import type { FieldError } from "../field/error.ts";
import { invalid } from "../field/errors.ts";
import type { Path } from "../field/path.ts";

/** What Kubernetes itself lets objects wait for, without a domain before its name. */
export const standardFinalizers: ReadonlySet<string> = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** What kinds of Kubernetes' own ask of a finalizer beyond its form (pkg/apis/core/validation validateKubeFinalizerName). */
export function validateKnownFinalizer(name: string, at: Path): FieldError[] {
  if (name.includes("/") || standardFinalizers.has(name)) return [];
  return [invalid(at, name, "name is neither a standard finalizer name nor is it fully qualified")];
}
