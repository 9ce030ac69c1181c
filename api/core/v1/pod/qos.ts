import type { PodSpec, ResourceRequirements } from "../../../generated/types/core-v1.ts";
import {
  addToList,
  compareQuantities,
  isPositive,
  type MutableResourceList,
  type ResourceList,
} from "./resource-list.ts";

export type QOSClass = "Guaranteed" | "Burstable" | "BestEffort";

const computeResources = ["cpu", "memory"] as const;

/**
 * How well a pod's node serves it: Guaranteed where limits of cpu and memory equal the requests everywhere, BestEffort
 * where nothing is asked for, Burstable between (pkg/apis/core/helper/qos ComputePodQOS).
 */
export function podQOSClass(spec: Partial<PodSpec>): QOSClass {
  const requests: MutableResourceList = {};
  const limits: MutableResourceList = {};
  let guaranteed = true;
  if (spec.resources !== undefined) {
    add(requests, spec.resources.requests);
    const found = add(limits, spec.resources.limits);
    if (Object.keys(spec.resources.limits ?? {}).length > 0 && found < 2) guaranteed = false;
  } else {
    for (const list of [spec.containers, spec.initContainers]) {
      for (const container of list ?? []) {
        const resources: ResourceRequirements | undefined = container.resources;
        add(requests, resources?.requests);
        if (add(limits, resources?.limits) < 2) guaranteed = false;
      }
    }
  }
  const requested = Object.keys(requests);
  const limited = Object.keys(limits);
  if (requested.length === 0 && limited.length === 0) return "BestEffort";
  const equal = requested.every(
    (name) => limits[name] !== undefined && compareQuantities(requests[name]!, limits[name]) === 0,
  );
  return guaranteed && equal && requested.length === limited.length ? "Guaranteed" : "Burstable";
}

/** Adds what is above zero; returns how many of the two resources were. */
function add(total: MutableResourceList, list: ResourceList | undefined): number {
  let found = 0;
  for (const name of computeResources) {
    const quantity = list?.[name];
    if (quantity === undefined || !isPositive(quantity)) continue;
    found++;
    addToList(total, { [name]: quantity });
  }
  return found;
}
