import { ClusterRoleBinding } from "../../api/rbac/v1/cluster-role-binding.ts";
import type { Registry } from "../../apiserver/registry/registry.ts";

const name = "kubeadm:cluster-admins";

/** admin.conf is a member of this group, as kubeadm has it: what it may can be taken away again, unlike system:masters. */
export async function ensureClusterAdmins(registry: Registry): Promise<void> {
  if (registry.get(ClusterRoleBinding, "", name) !== undefined) {
    return;
  }
  await registry.create(ClusterRoleBinding, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name }],
  });
}
