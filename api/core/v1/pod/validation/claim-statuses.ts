import { duplicate, invalid, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { nameIsDNSSubdomain } from "../../../../../apimachinery/validation/names.ts";
import type { Pod, PodExtendedResourceClaimStatus } from "../../../../generated/types/core-v1.ts";
import { type Check, checkLabel, checkMessages } from "./check.ts";

/** Claims made for a pod belong to entries of its spec (validatePodResourceClaimStatuses and its like). */
export function validateClaimStatuses(check: Check, pod: Pod, statusPath: Path): void {
  const names = new Set((pod.spec?.resourceClaims ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  pod.status?.resourceClaimStatuses?.forEach(({ name = "", resourceClaimName: claim }, i) => {
    const at = statusPath.child("resourceClaimStatuses").index(i);
    if (!names.has(name)) {
      const detail = "must match the name of an entry in `spec.resourceClaims`";
      check.errors.push(invalid(at.child("name"), name, detail));
    }
    if (seen.has(name)) check.errors.push(duplicate(at.child("name"), name));
    seen.add(name);
    if (claim !== undefined) {
      checkMessages(check, at.child("resourceClaimName"), claim, nameIsDNSSubdomain(claim, false));
    }
  });
  const extended = pod.status?.extendedResourceClaimStatus;
  if (extended !== undefined) validateExtended(check, pod, extended, statusPath.child("extendedResourceClaimStatus"));
}

function validateExtended(check: Check, pod: Pod, status: PodExtendedResourceClaimStatus, place: Path): void {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const mappings = status.requestMappings ?? [];
  const at = place.child("requestMappings");
  if (mappings.length === 0) check.errors.push(required(at, "at least one request mapping is required"));
  const seen = new Set<string>();
  mappings.forEach(({ containerName = "", resourceName = "", requestName = "" }, i) => {
    const container = containers.find(({ name }) => name === containerName);
    const item = at.index(i);
    if (container === undefined) {
      const detail = "must match the name of an entry in spec.initContainers.name or spec.containers.name";
      check.errors.push(invalid(item.child("containerName"), containerName, detail));
    } else if (container.resources?.requests?.[resourceName] === undefined) {
      const detail =
        "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests";
      check.errors.push(invalid(item.child("resourceName"), resourceName, detail));
    }
    checkLabel(check, place.child("requestName"), requestName);
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key)) {
      check.errors.push(duplicate(item.child("containerName"), containerName));
      check.errors.push(duplicate(item.child("resourceName"), resourceName));
      check.errors.push(duplicate(item.child("requestName"), requestName));
    }
    seen.add(key);
  });
  const claim = status.resourceClaimName ?? "";
  if (claim === "") check.errors.push(required(place.child("resourceClaimName")));
  else checkMessages(check, place.child("resourceClaimName"), claim, nameIsDNSSubdomain(claim, false));
}
