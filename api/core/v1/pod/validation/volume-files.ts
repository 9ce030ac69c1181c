import { invalid, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { KeyToPath, Volume } from "../../../../generated/types/core-v1.ts";
import type { Check } from "./check.ts";
import { validateFieldSelector, validateResourceFieldSelector, volumeFieldPaths } from "./downward.ts";
import { validateNonReservedPath } from "./paths.ts";
import { checkFileMode } from "./volume-checks.ts";

/** Keys of a Secret or ConfigMap and the files they become. */
export function validateItems(check: Check, items: readonly KeyToPath[] | undefined, place: Path): void {
  items?.forEach(({ key = "", path = "", mode }, i) => {
    const at = place.index(i);
    if (key === "") check.errors.push(required(at.child("key")));
    if (path === "") check.errors.push(required(at.child("path")));
    validateNonReservedPath(check, path, at.child("path"));
    checkFileMode(check, at.child("mode"), mode);
  });
}

type DownwardFile = NonNullable<NonNullable<Volume["downwardAPI"]>["items"]>[number];

/** Upstream names the volume, not the file, in the path. */
export function validateDownwardFile(check: Check, file: DownwardFile, place: Path): void {
  const { path = "", fieldRef, resourceFieldRef, mode } = file;
  if (path === "") check.errors.push(required(place.child("path")));
  validateNonReservedPath(check, path, place.child("path"));
  if (fieldRef !== undefined) {
    validateFieldSelector(check, fieldRef, place.child("fieldRef"), volumeFieldPaths);
    if (resourceFieldRef !== undefined) {
      const detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
      check.errors.push(invalid(place, "resource", detail));
    }
  } else if (resourceFieldRef !== undefined) {
    validateResourceFieldSelector(check, resourceFieldRef, place.child("resourceFieldRef"), "volume");
  } else check.errors.push(required(place, "one of fieldRef and resourceFieldRef is required"));
  checkFileMode(check, place.child("mode"), mode);
}
