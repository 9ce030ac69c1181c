import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../apimachinery/json/equal.ts";
import { byteLength } from "../../../../apimachinery/text/go-quote.ts";
import { isValidInterfaceAddress } from "../../../../apimachinery/validation/addresses.ts";
import { validateConditions } from "../../../../apimachinery/validation/conditions.ts";
import { immutableMessage } from "../../../../apimachinery/validation/immutable.ts";
import { validateLabelName } from "../../../../apimachinery/validation/label-fields.ts";
import { validateNodeSelector } from "../../../core/v1/pod/validation/affinity.ts";
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from "../../../generated/types/resource-v1.ts";
import { internalValue } from "../../../internal-values.ts";
import {
  addConfigurationErrors,
  addReferenceErrors,
  addRequestReferenceErrors,
  maxConfigurations,
  type RequestNames,
  requestNamesOf,
} from "./claim.ts";
import {
  addDriverErrors,
  addLabelErrors,
  addListErrors,
  addPoolErrors,
  addRawErrors,
  addUidErrors,
  type Errors,
} from "./common.ts";

// Rules: pkg/apis/resource/validation ValidateResourceClaimStatusUpdate.

const maxConsumers = 256;
const maxResults = 32;
const maxConditions = 8;
const maxData = 10 * 1024;
const maxInterfaceName = 256;
const maxHardwareAddress = 128;
const maxAddresses = 16;
const maxBindingConditions = 4;
const sources = ["FromClaim", "FromClass"];

export function addStatusErrors(errors: Errors, claim: ResourceClaim, old: ResourceClaim, place: Path): void {
  const { allocation, devices, reservedFor = [] } = claim.status ?? {};
  const before = old.status ?? {};
  const names = requestNamesOf(claim.spec?.devices);
  addListErrors(errors, reservedFor, place.child("reservedFor"), {
    max: maxConsumers,
    key: ({ uid }) => uid,
    each: addConsumerErrors,
  });
  const allocated = new Set((allocation?.devices?.results ?? []).map((one) => JSON.stringify(deviceId(one))));
  addListErrors(errors, devices, place.child("devices"), {
    key: deviceId,
    each: (found, device, at) => addDeviceStatusErrors(found, device, at, allocated),
  });
  const reservedPlace = place.child("reservedFor");
  if (reservedFor.length > 0 && allocation === undefined) {
    errors.push(forbidden(reservedPlace, "may not be specified when `allocated` is not set"));
  } else if (reservedFor.length > 0 && claim.metadata.deletionTimestamp !== undefined) {
    const known = new Set((before.reservedFor ?? []).map(consumerText));
    if (reservedFor.some((one) => !known.has(consumerText(one)))) {
      const detail = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
      errors.push(forbidden(reservedPlace, detail));
    }
  }
  if (allocation === undefined) return;
  const at = place.child("allocation");
  if (before.allocation !== undefined) {
    if (semanticEqual(allocation, before.allocation)) return;
    errors.push(invalid(at, internalValue("AllocationResult", allocation), immutableMessage));
  } else addAllocationErrors(errors, allocation, at, names);
}

function consumerText({ apiGroup = "", resource, name, uid }: ResourceClaimConsumerReference): string {
  return JSON.stringify([apiGroup, resource, name, uid]);
}

function addConsumerErrors(errors: Errors, consumer: ResourceClaimConsumerReference, place: Path): void {
  for (const field of ["resource", "name", "uid"] as const) {
    if (!consumer[field]) errors.push(required(place.child(field)));
  }
}

interface NamedDevice {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
  readonly shareID?: string;
}

/** Names of a device under which it is shown in messages. */
function deviceId({ driver = "", pool = "", device = "", shareID = "" }: NamedDevice): object {
  return { Driver: driver, Pool: pool, Device: device, ShareID: shareID };
}

/** What the status says of devices that are allocated no more goes with them. */
export function withoutDeallocated(claim: ResourceClaim, old: ResourceClaim): readonly AllocatedDeviceStatus[] {
  const results = ({ status }: ResourceClaim) =>
    (status?.allocation?.devices?.results ?? []).map((one) => JSON.stringify(deviceId(one)));
  const kept = new Set(results(claim));
  const gone = new Set(results(old).filter((id) => !kept.has(id)));
  return (claim.status?.devices ?? []).filter((device) => !gone.has(JSON.stringify(deviceId(device))));
}

