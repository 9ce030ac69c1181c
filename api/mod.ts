import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { admissionResources } from "./admission.ts";
import { servicesAndConfigResources } from "./core.ts";
import { otherResources } from "./other.ts";
import { rbacResources } from "./rbac.ts";
import { reviewResources } from "./reviews.ts";
import { workloadResources } from "./workloads.ts";

/** pkg/controlplane/apiserver/aggregator.go, apiVersionPriorities, without groups that are not served. */
const groupOrder: readonly string[] = [
  "",
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
];

/** Every built-in resource that is served, in the order in which discovery lists them. */
export const builtInResources: readonly ResourceDefinition[] = [
  ...workloadResources,
  ...servicesAndConfigResources,
  ...reviewResources,
  ...rbacResources,
  ...admissionResources,
  ...otherResources,
].sort(byDiscoveryOrder);

/** Groups in upstream's order of priority, then versions newest first, then plurals. */
function byDiscoveryOrder(a: ResourceDefinition, b: ResourceDefinition): number {
  return (
    groupRank(a.group) - groupRank(b.group) ||
    compare(a.group, b.group) ||
    compare(b.version, a.version) ||
    compare(a.plural, b.plural)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function groupRank(group: string): number {
  const rank = groupOrder.indexOf(group);
  return rank < 0 ? groupOrder.length : rank;
}

const byName = new Map(
  builtInResources.map((resource) => [nameOf(resource.group, resource.version, resource.plural), resource]),
);

function nameOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}

/** The built-in resource of that name; subresources and kinds are no names. */
export function findResource(group: string, version: string, plural: string): ResourceDefinition | undefined {
  return byName.get(nameOf(group, version, plural));
}
