import { invalid } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { Check } from "./check.ts";

/** True where some segment of a path is `..`. */
function stepsBack(path: string): boolean {
  return path.includes("..") && path.split("/").includes("..");
}

export function validateNoBacksteps(check: Pick<Check, "errors">, path: string, place: Path): void {
  if (stepsBack(path)) check.errors.push(invalid(place, path, "must not contain '..'"));
}

/** Relative and never above where it starts (validateLocalDescendingPath). */
export function validateDescendingPath(check: Pick<Check, "errors">, path: string, place: Path): void {
  if (path.startsWith("/")) check.errors.push(invalid(place, path, "must be a relative path"));
  validateNoBacksteps(check, path, place);
}

/** A descending path that does not begin with two dots either: the kubelet's own files do (ValidateLocalNonReservedPath). */
export function validateNonReservedPath(check: Pick<Check, "errors">, path: string, place: Path): void {
  validateDescendingPath(check, path, place);
  if (path.startsWith("..") && !path.startsWith("../")) {
    check.errors.push(invalid(place, path, "must not start with '..'"));
  }
}

export { stepsBack };
