import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { Column } from "../../../apimachinery/resource/resource.ts";
import { pathSegmentName, validateServiceAccountName } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn, wideColumn } from "../../columns.ts";
import type { ClusterRoleBinding, RoleBinding, RoleRef, Subject } from "../../generated/types/rbac-v1.ts";
import { addMessages } from "../../validation.ts";

// What both kinds of binding share: pkg/apis/rbac/validation/validation.go, pkg/apis/rbac/v1/defaults.go, printRoleBinding.

export const rbacGroup = "rbac.authorization.k8s.io";
type Binding = RoleBinding | ClusterRoleBinding;

const roleRefPath = path("roleRef");
const subjectsPath = path("subjects");

export function setBindingDefaults(draft: Draft<Binding>): void {
  for (const subject of draft.subjects ?? []) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= rbacGroup;
  }
}

export interface BindingRules {
  /** Kinds that the role may be of. */
  readonly roleKinds: readonly string[];
  /** The binding's own scope: in a namespace a service account's namespace may be left out. */
  readonly scope: "Namespaced" | "Cluster";
}

export function bindingErrors(binding: Binding, old: Binding | undefined, rules: BindingRules): readonly FieldError[] {
  const errors: FieldError[] = [];
  addRoleRefErrors(errors, binding.roleRef, rules.roleKinds);
  for (const [i, subject] of (binding.subjects ?? []).entries()) addSubjectErrors(errors, subject, i, rules.scope);
  if (old !== undefined && !isSameRole(binding.roleRef, old.roleRef)) {
    errors.push(invalid(roleRefPath, upstreamRoleRef(binding.roleRef), "cannot change roleRef"));
  }
  return errors;
}

function addRoleRefErrors(errors: FieldError[], { apiGroup, kind, name }: RoleRef, kinds: readonly string[]): void {
  if (apiGroup !== rbacGroup) errors.push(notSupported(roleRefPath.child("apiGroup"), apiGroup ?? "", [rbacGroup]));
  if (!kinds.includes(kind)) errors.push(notSupported(roleRefPath.child("kind"), kind ?? "", kinds));
  if (!name) errors.push(required(roleRefPath.child("name")));
  else addMessages(errors, pathSegmentName(name, false), () => roleRefPath.child("name"), name);
}

function isSameRole(a: RoleRef, b: RoleRef): boolean {
  return a.apiGroup === b.apiGroup && a.kind === b.kind && a.name === b.name;
}

/** The value as upstream shows it: its internal type, whose fields have no JSON names. */
function upstreamRoleRef({ apiGroup, kind, name }: RoleRef): object {
  return { APIGroup: apiGroup, Kind: kind, Name: name };
}

function addSubjectErrors(errors: FieldError[], subject: Subject, i: number, scope: BindingRules["scope"]): void {
  const at = (field: string): ReturnType<typeof path> => subjectsPath.index(i).child(field);
  const group = subject.apiGroup ?? "";
  if (!subject.name) errors.push(required(at("name")));
  switch (subject.kind) {
    case "ServiceAccount":
      if (subject.name) {
        addMessages(errors, validateServiceAccountName(subject.name, false), () => at("name"), subject.name);
      }
      if (group !== "") errors.push(notSupported(at("apiGroup"), group, [""]));
      if (scope === "Cluster" && !subject.namespace) errors.push(required(at("namespace")));
      return;
    case "User":
    case "Group":
      if (group !== rbacGroup) errors.push(notSupported(at("apiGroup"), group, [rbacGroup]));
      return;
    default:
      errors.push(notSupported(at("kind"), subject.kind ?? "", ["ServiceAccount", "User", "Group"]));
  }
}

export const bindingColumns: readonly Column<Binding>[] = [
  nameColumn,
  textColumn("Role", ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  wideColumn("Users", (binding) => subjectTexts(binding, "User")),
  wideColumn("Groups", (binding) => subjectTexts(binding, "Group")),
  wideColumn("ServiceAccounts", (binding) => subjectTexts(binding, "ServiceAccount")),
];

function subjectTexts({ subjects }: Binding, kind: string): string {
  return (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : name))
    .join(", ");
}
