import { duplicate, forbidden, internalError, invalid } from "../../../../apimachinery/field/errors.ts";
import { path } from "../../../../apimachinery/field/path.ts";
import { isIPv6, parseCIDR } from "../../../../apimachinery/net/ip.ts";
import { compareText } from "../../../../apimachinery/text/go-quote.ts";
import { isValidCIDRForLegacyField } from "../../../../apimachinery/validation/addresses.ts";
import type { Node } from "../../../generated/types/core-v1.ts";
import { internalValue } from "../../../internal-values.ts";
import type { Check } from "../pod/validation/check.ts";
import { validateQuantity } from "../pod/validation/resources.ts";
import { validateNodeAnnotations } from "./annotations.ts";
import { validateTaints } from "./taints.ts";

const none: readonly never[] = [];
// Upstream's own mistake: taints and swap are told below metadata.
const metadataPath = path("metadata");
const podCIDRsPath = path("spec", "podCIDRs");

/** What holds of a node, new or changed (pkg/apis/core/validation ValidateNode). */
export function validateNode(check: Check, node: Node): void {
  validateNodeAnnotations(check, node.metadata.annotations, metadataPath.child("annotations"));
  validateTaints(check, node.spec?.taints ?? none, metadataPath.child("taints"));
  validateResources(check, node);
  const capacity = node.status?.nodeInfo?.swap?.capacity;
  if (capacity !== undefined && capacity <= 0) {
    const at = metadataPath.child("nodeSwapStatus", "capacity");
    check.errors.push(invalid(at, capacity, "must be greater than zero"));
  }
  validateFeatures(check, node.status?.declaredFeatures ?? none);
  validatePodCIDRs(check, node.spec?.podCIDRs ?? none);
}

function validateResources(check: Check, { status }: Node): void {
  for (const list of ["capacity", "allocatable"] as const) {
    for (const name in status?.[list]) validateQuantity(check, name, status[list][name]!, path("status", list, name));
  }
}

const featureName = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;

function featureProblem(name: string): string | undefined {
  if (name.length > 253) return `invalid feature name "${name}": must be no more than 253 characters`;
  if (featureName.test(name)) return undefined;
  return `invalid feature name "${name}": must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`;
}

function validateFeatures(check: Check, features: readonly string[]): void {
  const place = path("status", "declaredFeatures");
  features.forEach((feature, i) => {
    const problem = featureProblem(feature);
    if (problem !== undefined) check.errors.push(invalid(place.index(i), feature, problem));
    const next = features[i + 1];
    if (next === undefined) return;
    const order = compareText(feature, next);
    if (order === 0) check.errors.push(duplicate(place.index(i + 1), next));
    else if (order > 0) check.errors.push(invalid(place.index(i + 1), next, "list must be sorted alphabetically"));
  });
}

function validatePodCIDRs(check: Check, ranges: readonly string[]): void {
  ranges.forEach((range, i) => {
    check.errors.push(...isValidCIDRForLegacyField(podCIDRsPath.index(i), range, { strict: true }));
  });
  if (ranges.length < 2) return;
  const parsed = ranges.map(parseCIDR);
  const bad = parsed.indexOf(undefined);
  if (bad >= 0) {
    const problem = `invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${ranges[bad]})`;
    check.errors.push(internalError(podCIDRsPath, problem));
  }
  const families = new Set(parsed.map((range) => range !== undefined && isIPv6(range.ip)));
  if (bad >= 0 || families.size < 2 || ranges.length > 2) {
    check.errors.push(invalid(podCIDRsPath, ranges, "may specify no more than one CIDR for each IP family"));
  }
}

/** What may change of a node, by spec and by status (pkg/apis/core/validation ValidateNodeUpdate). */
export function validateNodeUpdate(check: Check, node: Node, old: Node): void {
  validateNodeAnnotations(check, node.metadata.annotations, metadataPath.child("annotations"));
  validateResources(check, node);
  validateFeatures(check, node.status?.declaredFeatures ?? none);
  const addresses = new Set<string>();
  node.status?.addresses?.forEach((address, i) => {
    const key = `${address.type}/${address.address}`;
    if (addresses.has(key))
      check.errors.push(duplicate(path("status", "addresses").index(i), internalValue("NodeAddress", address)));
    addresses.add(key);
  });
  validateFixed(check, node, old);
  if (node.spec?.configSource !== undefined && node.spec.configSource.configMap === undefined) {
    const at = path("spec", "configSource");
    check.errors.push(invalid(at, node.spec.configSource, "exactly one reference subfield must be non-nil"));
  }
  validateTaints(check, node.spec?.taints ?? none, metadataPath.child("taints"));
  if ((node.spec?.externalID ?? "") !== (old.spec?.externalID ?? "")) {
    check.errors.push(forbidden(path("spec", "externalID"), "may not be updated"));
  }
}

/** Set once, these stay. */
function validateFixed(check: Check, node: Node, old: Node): void {
  const ranges = node.spec?.podCIDRs ?? none;
  const oldRanges = old.spec?.podCIDRs ?? none;
  if (oldRanges.length > 0) {
    const refuse = () => {
      const detail = 'node updates may not change podCIDR except from "" to valid';
      check.errors.push(forbidden(podCIDRsPath, detail));
    };
    if (oldRanges.length !== ranges.length) refuse();
    else for (let i = 0; i < ranges.length; i++) if (ranges[i] !== oldRanges[i]) refuse();
  }
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    const detail = 'node updates may not change providerID except from "" to valid';
    check.errors.push(forbidden(path("spec", "providerID"), detail));
  }
}
