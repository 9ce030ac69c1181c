import type { FieldError } from "../../../apimachinery/field/error.ts";
import { required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { addMessages } from "../../validation.ts";

interface Reference {
  readonly apiGroup?: string;
  readonly kind?: string;
  readonly name?: string;
}

/** An object named by group, kind and name (validateIngressTypedLocalObjectReference). */
export function addReferenceErrors(errors: FieldError[], { apiGroup, kind, name }: Reference, place: Path): void {
  if (apiGroup !== undefined) addMessages(errors, isDNS1123Subdomain(apiGroup), place.child("apiGroup"), apiGroup);
  addSegmentErrors(errors, kind, place.child("kind"));
  addSegmentErrors(errors, name, place.child("name"));
}

/** Something must stand there, and fit into a URL's path. */
export function addSegmentErrors(errors: FieldError[], text: string | undefined, place: Path): void {
  if (!text) errors.push(required(place));
  else addMessages(errors, pathSegmentName(text, false), place, text);
}
