import { defineResource } from "../../../apimachinery/resource/define.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/rbac-v1.ts";
import { bindingColumns, bindingErrors, rbacGroup, setBindingDefaults } from "./bindings.ts";

export type ClusterRoleBinding = types.ClusterRoleBinding;

const rules = { roleKinds: ["ClusterRole"], scope: "Cluster" } as const;

/** Gives subjects what a ClusterRole allows, in the whole cluster. The role never changes: bind anew. */
export const ClusterRoleBinding = defineResource<ClusterRoleBinding>({
  group: rbacGroup,
  version: "v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  scope: "Cluster",
  schema: () => definition("io.k8s.api.rbac.v1.ClusterRoleBinding"),
  validateName: pathSegmentName,
  createOnUpdate: true,
  columns: bindingColumns,
  setDefaults: changing(setBindingDefaults),
  validate: (binding, old) => bindingErrors(binding, old, rules),
});
