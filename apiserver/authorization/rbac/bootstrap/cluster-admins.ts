import { rbacGroup } from "../types.ts";
import type { BindingManifest } from "./policy.ts";

/**
 * Gives the group of admin.conf the rights of cluster-admin, revocably, unlike system:masters
 * (cmd/kubeadm/app/phases/kubeconfig EnsureAdminClusterRoleBinding). Not part of upstream's default policy.
 */
export const clusterAdminsBinding: BindingManifest = {
  apiVersion: `${rbacGroup}/v1`,
  kind: "ClusterRoleBinding",
  metadata: { name: "kubeadm:cluster-admins" },
  roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ apiGroup: rbacGroup, kind: "Group", name: "kubeadm:cluster-admins" }],
};
