import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "../../../api/generated/types/rbac-v1.ts";
import type { ObjectMeta } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";

export type { LabelSelector } from "../../../api/generated/types/meta-v1.ts";
export type {
  AggregationRule,
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from "../../../api/generated/types/rbac-v1.ts";

export type AnyRole = ClusterRole | Role;
export type AnyBinding = ClusterRoleBinding | RoleBinding;

/** An object before the server has completed it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta & { readonly name: string };
}

/** The four resources this folder reads and writes. */
export interface RbacDefinitions {
  readonly clusterRole: ResourceDefinition<ClusterRole>;
  readonly clusterRoleBinding: ResourceDefinition<ClusterRoleBinding>;
  readonly role: ResourceDefinition<Role>;
  readonly roleBinding: ResourceDefinition<RoleBinding>;
}

export const rbacGroup = "rbac.authorization.k8s.io";
