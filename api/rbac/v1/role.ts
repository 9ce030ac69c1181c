import type { FieldError } from "../../../apimachinery/field/error.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { defaultColumns } from "../../columns.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/rbac-v1.ts";
import { addRuleErrors } from "./rules.ts";

export type Role = types.Role;

/** What may be done in one namespace (pkg/registry/rbac/role). */
export const Role = defineResource<Role>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "Role",
  plural: "roles",
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.rbac.v1.Role"),
  validateName: pathSegmentName,
  createOnUpdate: true,
  columns: defaultColumns,
  validate(role) {
    const errors: FieldError[] = [];
    addRuleErrors(errors, role.rules, "Namespaced");
    return errors;
  },
});
