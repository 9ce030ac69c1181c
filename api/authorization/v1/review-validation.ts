import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { ObjectMeta } from "../../../apimachinery/resource/object.ts";
import { objectMetaFields } from "../../../apimachinery/resource/object-meta-fields.ts";
import type { Scope } from "../../../apimachinery/resource/resource.ts";
import {
  type LabelSelectorRequirement,
  validateFieldSelectorRequirement,
  validateLabelSelectorRequirement,
} from "../../../apimachinery/validation/label-fields.ts";
import type {
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReviewSpec,
} from "../../generated/types/authorization-v1.ts";

// Rules: pkg/apis/authorization/validation/validation.go.

const specPath = path("spec");
const attributesPath = specPath.child("resourceAttributes");

export function addSelfSpecErrors(errors: FieldError[], spec: SelfSubjectAccessReviewSpec): void {
  addExactlyOneErrors(errors, spec);
  addAttributeErrors(errors, spec.resourceAttributes);
}

export function addSpecErrors(errors: FieldError[], spec: SubjectAccessReviewSpec): void {
  addExactlyOneErrors(errors, spec);
  if (!spec.user && !spec.groups?.length) {
    errors.push(invalid(specPath.child("user"), spec.user ?? "", "at least one of user or group must be specified"));
  }
  addAttributeErrors(errors, spec.resourceAttributes);
}

function addExactlyOneErrors(errors: FieldError[], spec: SelfSubjectAccessReviewSpec): void {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec;
  if (resource !== undefined && other !== undefined) {
    const detail = "cannot be specified in combination with resourceAttributes";
    errors.push(invalid(specPath.child("nonResourceAttributes"), upstreamAttributes(other), detail));
  }
  if (resource === undefined && other === undefined) {
    const detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    errors.push(invalid(attributesPath, null, detail));
  }
}

/** The value as upstream shows it: its internal type, whose fields have no JSON names. */
export function upstreamAttributes({ path = "", verb = "" }: NonResourceAttributes): object {
  return { Path: path, Verb: verb };
}

/** A review is answered, never kept: it has no name. In the scope Namespaced it says where it asks. */
export function addMetadataErrors(errors: FieldError[], metadata: ObjectMeta, scope: Scope): void {
  const namespaced = scope === "Namespaced";
  for (const [field, value] of Object.entries(metadata)) {
    if (field === "managedFields" || (namespaced && field === "namespace")) continue;
    if (value === undefined || value === null || value === "" || value === 0) continue;
    if (typeof value === "object" && Object.keys(value).length === 0) continue;
    const detail = namespaced ? "must be empty except for namespace" : "must be empty";
    errors.push(invalid(path("metadata"), inGoOrder(metadata), detail));
    return;
  }
}

/** As Go writes it: in the order of the fields' declaration, and without what is empty. */
function inGoOrder(metadata: ObjectMeta): object {
  return Object.fromEntries(
    objectMetaFields.flatMap((name) => (metadata[name] === undefined ? [] : [[name, metadata[name]]])),
  );
}

interface Selector {
  readonly rawSelector?: string;
  readonly requirements?: readonly LabelSelectorRequirement[];
}

function addAttributeErrors(errors: FieldError[], attributes: ResourceAttributes | undefined): void {
  addSelectorErrors(errors, attributes?.fieldSelector, "fieldSelector");
  addSelectorErrors(errors, attributes?.labelSelector, "labelSelector");
}

/** Operators that this server does not know may be known to who decides. */
const lenient = { allowUnknownOperator: true };

function addSelectorErrors(errors: FieldError[], selector: Selector | undefined, field: string): void {
  if (selector === undefined) return;
  const place = attributesPath.child(field);
  const { rawSelector = "", requirements = [] } = selector;
  if (rawSelector !== "" && requirements.length > 0) {
    const detail = "may not specified at the same time as requirements";
    errors.push(invalid(place.child("rawSelector"), rawSelector, detail));
  }
  if (rawSelector === "" && requirements.length === 0) {
    const detail = `when ${place} is specified, requirements or rawSelector is required`;
    errors.push(required(place.child("requirements"), detail));
  }
  const check = field === "fieldSelector" ? validateFieldSelectorRequirement : validateLabelSelectorRequirement;
  for (const [i, requirement] of requirements.entries()) {
    errors.push(...check(requirement, place.child("requirements").index(i), lenient));
  }
}
