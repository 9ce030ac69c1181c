import { builtInResources } from "./generated/resources.ts";

/** The rules that a new object's metadata keeps, or those of a change. */
export type MetadataRecheck = "object" | "change";

// Of a changed object, upstream tells what is wrong with its metadata once for every API object, and again from the rules of
// its kind (pkg/registry/*/strategy.go ValidateUpdate): the message has it once, the causes as often as it was found.

const change: readonly MetadataRecheck[] = ["change"];
const object: readonly MetadataRecheck[] = ["object"];
const both: readonly MetadataRecheck[] = ["change", "object"];
const bothFromObject: readonly MetadataRecheck[] = ["object", "change"];
const none: readonly MetadataRecheck[] = [];

const writes: readonly (readonly [readonly MetadataRecheck[], string])[] = [
  [
    both,
    "apiservices.apiregistration.k8s.io configmaps controllerrevisions.apps endpoints ingressclasses.networking.k8s.io ingresses.networking.k8s.io persistentvolumeclaims pods pods/ephemeralcontainers pods/resize secrets serviceaccounts volumeattributesclasses.storage.k8s.io",
  ],
  [
    bothFromObject,
    "certificatesigningrequests.certificates.k8s.io certificatesigningrequests.certificates.k8s.io/approval certificatesigningrequests.certificates.k8s.io/status clusterrolebindings.rbac.authorization.k8s.io clusterroles.rbac.authorization.k8s.io csistoragecapacities.storage.k8s.io deviceclasses.resource.k8s.io ipaddresses.networking.k8s.io jobs.batch namespaces nodes resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io rolebindings.rbac.authorization.k8s.io roles.rbac.authorization.k8s.io runtimeclasses.node.k8s.io statefulsets.apps storageclasses.storage.k8s.io",
  ],
  [
    object,
    "csinodes.storage.k8s.io endpointslices.discovery.k8s.io flowschemas.flowcontrol.apiserver.k8s.io limitranges mutatingadmissionpolicies.admissionregistration.k8s.io mutatingadmissionpolicybindings.admissionregistration.k8s.io mutatingwebhookconfigurations.admissionregistration.k8s.io prioritylevelconfigurations.flowcontrol.apiserver.k8s.io validatingadmissionpolicies.admissionregistration.k8s.io validatingadmissionpolicybindings.admissionregistration.k8s.io validatingwebhookconfigurations.admissionregistration.k8s.io volumeattachments.storage.k8s.io volumeattachments.storage.k8s.io/status",
  ],
  [["object", "object"], "persistentvolumes"],
  [
    none,
    "cronjobs.batch/status events flowschemas.flowcontrol.apiserver.k8s.io/status poddisruptionbudgets.policy poddisruptionbudgets.policy/status prioritylevelconfigurations.flowcontrol.apiserver.k8s.io/status validatingadmissionpolicies.admissionregistration.k8s.io/status",
  ],
];

const rechecks: ReadonlyMap<string, readonly MetadataRecheck[]> = new Map(
  writes.flatMap(([found, names]) => names.split(" ").map((name) => [name, found] as const)),
);

/** Of writes to the resource, or to a subresource of it; in the order in which they are found. */
export function metadataRechecks(
  { group, plural }: { readonly group: string; readonly plural: string },
  subresource: string,
): readonly MetadataRecheck[] {
  const name = group === "" ? plural : `${plural}.${group}`;
  return rechecks.get(subresource === "" ? name : `${name}/${subresource}`) ?? change;
}

/** Whose rules take their checks of metadata from apimachinery rather than from pkg/apis/core/validation. */
const otherGroups: ReadonlySet<string> = new Set([
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "policy",
]);

const groups: ReadonlySet<string> = new Set(
  builtInResources.map(({ group }) => group).filter((group) => !otherGroups.has(group)),
);

/** Whether finalizers have to be Kubernetes' own, or those of a domain. */
export function asksKnownFinalizers({ group, plural }: { readonly group: string; readonly plural: string }): boolean {
  return groups.has(group) && !(group === "" && plural === "events");
}
