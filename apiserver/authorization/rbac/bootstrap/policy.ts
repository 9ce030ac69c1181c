import type { AggregationRule, Manifest, PolicyRule, RoleRef, Subject } from "../types.ts";
import { rbacGroup } from "../types.ts";
import { clusterRoleRules } from "./cluster-roles.ts";
import { controllerRules } from "./controller-roles.ts";
import { namespacedBindings, namespacedRules } from "./namespaced.ts";
import { parseRule, parseSubject } from "./parse.ts";

export const autoUpdateAnnotation = "rbac.authorization.kubernetes.io/autoupdate";

export interface RoleManifest extends Manifest {
  readonly aggregationRule?: AggregationRule;
  readonly rules: readonly PolicyRule[];
}
export interface BindingManifest extends Manifest {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

/** Everything that must exist before a cluster's own components may work. */
export interface BootstrapPolicy {
  readonly clusterRoles: readonly RoleManifest[];
  readonly clusterRoleBindings: readonly BindingManifest[];
  readonly roles: readonly RoleManifest[];
  readonly roleBindings: readonly BindingManifest[];
}

const aggregateLabel = (to: string) => `rbac.authorization.k8s.io/aggregate-to-${to}`;

/** Roles that gather theirs from others' labels. */
const aggregatedRoles = ["admin", "edit", "view"];

/** Roles whose rules others gather: name → which role gathers them. */
const aggregatesTo: Readonly<Record<string, string>> = {
  edit: "admin",
  view: "edit",
  "system:aggregate-to-admin": "admin",
  "system:aggregate-to-edit": "edit",
  "system:aggregate-to-view": "view",
};

/** ClusterRoleBindings that bind the ClusterRole of the same name: name, then subjects. */
const clusterBindings: readonly (readonly [string, ...string[]])[] = [
  ["cluster-admin", "group:system:masters"],
  ["system:basic-user", "group:system:authenticated"],
  ["system:discovery", "group:system:authenticated"],
  ["system:kube-controller-manager", "user:system:kube-controller-manager"],
  ["system:kube-dns", "sa:kube-dns"],
  ["system:kube-scheduler", "user:system:kube-scheduler"],
  ["system:monitoring", "group:system:monitoring"],
  // Nodes are authorized by the node authorizer; the binding stays, empty, as upstream keeps it.
  ["system:node"],
  ["system:node-proxier", "user:system:kube-proxy"],
  ["system:public-info-viewer", "group:system:authenticated", "group:system:unauthenticated"],
  ["system:service-account-issuer-discovery", "group:system:serviceaccounts"],
  ["system:volume-scheduler", "user:system:kube-scheduler"],
];

/** Upstream's default policy, spelled out. Some 150 objects; made anew at each call, since it is needed once. */
export function bootstrapPolicy(): BootstrapPolicy {
  const rolesOf = (
    rules: Readonly<Record<string, readonly string[]>>,
    make: (name: string, rules: PolicyRule[]) => RoleManifest,
  ) => Object.entries(rules).map(([name, texts]) => make(name, texts.map(parseRule)));
  return {
    clusterRoles: [
      ...aggregatedRoles.map((name) => ({
        ...manifest("ClusterRole", name, "", labelsOf(name)),
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(name)]: "true" } }] },
        rules: [],
      })),
      ...rolesOf(clusterRoleRules, (name, rules) => ({ ...manifest("ClusterRole", name, "", labelsOf(name)), rules })),
      ...rolesOf(controllerRules, (name, rules) => ({ ...manifest("ClusterRole", controllerRole(name)), rules })),
    ],
    clusterRoleBindings: [
      ...clusterBindings.map(([name, ...subjects]) => clusterBinding(name, subjects)),
      ...Object.keys(controllerRules).map((name) => clusterBinding(controllerRole(name), [`sa:${name}`])),
    ],
    roles: Object.entries(namespacedRules).flatMap(([namespace, roles]) =>
      rolesOf(roles, (name, rules) => ({ ...manifest("Role", name, namespace), rules })),
    ),
    roleBindings: namespacedBindings.map(([namespace, name, role, ...subjects]) => ({
      ...manifest("RoleBinding", name, namespace),
      roleRef: { apiGroup: rbacGroup, kind: "Role", name: role },
      subjects: subjects.map(parseSubject),
    })),
  };
}

function controllerRole(name: string): string {
  return `system:controller:${name}`;
}

function labelsOf(name: string): Record<string, string> {
  const target = aggregatesTo[name];
  return target === undefined ? {} : { [aggregateLabel(target)]: "true" };
}

function clusterBinding(name: string, subjects: readonly string[]): BindingManifest {
  return {
    ...manifest("ClusterRoleBinding", name),
    roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name },
    ...(subjects.length > 0 ? { subjects: subjects.map(parseSubject) } : {}),
  };
}

function manifest(kind: string, name: string, namespace = "", labels: Record<string, string> = {}): Manifest {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind,
    metadata: {
      name,
      ...(namespace === "" ? {} : { namespace }),
      labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
      annotations: { [autoUpdateAnnotation]: "true" },
    },
  };
}
