import { forbidden, invalid, notSupported, required, tooLong } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../apimachinery/json/equal.ts";
import { byteLength } from "../../../../apimachinery/text/go-quote.ts";
import { validateLabelName } from "../../../../apimachinery/validation/label-fields.ts";
import { isValidLabelValue } from "../../../../apimachinery/validation/labels.ts";
import { nameIsDNSSubdomain } from "../../../../apimachinery/validation/names.ts";
import { validateNodeSelector } from "../../../core/v1/pod/validation/affinity.ts";
import type { Device, DeviceAttribute, DeviceTaint } from "../../../generated/types/resource-v1.ts";
import { internalValue } from "../../../internal-values.ts";
import { addMessages } from "../../../validation.ts";
import { addPolicyErrors } from "./capacity.ts";
import { taintEffects } from "./claim.ts";
import {
  addLabelErrors,
  addListErrors,
  addMapErrors,
  addQualifiedNameErrors,
  type Errors,
  maxQualifiedKey,
} from "./common.ts";
import { addCounterErrors } from "./counters.ts";
import { addBindingErrors } from "./status.ts";

// Rules: pkg/apis/resource/validation validateDevice.

const maxAttributesAndCapacities = 32;
const maxTaints = 16;
const maxConsumptions = 2;
const maxAttributeText = 64;

interface DeviceOptions {
  /** The device of that name as it was. */
  readonly before: Device | undefined;
  /** Each device says itself which nodes reach it. */
  readonly ownNodes: boolean;
}

export function addDeviceErrors(
  errors: Errors,
  device: Device,
  place: Path,
  { before, ownNodes }: DeviceOptions,
): void {
  const { attributes = {}, capacity = {}, taints, allowMultipleAllocations } = device;
  addLabelErrors(errors, device.name, place.child("name"));
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > maxAttributesAndCapacities) {
    const detail = `the total number of attributes and capacities must not exceed ${maxAttributesAndCapacities}`;
    errors.push(invalid(place, count, detail));
  }
  const names = { keyMax: maxQualifiedKey, key: addQualifiedNameErrors };
  addMapErrors(errors, attributes, place.child("attributes"), { ...names, each: addAttributeErrors });
  addMapErrors(errors, capacity, place.child("capacity"), {
    ...names,
    each(found, { requestPolicy, value }, at) {
      if (requestPolicy === undefined) return;
      const policyPlace = at.child("requestPolicy");
      if (allowMultipleAllocations) addPolicyErrors(found, requestPolicy, value, policyPlace);
      else found.push(forbidden(policyPlace, "allowMultipleAllocations must be true"));
    },
  });
  if (before === undefined || !semanticEqual(before.taints ?? [], taints ?? [])) {
    addListErrors(errors, taints, place.child("taints"), { max: maxTaints, each: addTaintErrors });
  }
  addListErrors(errors, device.consumesCounters, place.child("consumesCounters"), {
    max: maxConsumptions,
    key: ({ counterSet }) => counterSet,
    each(found, { counterSet = "", counters = {} }, at) {
      if (counterSet === "") found.push(required(at.child("counterSet")));
      else addLabelErrors(found, counterSet, at.child("counterSet"));
      addCounterErrors(found, counters, at.child("counters"));
    },
  });
  if (ownNodes) addNodeErrors(errors, device, place);
  else if (device.nodeName !== undefined || device.nodeSelector !== undefined || device.allNodes !== undefined) {
    const detail =
      "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    errors.push(invalid(place, null, detail));
  }
  addBindingErrors(errors, device, place);
}

function addNodeErrors(errors: Errors, { nodeName, nodeSelector, allNodes }: Device, place: Path): void {
  const said: string[] = [];
  if (nodeName === "") errors.push(invalid(place.child("nodeName"), nodeName, "must not be empty"));
  else if (nodeName !== undefined) {
    said.push("`nodeName`");
    addMessages(errors, nameIsDNSSubdomain(nodeName, false), place.child("nodeName"), nodeName);
  }
  if (nodeSelector !== undefined) {
    said.push("`nodeSelector`");
    validateNodeSelector({ errors }, nodeSelector, place.child("nodeSelector"));
  }
  if (allNodes === true) said.push("`allNodes`");
  else if (allNodes === false) {
    errors.push(invalid(place.child("allNodes"), false, "must be either unset or set to true"));
  }
  if (said.length === 1) return;
  const one =
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
  errors.push(said.length === 0 ? required(place, one) : invalid(place, `{${said.join(", ")}}`, one));
}

const number = "(0|[1-9]\\d*)";
const before = "(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";
const build = "[0-9a-zA-Z-]+";
const semver = new RegExp(
  `^${number}\\.${number}\\.${number}(-${before}(\\.${before})*)?(\\+${build}(\\.${build})*)?$`,
);

function addAttributeErrors(errors: Errors, attribute: DeviceAttribute, place: Path): void {
  const { string: text, version } = attribute;
  if (text !== undefined && byteLength(text) > maxAttributeText) {
    errors.push(tooLong(place.child("string"), maxAttributeText));
  }
  if (version !== undefined) {
    const at = place.child("version");
    if (!semver.test(version)) {
      errors.push(invalid(at, version, "must be a string compatible with semver.org spec 2.0.0"));
    }
    if (byteLength(version) > maxAttributeText) errors.push(tooLong(at, maxAttributeText));
  }
  const values = [attribute.bool, attribute.int, text, version].filter((value) => value !== undefined).length;
  if (values === 1) return;
  errors.push(
    invalid(
      place,
      values === 0 ? "" : internalValue("DeviceAttribute", attribute),
      "exactly one value must be specified",
    ),
  );
}

function addTaintErrors(errors: Errors, { key = "", value = "", effect = "" }: DeviceTaint, place: Path): void {
  errors.push(...validateLabelName(key, place.child("key")));
  if (value !== "") addMessages(errors, isValidLabelValue(value), place.child("value"), value);
  if (effect === "") errors.push(required(place.child("effect")));
  else if (!taintEffects.includes(effect)) errors.push(notSupported(place.child("effect"), effect, taintEffects));
}
