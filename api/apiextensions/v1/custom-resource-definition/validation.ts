import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { invalid } from "../../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../../apimachinery/field/path.ts";
import type { RequestContext } from "../../../../apimachinery/resource/resource.ts";
import { validateImmutableField } from "../../../../apimachinery/validation/immutable.ts";
import { nameIsDNSSubdomain } from "../../../../apimachinery/validation/names.ts";
import type { CustomResourceDefinition } from "../../../generated/types/apiextensions-v1.ts";
import { approvalErrors } from "./approval.ts";
import { nameErrors } from "./names.ts";
import { optionsFor } from "./options.ts";
import { specErrors } from "./spec.ts";

// Rules: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go.

export function* validateDefinition(
  object: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
  { subresource }: RequestContext,
): Generator<FieldError> {
  if (old !== undefined && subresource === "status") {
    yield* nameErrors(object.status?.acceptedNames ?? {}, path("status", "acceptedNames"));
    return;
  }
  if (old === undefined) yield* validateName(object);
  const options = optionsFor(object, old);
  const place = path("spec");
  yield* specErrors(object.spec, options, place);
  if (old !== undefined) yield* changeErrors(object, old, options.requireImmutableNames, place);
  yield* nameErrors(object.status?.acceptedNames ?? {}, path("status", "acceptedNames"));
  yield* storedVersionErrors(object, path("status", "storedVersions"));
  yield* approvalErrors(object, old);
  if (object.spec.preserveUnknownFields === true && old?.spec.preserveUnknownFields !== true) {
    const detail =
      "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
    yield invalid(place.child("preserveUnknownFields"), true, detail);
  }
}

/** A definition's name says what it defines. */
export function* validateName({ metadata, spec }: CustomResourceDefinition): Generator<FieldError> {
  for (const field of ["generateName", "name"] as const) {
    const name = metadata[field] ?? "";
    if (name === "") continue;
    const at = path("metadata", field);
    for (const problem of nameIsDNSSubdomain(name, field === "generateName")) yield invalid(at, name, problem);
    if (name !== `${spec.names?.plural ?? ""}.${spec.group ?? ""}`) {
      yield invalid(at, name, 'must be spec.names.plural+"."+spec.group');
    }
  }
}

function* changeErrors(
  { spec }: CustomResourceDefinition,
  { spec: old }: CustomResourceDefinition,
  requireImmutableNames: boolean,
  place: Path,
): Generator<FieldError> {
  if (requireImmutableNames) {
    yield* validateImmutableField(spec.scope, old.scope, place.child("scope"));
    yield* validateImmutableField(spec.names.kind, old.names.kind, place.child("names", "kind"));
  }
  yield* validateImmutableField(spec.group, old.group, place.child("group"));
  yield* validateImmutableField(spec.names.plural, old.names.plural, place.child("names", "plural"));
}

function* storedVersionErrors({ status, spec }: CustomResourceDefinition, place: Path): Generator<FieldError> {
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) {
    yield invalid(place, null, "must have at least one stored version");
    return;
  }
  const versions = spec.versions ?? [];
  for (const { name, storage } of versions) {
    if (storage && !stored.includes(name)) yield invalid(place, stored, `must have the storage version ${name}`);
  }
  for (const [i, name] of stored.entries()) {
    if (versions.some((version) => version.name === name)) continue;
    const detail = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    yield invalid(place.index(i), name, detail);
  }
}
