import { invalid, notSupported, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { isDNS1123Subdomain } from "../../../../apimachinery/validation/dns.ts";
import { validateLabelName } from "../../../../apimachinery/validation/label-fields.ts";
import { isValidLabelValue } from "../../../../apimachinery/validation/labels.ts";
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
} from "../../../generated/types/resource-v1.ts";
import { addMessages } from "../../../validation.ts";
import {
  addDriverErrors,
  addFullyQualifiedNameErrors,
  addLabelErrors,
  addListErrors,
  addRawErrors,
  type Errors,
} from "./common.ts";
import { addSelectorListErrors } from "./selector.ts";

// Rules: pkg/apis/resource/validation validateDeviceClaim.

export const maxRequests = 32;
export const maxConfigurations = 32;
const maxConstraints = 32;
const maxAlternatives = 8;
const maxParameters = 10 * 1024;
const allocationModes = ["All", "ExactCount"];
export const taintEffects = ["NoExecute", "NoSchedule", "None"];
const tolerationOperators = ["Equal", "Exists"];

/** Requests of a claim by name, each with the names of its alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export function requestNamesOf({ requests = [] }: Partial<DeviceClaim> = {}): RequestNames {
  return new Map(
    requests.map(({ name, firstAvailable = [] }) => [name, new Set(firstAvailable.map((one) => one.name))]),
  );
}

export function addClaimErrors(errors: Errors, claim: DeviceClaim = {}, place: Path): void {
  const names = requestNamesOf(claim);
  addListErrors(errors, claim.requests, place.child("requests"), {
    max: maxRequests,
    key: ({ name }) => name,
    each: addRequestErrors,
  });
  addListErrors(errors, claim.constraints, place.child("constraints"), {
    max: maxConstraints,
    each: (found, constraint, at) => addConstraintErrors(found, constraint, at, names),
  });
  addListErrors(errors, claim.config, place.child("config"), {
    max: maxConfigurations,
    each(found, { requests, opaque }, at) {
      addReferenceErrors(found, requests, at.child("requests"), names);
      addConfigurationErrors(found, opaque, at, false);
    },
  });
}

function addRequestErrors(errors: Errors, { name, exactly, firstAvailable = [] }: DeviceRequest, place: Path): void {
  addLabelErrors(errors, name, place.child("name"));
  const one = "exactly one of `exactly` or `firstAvailable` is required";
  if (exactly === undefined && firstAvailable.length === 0) errors.push(required(place, one));
  else if (exactly !== undefined && firstAvailable.length > 0) {
    errors.push(invalid(place, null, `${one}, but multiple fields are set`));
  } else if (exactly !== undefined) addDemandErrors(errors, exactly, place.child("exactly"));
  else {
    addListErrors(errors, firstAvailable, place.child("firstAvailable"), {
      max: maxAlternatives,
      key: (alternative) => alternative.name,
      each(found, alternative, at) {
        addLabelErrors(found, alternative.name, at.child("name"));
        addDemandErrors(found, alternative, at);
      },
    });
  }
}

function addDemandErrors(errors: Errors, demand: ExactDeviceRequest | DeviceSubRequest, place: Path): void {
  const { deviceClassName = "", selectors, allocationMode = "", count = 0, tolerations = [] } = demand;
  const classPlace = place.child("deviceClassName");
  if (deviceClassName === "") errors.push(required(classPlace));
  else addMessages(errors, isDNS1123Subdomain(deviceClassName), classPlace, deviceClassName);
  addSelectorListErrors(errors, selectors, place.child("selectors"));
  if (allocationMode === "All") {
    const detail = "must not be specified when allocationMode is 'All'";
    if (count !== 0) errors.push(invalid(place.child("count"), count, detail));
  } else if (allocationMode === "ExactCount") {
    if (count <= 0) errors.push(invalid(place.child("count"), count, "must be greater than zero"));
  } else errors.push(notSupported(place.child("allocationMode"), allocationMode, allocationModes));
  for (const [i, toleration] of tolerations.entries()) {
    addTolerationErrors(errors, toleration, place.child("tolerations").index(i));
  }
}

function addTolerationErrors(errors: Errors, toleration: DeviceToleration, place: Path): void {
  const { key = "", operator = "", value = "", effect = "" } = toleration;
  if (key !== "") errors.push(...validateLabelName(key, place.child("key")));
  if (operator === "Exists") {
    if (value !== "") errors.push(invalid(place.child("value"), value, "must be empty for operator `Exists`"));
  } else if (operator === "Equal") addMessages(errors, isValidLabelValue(value), place.child("value"), value);
  else if (operator === "") errors.push(required(place.child("operator")));
  else errors.push(notSupported(place.child("operator"), operator, tolerationOperators));
  if (effect !== "" && !taintEffects.includes(effect)) {
    errors.push(notSupported(place.child("effect"), effect, taintEffects));
  }
}

function addConstraintErrors(errors: Errors, constraint: DeviceConstraint, place: Path, names: RequestNames): void {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  addReferenceErrors(errors, requests, place.child("requests"), names);
  if (matchAttribute !== undefined) {
    addFullyQualifiedNameErrors(errors, matchAttribute, place.child("matchAttribute"));
  } else if (distinctAttribute !== undefined) {
    addFullyQualifiedNameErrors(errors, distinctAttribute, place.child("distinctAttribute"));
  } else {
    const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    errors.push(required(place, detail));
  }
}

/** Names of requests, each once. */
export function addReferenceErrors(
  errors: Errors,
  requests: readonly string[] | undefined,
  place: Path,
  names: RequestNames,
): void {
  addListErrors(errors, requests, place, {
    max: maxRequests,
    key: (name) => name,
    each: (found, name, at) => addRequestReferenceErrors(found, name, at, names),
  });
}

/** `request`, or `request/alternative`. */
export function addRequestReferenceErrors(errors: Errors, name: string, place: Path, names: RequestNames): void {
  const detail =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const parts = name.split("/");
  const [request = "", alternative] = parts;
  if (parts.length <= 2) for (const part of parts) addLabelErrors(errors, part, place);
  const known = names.get(request);
  const found = parts.length <= 2 && known !== undefined && (alternative === undefined || known.has(alternative));
  if (!found) errors.push(invalid(place, name, detail));
}

export function addConfigurationErrors(
  errors: Errors,
  opaque: OpaqueDeviceConfiguration | undefined,
  place: Path,
  unchanged: boolean,
): void {
  if (opaque === undefined) {
    errors.push(required(place.child("opaque")));
    return;
  }
  const at = place.child("opaque");
  addDriverErrors(errors, opaque.driver ?? "", at.child("driver"));
  addRawErrors(errors, opaque.parameters, at.child("parameters"), { max: maxParameters, unchanged });
}
