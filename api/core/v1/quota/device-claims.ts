import { Quantity } from "../../../../apimachinery/quantity/quantity.ts";
import type { DeviceClass, ResourceClaim } from "../../../generated/types/resource-v1.ts";
import { compareQuantities, type MutableResourceList, type ResourceList } from "../pod/resource-list.ts";
import { type QuotaContext, type QuotaEvaluator, Usage } from "./evaluator.ts";
import { deviceClassPrefix, isExtendedQuotaName, podUsage } from "./pods.ts";

// Rules: pkg/quota/v1/evaluator/core/resource_claims.go.

const countName = "count/resourceclaims.resource.k8s.io";
const perClassSuffix = ".deviceclass.resource.k8s.io/devices";
const implicitPrefix = `requests.${deviceClassPrefix}`;
/** What `allocationMode: All` counts as: the most that one claim can get. */
const maxDevices = 32;

export const deviceClaimEvaluator: QuotaEvaluator = {
  group: "resource.k8s.io",
  plural: "resourceclaims",
  knowsScopes: false,
  handles: ({ operation, subresource }) => subresource === "" && (operation === "CREATE" || operation === "UPDATE"),
  matchingResources: (wanted, context) =>
    wanted.filter((name) => name === countName || name.endsWith(perClassSuffix) || isOfferedByClass(name, context)),
  matchesScope: () => false,
  constraint: () => undefined,
  usage(object, context) {
    const claim = object as ResourceClaim;
    const usage = claimedDevices(claim);
    addExtendedResources(usage, podShare(claim, context), context);
    return usage;
  },
};

function isOfferedByClass(name: string, { deviceClasses }: QuotaContext): boolean {
  if (!isExtendedQuotaName(name)) return false;
  const resource = name.slice("requests.".length);
  for (const { metadata, spec } of deviceClasses()) {
    if (spec.extendedResourceName === resource) return true;
    if (resource === deviceClassPrefix + metadata.name) return true;
  }
  return false;
}

interface CountedRequest {
  readonly deviceClassName: string;
  readonly allocationMode?: string;
  readonly count?: number;
}

function claimedDevices({ spec }: ResourceClaim): MutableResourceList {
  const usage = new Usage().add(countName, 1);
  for (const { exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    if (firstAvailable.length > 0) usage.addAll(largestAlternatives(firstAvailable as readonly CountedRequest[]));
    else if (exactly !== undefined)
      usage.add(exactly.deviceClassName + perClassSuffix, devicesOf(exactly as CountedRequest));
  }
  return usage.amounts;
}

/** Of alternatives one is taken, nobody knows which: the most of each class counts. */
function largestAlternatives(alternatives: readonly CountedRequest[]): ResourceList {
  const most = new Map<string, number>();
  for (const one of alternatives) {
    const name = one.deviceClassName + perClassSuffix;
    const count = devicesOf(one);
    if (count > (most.get(name) ?? 0)) most.set(name, count);
  }
  return Object.fromEntries([...most].map(([name, count]) => [name, String(count)]));
}

function devicesOf({ allocationMode, count = 0 }: CountedRequest): number {
  if (allocationMode === "All") return maxDevices;
  return allocationMode === "ExactCount" ? count : 0;
}

/** Devices count as the extended resource of their class too, but for what their pod has been counted for already. */
function addExtendedResources(usage: MutableResourceList, counted: ResourceList, context: QuotaContext): void {
  const extended: MutableResourceList = {};
  for (const [name, amount] of Object.entries(usage)) {
    if (!name.endsWith(perClassSuffix) || name.length === perClassSuffix.length) continue;
    const className = name.slice(0, -perClassSuffix.length);
    extended[implicitPrefix + className] = amount;
    const resource = classNamed(className, context)?.spec.extendedResourceName;
    if (resource) extended[`requests.${resource}`] = amount;
  }
  for (const [name, amount] of Object.entries(extended)) {
    const already = counted[name];
    const rest = already === undefined ? amount : String(Quantity.parse(amount).subtract(Quantity.parse(already)));
    if (compareQuantities(rest, "0") > 0) usage[name] = rest;
  }
}

function classNamed(name: string, { deviceClasses }: QuotaContext): DeviceClass | undefined {
  for (const one of deviceClasses()) if (one.metadata.name === name) return one;
  return undefined;
}

/** What the pod was counted for, whose extended resources the scheduler made this claim for; nothing for other claims. */
function podShare(claim: ResourceClaim, context: QuotaContext): ResourceList {
  const none: ResourceList = {};
  if (!isForExtendedResources(claim)) return none;
  const { namespace = "", name = "" } = claim.metadata;
  const owner = controllerOf(claim);
  if (owner?.kind !== "Pod" || owner.apiVersion !== "v1") return none;
  const pod = context.pod(namespace, owner.name);
  if (pod === undefined || pod.metadata.uid !== owner.uid) return none;
  const known = pod.status?.extendedResourceClaimStatus;
  if (known !== undefined && known.resourceClaimName !== name) return none;
  if (known === undefined && !isFirst(claim, owner.uid, context)) return none;
  return podUsage(pod, context.now);
}

/** Of several claims that say they are the pod's, the oldest is. */
function isFirst({ metadata }: ResourceClaim, podUid: string, { claims }: QuotaContext): boolean {
  const key = ({ creationTimestamp = "", name = "" }: ResourceClaim["metadata"]): string =>
    `${creationTimestamp} ${name}`;
  for (const other of claims(metadata.namespace ?? "")) {
    if (!isForExtendedResources(other) || controllerOf(other)?.uid !== podUid) continue;
    if (key(other.metadata) < key(metadata)) return false;
  }
  return true;
}

function isForExtendedResources({ metadata }: ResourceClaim): boolean {
  return metadata.annotations?.["resource.kubernetes.io/extended-resource-claim"] === "true";
}

function controllerOf({ metadata }: ResourceClaim) {
  return metadata.ownerReferences?.find(({ controller }) => controller);
}
