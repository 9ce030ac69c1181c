import type { FieldError } from "../../../apimachinery/field/error.ts";
import { required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { isValidIP } from "../../../apimachinery/validation/addresses.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/networking-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { addMessages } from "../../validation.ts";
import { addSegmentErrors } from "./references.ts";

export type IPAddress = types.IPAddress;

const parentPath = path("spec", "parentRef");

/** An address that a service holds; its name is the address (ValidateIPAddress). */
export const IPAddress = defineBuiltIn<IPAddress>("networking.k8s.io/v1/ipaddresses", {
  validateName: (name) => isValidIP(path("metadata", "name"), name).map(({ detail }) => detail),
  columns: [nameColumn, textColumn("ParentRef", parentText)],
  validate({ spec: { parentRef: parent } }, old) {
    if (old === undefined) return parentErrors(parent);
    return validateImmutableField(
      internalValue("ParentReference", parent),
      internalValue("ParentReference", old.spec.parentRef),
      parentPath,
    );
  },
});

function parentErrors(parent: IPAddress["spec"]["parentRef"] | undefined): FieldError[] {
  if (parent === undefined) return [required(parentPath)];
  const errors: FieldError[] = [];
  if (parent.group) addMessages(errors, isDNS1123Subdomain(parent.group), parentPath.child("group"), parent.group);
  addSegmentErrors(errors, parent.resource, parentPath.child("resource"));
  addSegmentErrors(errors, parent.name, parentPath.child("name"));
  if (parent.namespace) {
    const messages = pathSegmentName(parent.namespace, false);
    addMessages(errors, messages, parentPath.child("namespace"), parent.namespace);
  }
  return errors;
}

function parentText({ spec: { parentRef: parent } }: IPAddress): string {
  if (parent === undefined) return "<none>";
  const resource = parent.group ? `${parent.resource}.${parent.group}` : (parent.resource ?? "");
  const namespace = parent.namespace ? `/${parent.namespace}` : "";
  return `${resource.toLowerCase()}${namespace}/${parent.name}`;
}
