import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { ObjectSchema } from "../../../apimachinery/schema/schema.ts";
import type { AuthorizationAttributes } from "../authorizer.ts";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacDefinitions,
  Role,
  RoleBinding,
  Subject,
} from "./types.ts";
import { rbacGroup } from "./types.ts";

const schema = (): ObjectSchema => ({ type: "object", fields: new Map() });
const base = { group: rbacGroup, version: "v1", schema };

/** Bare definitions for tests of this folder, which never look into the schema. */
export const testDefinitions: RbacDefinitions = {
  clusterRole: defineResource<ClusterRole>({
    ...base,
    kind: "ClusterRole",
    plural: "clusterroles",
    scope: "Cluster",
  }),
  clusterRoleBinding: defineResource<ClusterRoleBinding>({
    ...base,
    kind: "ClusterRoleBinding",
    plural: "clusterrolebindings",
    scope: "Cluster",
  }),
  role: defineResource<Role>({ ...base, kind: "Role", plural: "roles", scope: "Namespaced" }),
  roleBinding: defineResource<RoleBinding>({
    ...base,
    kind: "RoleBinding",
    plural: "rolebindings",
    scope: "Namespaced",
  }),
};

const apiVersion = "rbac.authorization.k8s.io/v1";

export function clusterRole(name: string, rules: readonly PolicyRule[]): ClusterRole {
  return { apiVersion, kind: "ClusterRole", metadata: { name }, rules };
}
export function role(namespace: string, name: string, rules: readonly PolicyRule[]): Role {
  return { apiVersion, kind: "Role", metadata: { namespace, name }, rules };
}
export function clusterRoleBinding(name: string, roleName: string, ...subjects: Subject[]): ClusterRoleBinding {
  return {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: roleName },
    subjects,
  };
}
export function roleBinding(
  namespace: string,
  name: string,
  kind: string,
  roleName: string,
  ...subjects: Subject[]
): RoleBinding {
  return {
    apiVersion,
    kind: "RoleBinding",
    metadata: { namespace, name },
    roleRef: { apiGroup: rbacGroup, kind, name: roleName },
    subjects,
  };
}
export const user = (name: string): Subject => ({ apiGroup: rbacGroup, kind: "User", name });
export const group = (name: string): Subject => ({ apiGroup: rbacGroup, kind: "Group", name });
export const serviceAccount = (name: string, namespace?: string): Subject => ({
  kind: "ServiceAccount",
  name,
  ...(namespace ? { namespace } : {}),
});

/** A request for `verb` on a resource in the core group, changed as given. */
export function request(
  who: string,
  verb: string,
  resource: string,
  change: Partial<AuthorizationAttributes> = {},
): AuthorizationAttributes {
  return {
    user: { username: who, groups: ["system:authenticated"] },
    verb,
    isResourceRequest: true,
    namespace: "",
    group: "",
    version: "v1",
    resource,
    subresource: "",
    name: "",
    path: "",
    ...change,
  };
}
