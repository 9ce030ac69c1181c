import type { FieldError } from "../../../../../apimachinery/field/error.ts";
import { duplicate, forbidden, invalid, notFound, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { compareText } from "../../../../../apimachinery/text/go-quote.ts";
import { isQualifiedName } from "../../../../../apimachinery/validation/labels.ts";
import type { ResourceClaim, ResourceRequirements } from "../../../../generated/types/core-v1.ts";
import { compareQuantities, isMultipleOf, isNegative, isWhole, type ResourceList } from "../resource-list.ts";
import {
  isExtendedResource,
  isHugePages,
  isIntegerResource,
  isNativeResource,
  isOvercommitAllowed,
  isStandardContainerResource,
  isStandardResource,
} from "../resource-names.ts";
import { type Check, checkLabel, checkMessages, negativeMessage } from "./check.ts";

/** How a resource's name is judged: containers and whole pods know different ones. */
export type NameRule = (check: Pick<Check, "errors">, name: string, place: Path) => void;

/** True where the name is one that nodes or quotas know, or has a domain. */
export function validateResourceName(check: Pick<Check, "errors">, name: string, place: Path): boolean {
  const messages = isQualifiedName(name);
  checkMessages(check, place, name, messages);
  if (messages.length > 0) return false;
  if (name.includes("/") || isStandardResource(name)) return true;
  check.errors.push(invalid(place, name, "must be a standard resource type or fully qualified"));
  return false;
}

export const containerResourceName: NameRule = (check, name, place) => {
  validateResourceName(check, name, place);
  if (!name.includes("/")) {
    if (!isStandardContainerResource(name)) {
      check.errors.push(invalid(place, name, "must be a standard resource for containers"));
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    check.errors.push(invalid(place, name, "doesn't follow extended resource name standard"));
  }
};

/** Not negative, and whole where the resource comes in pieces (ValidateResourceQuantityValue). */
export function validateQuantity(check: Pick<Check, "errors">, name: string, quantity: string, place: Path): void {
  if (isNegative(quantity)) check.errors.push(invalid(place, quantity, negativeMessage));
  if (isIntegerResource(name) && !isWhole(quantity)) {
    check.errors.push(invalid(place, quantity, "must be an integer"));
  }
}

const nothing: ResourceList = {};
const noClaims: ReadonlySet<string> = new Set();

/** pkg/apis/core/validation ValidateContainerResourceRequirements. */
export function validateContainerResources(
  check: Check & { readonly claimNames?: ReadonlySet<string> },
  requirements: ResourceRequirements | undefined,
  place: Path,
): void {
  if (requirements !== undefined) validateRequirements(check, requirements, place, containerResourceName);
}

export function validateRequirements(
  check: Check & { readonly claimNames?: ReadonlySet<string> },
  requirements: ResourceRequirements,
  place: Path,
  nameRule: NameRule,
): void {
  const { limits = nothing, requests = nothing, claims } = requirements;
  for (const name in limits) {
    const entry = { name, quantity: limits[name]! };
    const at = place.child("limits").key(name);
    validateEntry(check, entry, at, nameRule);
    validatePages(check, entry, at);
  }
  for (const name in requests) {
    const entry = { name, quantity: requests[name]! };
    const at = place.child("requests").key(name);
    validateEntry(check, entry, at, nameRule);
    const problem = requestProblem(entry, limits[name], place);
    if (problem !== undefined) check.errors.push(problem);
    validatePages(check, entry, at);
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    check.errors.push(forbidden(place, "HugePages require cpu or memory"));
  }
  if (claims !== undefined) validateClaims(check, claims, place.child("claims"));
}

interface Entry {
  readonly name: string;
  readonly quantity: string;
}

function validateEntry(check: Check, { name, quantity }: Entry, place: Path, nameRule: NameRule): void {
  nameRule(check, name, place);
  validateQuantity(check, name, quantity, place);
}

function validatePages(check: Check, { name, quantity }: Entry, place: Path): void {
  if (isHugePages(name) && !isMultipleOf(quantity, name.slice("hugepages-".length))) {
    check.errors.push(invalid(place, quantity, `${quantity} is not positive integer multiple of ${name}`));
  }
}

/** A request must fit its limit; what nodes do not overcommit must equal it. */
function requestProblem({ name, quantity }: Entry, limit: string | undefined, place: Path): FieldError | undefined {
  if (limit === undefined) {
    if (isOvercommitAllowed(name)) return undefined;
    return required(place.child("limits"), "Limit must be set for non overcommitable resources");
  }
  const order = compareQuantities(quantity, limit);
  if (order !== 0 && !isOvercommitAllowed(name)) {
    return invalid(place.child("requests"), quantity, `must be equal to ${name} limit of ${limit}`);
  }
  if (order <= 0) return undefined;
  return invalid(place.child("requests"), quantity, `must be less than or equal to ${name} limit of ${limit}`);
}

function validateClaims(
  check: Check & { readonly claimNames?: ReadonlySet<string> },
  claims: readonly ResourceClaim[],
  place: Path,
): void {
  const podClaims = check.claimNames ?? noClaims;
  const seen = new Set<string>();
  claims.forEach(({ name = "", request = "" }, i) => {
    const at = place.index(i);
    if (name === "") {
      check.errors.push(required(at));
      return;
    }
    if (seen.has(name)) check.errors.push(duplicate(at, name));
    else {
      if (request !== "") checkLabel(check, at.child("request"), request);
      const key = request === "" ? name : `${name}/${request}`;
      if (seen.has(key)) check.errors.push(duplicate(at, key));
      else if (request === "") {
        for (const other of seen) if (other.startsWith(`${name}/`)) check.errors.push(duplicate(at, name));
      }
      seen.add(key);
    }
    if (!podClaims.has(name)) {
      const names = podClaims.size === 0 ? " which is empty" : `: ${[...podClaims].sort(compareText).join(", ")}`;
      const detail = `must be one of the names in pod.spec.resourceClaims${names}`;
      check.errors.push({ ...notFound(at, name), detail });
    }
  });
}
