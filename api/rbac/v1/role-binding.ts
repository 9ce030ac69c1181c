import { defineResource } from "../../../apimachinery/resource/define.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/rbac-v1.ts";
import { bindingColumns, bindingErrors, rbacGroup, setBindingDefaults } from "./bindings.ts";

export type RoleBinding = types.RoleBinding;

const rules = { roleKinds: ["Role", "ClusterRole"], scope: "Namespaced" } as const;

/** Gives subjects what a role allows, in one namespace. The role never changes: bind anew. */
export const RoleBinding = defineResource<RoleBinding>({
  group: rbacGroup,
  version: "v1",
  kind: "RoleBinding",
  plural: "rolebindings",
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.rbac.v1.RoleBinding"),
  validateName: pathSegmentName,
  createOnUpdate: true,
  columns: bindingColumns,
  setDefaults: changing(setBindingDefaults),
  validate: (binding, old) => bindingErrors(binding, old, rules),
});
