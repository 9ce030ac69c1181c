import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { ClusterRole } from "./rbac/v1/cluster-role.ts";
import { ClusterRoleBinding } from "./rbac/v1/cluster-role-binding.ts";
import { Role } from "./rbac/v1/role.ts";
import { RoleBinding } from "./rbac/v1/role-binding.ts";

export const rbacResources: readonly ResourceDefinition[] = [ClusterRoleBinding, ClusterRole, RoleBinding, Role];
