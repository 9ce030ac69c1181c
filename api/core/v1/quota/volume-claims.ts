import { Quantity } from "../../../../apimachinery/quantity/quantity.ts";
import type { PersistentVolumeClaim } from "../../../generated/types/core-v1.ts";
import { compareQuantities, type MutableResourceList } from "../pod/resource-list.ts";
import { betaStorageClassAnnotation } from "../volume-access.ts";
import { fitsSelector, type QuotaEvaluator } from "./evaluator.ts";

// Rules: pkg/quota/v1/evaluator/core/persistent_volume_claims.go.

const countName = "count/persistentvolumeclaims";
const names = ["persistentvolumeclaims", "requests.storage"];
const classSuffix = ".storageclass.storage.k8s.io/";

export const volumeClaimEvaluator: QuotaEvaluator = {
  group: "",
  plural: "persistentvolumeclaims",
  knowsScopes: true,
  handles({ operation, subresource, object, oldObject }) {
    if (subresource === "") return operation === "CREATE" || operation === "UPDATE";
    if (subresource !== "status" || oldObject === undefined) return false;
    return claimUsageMayDiffer(object as PersistentVolumeClaim, oldObject as PersistentVolumeClaim);
  },
  matchingResources: (wanted) =>
    wanted.filter(
      (name) =>
        name === countName || names.includes(name) || names.some((suffix) => name.endsWith(classSuffix + suffix)),
    ),
  matchesScope(selector, object) {
    if (selector.scopeName !== "VolumeAttributesClass") return false;
    const classes = attributesClasses(object as PersistentVolumeClaim);
    return classes.size === 0 ? fitsSelector(selector) : [...classes].some((name) => fitsSelector(selector, name));
  },
  constraint: () => undefined,
  usage: (object) => usageOf(object as PersistentVolumeClaim),
};

function usageOf(claim: PersistentVolumeClaim): MutableResourceList {
  const usage: MutableResourceList = { persistentvolumeclaims: "1", [countName]: "1" };
  const storageClass = claim.metadata.annotations?.[betaStorageClassAnnotation] ?? claim.spec.storageClassName ?? "";
  const storage = storageOf(claim);
  if (storage !== undefined) usage["requests.storage"] = storage;
  if (storageClass !== "") {
    usage[`${storageClass}${classSuffix}persistentvolumeclaims`] = "1";
    if (storage !== undefined) usage[`${storageClass}${classSuffix}requests.storage`] = storage;
  }
  return usage;
}

/** What is asked for, or allotted where that is more: an expansion that failed may be taken back. */
function storageOf({ spec, status }: PersistentVolumeClaim): string | undefined {
  const asked = spec.resources?.requests?.["storage"];
  if (asked === undefined) return undefined;
  const allotted = status?.allocatedResources?.["storage"];
  const more = allotted !== undefined && compareQuantities(allotted, asked) > 0 ? allotted : asked;
  return String(Quantity.parse(more).roundUp(0));
}

/** Whether a change of its status may change what a claim uses (RequiresQuotaReplenish). */
export function claimUsageMayDiffer(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const allotted = ({ status }: PersistentVolumeClaim): string => status?.allocatedResources?.["storage"] ?? "0";
  if (compareQuantities(allotted(claim), allotted(old)) !== 0) return true;
  const [now, before] = [attributesClasses(claim), attributesClasses(old)];
  return now.size !== before.size || [...now].some((name) => !before.has(name));
}

function attributesClasses({ spec, status }: PersistentVolumeClaim): ReadonlySet<string> {
  const all = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return new Set(all.filter((name): name is string => name !== undefined && name !== ""));
}