function addAllocationErrors(errors: Errors, allocation: AllocationResult, place: Path, names: RequestNames): void {
  const { results, config } = allocation.devices ?? {};
  const at = place.child("devices");
  addListErrors(errors, results, at.child("results"), {
    max: maxResults,
    each: (found, result, where) => addResultErrors(found, result, where, names),
  });
  addListErrors(errors, config, at.child("config"), {
    max: 2 * maxConfigurations,
    each(found, { source = "", requests, opaque }, where) {
      if (source === "") found.push(required(where.child("source")));
      else if (!sources.includes(source)) found.push(notSupported(where.child("source"), source, sources));
      addReferenceErrors(found, requests, where.child("requests"), names);
      addConfigurationErrors(found, opaque, where, false);
    },
  });
  if (allocation.nodeSelector !== undefined) {
    validateNodeSelector({ errors }, allocation.nodeSelector, place.child("nodeSelector"));
  }
}

function addResultErrors(
  errors: Errors,
  result: DeviceRequestAllocationResult,
  place: Path,
  names: RequestNames,
): void {
  addRequestReferenceErrors(errors, result.request ?? "", place.child("request"), names);
  addDriverErrors(errors, result.driver ?? "", place.child("driver"));
  addPoolErrors(errors, result.pool ?? "", place.child("pool"));
  addLabelErrors(errors, result.device ?? "", place.child("device"));
  addBindingErrors(errors, result, place);
  if (result.shareID !== undefined) addUidErrors(errors, result.shareID, place.child("shareID"));
}

interface Binding {
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
}

/** Conditions that a device waits for, and those that end the waiting: both or none. */
export function addBindingErrors(
  errors: Errors,
  { bindingConditions: good = [], bindingFailureConditions: bad = [] }: Binding,
  place: Path,
): void {
  const [goodPlace, badPlace] = [place.child("bindingConditions"), place.child("bindingFailureConditions")];
  const each = (found: Errors, name: string, at: Path): void => void found.push(...validateLabelName(name, at));
  addListErrors(errors, good, goodPlace, { max: maxBindingConditions, each });
  addListErrors(errors, bad, badPlace, { max: maxBindingConditions, each });
  for (const [i, name] of good.entries()) {
    if (good.indexOf(name) < i) errors.push(duplicate(goodPlace.index(i), name));
  }
  for (const [i, name] of bad.entries()) {
    if (bad.indexOf(name) < i) errors.push(duplicate(badPlace.index(i), name));
    if (good.includes(name)) {
      errors.push(invalid(badPlace.index(i), name, "bindingFailureConditions must not overlap with bindingConditions"));
    }
  }
  if (good.length === 0 && bad.length > 0) {
    errors.push(invalid(goodPlace, null, "bindingConditions are required to use bindingFailureConditions"));
  }
  if (bad.length === 0 && good.length > 0) {
    errors.push(invalid(badPlace, null, "bindingFailureConditions are required to use bindingConditions"));
  }
}

function addDeviceStatusErrors(
  errors: Errors,
  device: AllocatedDeviceStatus,
  place: Path,
  allocated: ReadonlySet<string>,
): void {
  addDriverErrors(errors, device.driver ?? "", place.child("driver"));
  addPoolErrors(errors, device.pool ?? "", place.child("pool"));
  addLabelErrors(errors, device.device ?? "", place.child("device"));
  if (device.shareID !== undefined) addUidErrors(errors, device.shareID, place.child("shareID"));
  const id = deviceId(device);
  if (!allocated.has(JSON.stringify(id))) errors.push(invalid(place, id, "must be an allocated device in the claim"));
  const conditions = device.conditions ?? [];
  const at = place.child("conditions");
  if (conditions.length > maxConditions) errors.push(tooMany(at, conditions.length, maxConditions));
  errors.push(...validateConditions(conditions, at));
  if (device.data !== undefined) {
    addRawErrors(errors, device.data, place.child("data"), { max: maxData, unchanged: false });
  }
  if (device.networkData !== undefined) addNetworkErrors(errors, device.networkData, place.child("networkData"));
}

function addNetworkErrors(errors: Errors, data: NetworkDeviceData, place: Path): void {
  const { interfaceName = "", hardwareAddress = "", ips } = data;
  if (byteLength(interfaceName) > maxInterfaceName)
    errors.push(tooLong(place.child("interfaceName"), maxInterfaceName));
  if (byteLength(hardwareAddress) > maxHardwareAddress) {
    errors.push(tooLong(place.child("hardwareAddress"), maxHardwareAddress));
  }
  addListErrors(errors, ips, place.child("ips"), {
    max: maxAddresses,
    key: (address) => address,
    each: (found, address, at) => void found.push(...isValidInterfaceAddress(at, address)),
  });
}
