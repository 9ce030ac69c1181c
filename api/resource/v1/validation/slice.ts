import { invalid, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { isPresent } from "../../../../apimachinery/schema/sent-empty.ts";
import { validateImmutableField } from "../../../../apimachinery/validation/immutable.ts";
import { nameIsDNSSubdomain } from "../../../../apimachinery/validation/names.ts";
import { validateNodeSelector } from "../../../core/v1/pod/validation/affinity.ts";
import type { CounterSet, ResourcePool, ResourceSliceSpec } from "../../../generated/types/resource-v1.ts";
import { internalValue } from "../../../internal-values.ts";
import { addMessages } from "../../../validation.ts";
import { addDriverErrors, addLabelErrors, addListErrors, addPoolErrors, type Errors } from "./common.ts";
import { addCounterErrors } from "./counters.ts";
import { addDeviceErrors } from "./device.ts";

// Rules: pkg/apis/resource/validation ValidateResourceSlice.

const maxDevices = 128;
/** With taints or counters, which cost the scheduler more. */
const maxAdvancedDevices = 64;
const maxCounterSets = 8;

export function addSliceErrors(
  errors: Errors,
  spec: ResourceSliceSpec,
  old: ResourceSliceSpec | undefined,
  place: Path,
): void {
  const { devices = [], perDeviceNodeSelection } = spec;
  addDriverErrors(errors, spec.driver ?? "", place.child("driver"));
  addResourcePoolErrors(errors, spec.pool, place.child("pool"));
  if (old !== undefined) addChangeErrors(errors, spec, old, place);
  addNodeErrors(errors, spec, place);
  if (isPresent(spec, "sharedCounters") && isPresent(spec, "devices")) {
    errors.push(invalid(place, "", "only one of `sharedCounters` or `devices` is allowed"));
  }
  const advanced = devices.some(({ taints, consumesCounters }) => taints?.length || consumesCounters?.length);
  addListErrors(errors, devices, place.child("devices"), {
    max: advanced ? maxAdvancedDevices : maxDevices,
    key: ({ name }) => name,
    each(found, device, at) {
      const before = old?.devices?.find(({ name }) => name === device.name);
      addDeviceErrors(found, device, at, { before, ownNodes: perDeviceNodeSelection === true });
    },
  });
  addListErrors(errors, spec.sharedCounters, place.child("sharedCounters"), {
    max: maxCounterSets,
    key: ({ name }) => name,
    each: addCounterSetErrors,
  });
}

function addResourcePoolErrors(errors: Errors, pool: Partial<ResourcePool> = {}, place: Path): void {
  const { name = "", resourceSliceCount = 0, generation = 0 } = pool;
  addPoolErrors(errors, name, place.child("name"));
  if (resourceSliceCount <= 0) {
    errors.push(invalid(place.child("resourceSliceCount"), resourceSliceCount, "must be greater than zero"));
  }
  if (generation < 0)
    errors.push(invalid(place.child("generation"), generation, "must be greater than or equal to zero"));
}

function addChangeErrors(errors: Errors, spec: ResourceSliceSpec, old: ResourceSliceSpec, place: Path): void {
  errors.push(
    ...validateImmutableField(spec.pool?.name, old.pool?.name, place.child("pool", "name")),
    ...validateImmutableField(spec.driver, old.driver, place.child("driver")),
    ...validateImmutableField(spec.nodeName, old.nodeName, place.child("nodeName")),
  );
}

/** Exactly one way to say which nodes reach the devices. */
function addNodeErrors(errors: Errors, spec: ResourceSliceSpec, place: Path): void {
  const said: string[] = [];
  const { nodeName, nodeSelector } = spec;
  if (nodeName === "") {
    errors.push(invalid(place.child("nodeName"), nodeName, "must be either unset or set to a non-empty string"));
  } else if (nodeName !== undefined) {
    said.push("`nodeName`");
    addMessages(errors, nameIsDNSSubdomain(nodeName, false), place.child("nodeName"), nodeName);
  }
  if (nodeSelector !== undefined) {
    said.push("`nodeSelector`");
    const at = place.child("nodeSelector");
    validateNodeSelector({ errors }, nodeSelector, at);
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      errors.push(
        invalid(
          at.child("nodeSelectorTerms"),
          internalValue("NodeSelectorTerm", nodeSelector.nodeSelectorTerms),
          "must have exactly one node selector term",
        ),
      );
    }
  }
  for (const field of ["allNodes", "perDeviceNodeSelection"] as const) {
    if (spec[field] === true) said.push(`\`${field}\``);
    else if (spec[field] === false)
      errors.push(invalid(place.child(field), false, "must be either unset or set to true"));
  }
  const one = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
  if (said.length === 0) errors.push(required(place, one));
  else if (said.length > 1) errors.push(invalid(place, `{${said.join(", ")}}`, `${one}, but multiple fields are set`));
}

function addCounterSetErrors(errors: Errors, { name = "", counters = {} }: Partial<CounterSet>, place: Path): void {
  if (name === "") errors.push(required(place.child("name")));
  else addLabelErrors(errors, name, place.child("name"));
  addCounterErrors(errors, counters, place.child("counters"));
}
