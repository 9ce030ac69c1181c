import { compactDefinitions } from "../../api/generated/definitions.ts";

// Which kinds upstream's server can read (pkg/api/legacyscheme), served or not: what messages say of others depends on it.

/** Kinds of versions that are not served any more, or not yet, and of which nothing else is known here. */
const unserved: Readonly<Record<string, string>> = {
  "admissionregistration.k8s.io/v1alpha1": "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/v1beta1":
    "ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
  "apps/v1beta1": "Deployment DeploymentRollback Scale StatefulSet ControllerRevision",
  "apps/v1beta2": "Deployment Scale StatefulSet DaemonSet ReplicaSet ControllerRevision",
  "authentication.k8s.io/v1alpha1": "SelfSubjectReview",
  "authentication.k8s.io/v1beta1": "SelfSubjectReview TokenReview",
  "authorization.k8s.io/v1beta1":
    "SelfSubjectRulesReview SelfSubjectAccessReview SubjectAccessReview LocalSubjectAccessReview",
  "batch/v1beta1": "CronJob",
  "certificates.k8s.io/v1beta1": "CertificateSigningRequest",
  "coordination.k8s.io/v1beta1": "Lease",
  "discovery.k8s.io/v1beta1": "EndpointSlice",
  "events.k8s.io/v1beta1": "Event",
  "extensions/v1beta1": "Deployment DeploymentRollback Scale DaemonSet Ingress ReplicaSet NetworkPolicy",
  "flowcontrol.apiserver.k8s.io/v1beta1": "FlowSchema PriorityLevelConfiguration",
  "flowcontrol.apiserver.k8s.io/v1beta2": "FlowSchema PriorityLevelConfiguration",
  "flowcontrol.apiserver.k8s.io/v1beta3": "FlowSchema PriorityLevelConfiguration",
  "imagepolicy.k8s.io/v1alpha1": "ImageReview",
  "networking.k8s.io/v1beta1": "Ingress IngressClass",
  "node.k8s.io/v1alpha1": "RuntimeClass",
  "node.k8s.io/v1beta1": "RuntimeClass",
  "policy/v1beta1": "PodDisruptionBudget Eviction",
  "rbac.authorization.k8s.io/v1alpha1": "Role RoleBinding ClusterRole ClusterRoleBinding",
  "rbac.authorization.k8s.io/v1beta1": "Role RoleBinding ClusterRole ClusterRoleBinding",
  "scheduling.k8s.io/v1beta1": "PriorityClass",
  "storage.k8s.io/v1alpha1": "VolumeAttachment CSIStorageCapacity VolumeAttributesClass",
  "storage.k8s.io/v1beta1": "StorageClass VolumeAttachment CSIDriver CSINode CSIStorageCapacity",
};

let known: ReadonlySet<string> | undefined;

/** Asked where something is refused: the names are gathered at the first refusal. */
export function isRegistered(apiVersion: string, kind: string): boolean {
  known ??= gather();
  return known.has(`${apiVersion}/${kind}`);
}

function gather(): ReadonlySet<string> {
  const all = Object.entries(unserved).flatMap(([apiVersion, kinds]) =>
    kinds.split(" ").flatMap((kind) => [`${apiVersion}/${kind}`, `${apiVersion}/${kind}List`]),
  );
  for (const { kinds = [] } of Object.values(compactDefinitions())) {
    for (const kind of kinds) all.push(kind.replace(/^\//, ""));
  }
  return new Set(all);
}

const packages: Readonly<Record<string, string>> = {
  "": "core",
  "events.k8s.io": "core",
  "internal.apiserver.k8s.io": "apiserverinternal",
};

/** The Go package of a group's internal types. */
export function internalPackage(group: string): string {
  return packages[group] ?? group.split(".", 1)[0]!;
}
