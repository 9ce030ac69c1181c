import { duplicate, forbidden, invalid, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { ObjectMeta } from "../../../../../apimachinery/resource/object.ts";
import { nameIsDNSSubdomain } from "../../../../../apimachinery/validation/names.ts";
import type { Volume } from "../../../../generated/types/core-v1.ts";
import { type Check, checkLabel } from "./check.ts";
import { validateInitiator } from "./iscsi.ts";
import { volumeKinds } from "./volume-kinds.ts";

const none: ReadonlyMap<string, Volume> = new Map();
const oneType = "may not specify more than 1 volume type";

/**
 * Checks a pod's volumes and returns the good ones by name, which mounts may refer to (ValidateVolumes).
 * `podName` is empty for a template: then the names of claims to be made are not known.
 */
export function validateVolumes(
  check: Check,
  volumes: readonly Volume[] | undefined,
  place: Path,
  podMeta: Pick<ObjectMeta, "name"> | undefined,
): ReadonlyMap<string, Volume> {
  if (volumes === undefined || volumes.length === 0) return none;
  const podName = podMeta?.name ?? "";
  const good = new Map<string, Volume>();
  volumes.forEach((volume, i) => {
    const at = place.index(i);
    const name = volume.name ?? "";
    const before = check.errors.length;
    validateSource(check, volume, podName, at);
    if (name === "") check.errors.push(required(at.child("name")));
    else checkLabel(check, at.child("name"), name);
    if (good.has(name)) check.errors.push(duplicate(at.child("name"), name));
    if (check.errors.length === before) good.set(name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (podName !== "" && claim !== undefined && volumes.some((v) => v.ephemeral && claim === `${podName}-${v.name}`)) {
      const detail = "must not reference a PVC that gets created for an ephemeral volume";
      check.errors.push(invalid(at.child("persistentVolumeClaim").child("claimName"), claim, detail));
    }
  });
  return good;
}

function validateSource(check: Check, volume: Volume, podName: string, place: Path): void {
  let found = false;
  for (const { kind, at = kind, again = kind, validate } of volumeKinds) {
    if (volume[kind] === undefined) continue;
    if (found) check.errors.push(forbidden(place.child(again), oneType));
    else {
      found = true;
      validate(check, volume, place.child(at));
      if (kind === "ephemeral") validateClaimName(check, volume.name ?? "", podName, place);
    }
    if (kind === "iscsi") validateInitiator(check, volume, place);
  }
  if (!found) check.errors.push(required(place, "must specify a volume type"));
}

/** The claim that an ephemeral volume makes is named after pod and volume. */
function validateClaimName(check: Check, name: string, podName: string, at: Path): void {
  if (podName === "" || name === "") return;
  const claimName = `${podName}-${name}`;
  for (const message of nameIsDNSSubdomain(claimName, false)) {
    check.errors.push(invalid(at.child("name"), name, `PVC name "${claimName}": ${message}`));
  }
}
