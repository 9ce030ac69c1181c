import type { ApiObject, ObjectMeta } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";

/** rbac.authorization.k8s.io/v1 PolicyRule: what is allowed, never what is not. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface Subject {
  readonly kind: string;
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface RoleRef {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface AggregationRule {
  readonly clusterRoleSelectors?: readonly LabelSelector[];
}

export interface RoleObject extends ApiObject {
  readonly rules?: readonly PolicyRule[];
}
export interface ClusterRoleObject extends RoleObject {
  readonly aggregationRule?: AggregationRule;
}
export interface BindingObject extends ApiObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

/** An object before the server has completed it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta & { readonly name: string };
}

/** The four resources this folder reads and writes, given by whoever wires the server. */
export interface RbacDefinitions {
  readonly clusterRole: ResourceDefinition<ClusterRoleObject>;
  readonly clusterRoleBinding: ResourceDefinition<BindingObject>;
  readonly role: ResourceDefinition<RoleObject>;
  readonly roleBinding: ResourceDefinition<BindingObject>;
}

export const rbacGroup = "rbac.authorization.k8s.io";
