import { forbidden, invalid, notSupported } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { isPresent } from "../../../../../apimachinery/schema/sent-empty.ts";
import type { PodSpec } from "../../../../generated/types/core-v1.ts";
import { aggregateLimits, aggregateRequests } from "../aggregate.ts";
import { compareQuantities } from "../resource-list.ts";
import { isHugePages, isPodLevelResource } from "../resource-names.ts";
import type { PodCheck } from "./check.ts";
import { type NameRule, validateRequirements, validateResourceName } from "./resources.ts";

const podResourceName: NameRule = (check, name, place) => {
  if (!validateResourceName(check, name, place) || isPodLevelResource(name)) return;
  check.errors.push(notSupported(place, name, ["cpu", "hugepages-", "memory"]));
};

/** Resources of the pod as a whole (KEP-2837; validatePodResources). */
export function validatePodResources(check: PodCheck, spec: PodSpec, specPath: Path): void {
  if (spec.resources === undefined) return;
  const place = specPath.child("resources");
  if (check.osName === "windows") {
    check.errors.push(forbidden(place, "may not be set for a windows pod"));
    return;
  }
  if (isPresent(spec.resources, "claims")) {
    check.errors.push(forbidden(place.child("claims"), "claims may not be set for Resources at pod-level"));
  }
  validateRequirements(check, spec.resources, place, podResourceName);
  validateConsistency(check, spec, place);
}

/** What the containers ask for together fits into what the pod asks for. */
function validateConsistency(check: PodCheck, spec: PodSpec, place: Path): void {
  const { requests = {}, limits = {} } = spec.resources ?? {};
  const requested = aggregateRequests(spec);
  for (const name in requested) {
    const whole = requests[name];
    if (whole === undefined || compareQuantities(requested[name]!, whole) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${requested[name]}`;
    check.errors.push(invalid(place.child("requests").key(name), whole, detail));
  }
  const limited = aggregateLimits(spec);
  for (const name in limited) {
    const whole = limits[name];
    if (!isHugePages(name) || whole === undefined || compareQuantities(limited[name]!, whole) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container limits of ${limited[name]}`;
    check.errors.push(invalid(place.child("limits").key(name), whole, detail));
  }
  spec.containers?.forEach((container, i) => {
    for (const name in container.resources?.limits) {
      const own = container.resources.limits[name]!;
      const whole = limits[name];
      if (whole === undefined || compareQuantities(own, whole) <= 0) continue;
      const at = place.child("containers").index(i).key(name).child("limits");
      check.errors.push(invalid(at, own, `must be less than or equal to pod limits of ${whole}`));
    }
  });
}
