import { forbidden, invalid, notFound, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { Container, EphemeralContainer, VolumeDevice, VolumeMount } from "../../../../generated/types/core-v1.ts";
import type { PodCheck } from "./check.ts";
import { stepsBack, validateDescendingPath } from "./paths.ts";

const none: readonly never[] = [];
const propagations = ["Bidirectional", "HostToContainer", "None"];
const recursiveReadOnlyModes = ["Disabled", "Enabled", "IfPossible"];

/** pkg/apis/core/validation ValidateVolumeMounts and ValidateVolumeDevices of one container. */
export function validateMounts(check: PodCheck, container: Container | EphemeralContainer, place: Path): void {
  const mounts = container.volumeMounts ?? none;
  const devices = container.volumeDevices ?? none;
  if (mounts.length > 0) validateVolumeMounts(check, container, place.child("volumeMounts"));
  if (devices.length > 0) validateVolumeDevices(check, { mounts, devices }, place.child("volumeDevices"));
}

function validateVolumeMounts(check: PodCheck, container: Container | EphemeralContainer, place: Path): void {
  const { volumeMounts: mounts = none, volumeDevices: devices = none } = container;
  const paths = new Set<string>();
  mounts.forEach((mount, i) => {
    const at = place.index(i);
    const { name = "", mountPath = "", subPath = "", subPathExpr = "" } = mount;
    if (name === "") check.errors.push(required(at.child("name")));
    if (!check.volumes.has(name)) check.errors.push(notFound(at.child("name"), name));
    if (mountPath === "") check.errors.push(required(at.child("mountPath")));
    if (paths.has(mountPath)) check.errors.push(invalid(at.child("mountPath"), mountPath, "must be unique"));
    paths.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      check.errors.push(invalid(at.child("name"), name, "must not already exist in volumeDevices"));
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      const detail = "must not already exist as a path in volumeDevices";
      check.errors.push(invalid(at.child("mountPath"), mountPath, detail));
    }
    if (subPath !== "") validateDescendingPath(check, subPath, place.child("subPath"));
    if (subPathExpr !== "") {
      if (subPath !== "") {
        const detail = "subPathExpr and subPath are mutually exclusive";
        check.errors.push(invalid(at.child("subPathExpr"), subPathExpr, detail));
      }
      validateDescendingPath(check, subPathExpr, place.child("subPathExpr"));
    }
    validatePropagation(check, mount, container, place.child("mountPropagation"));
    validateRecursiveReadOnly(check, mount, place.child("recursiveReadOnly"));
  });
}

function validatePropagation(
  check: PodCheck,
  { mountPropagation: mode }: VolumeMount,
  container: Container | EphemeralContainer,
  place: Path,
): void {
  if (mode === undefined) return;
  if (!propagations.includes(mode)) check.errors.push(notSupported(place, mode, propagations));
  if (mode === "Bidirectional" && container.securityContext?.privileged !== true) {
    const detail = "Bidirectional mount propagation is available only to privileged containers";
    check.errors.push(forbidden(place, detail));
  }
}

function validateRecursiveReadOnly(check: PodCheck, mount: VolumeMount, place: Path): void {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined || mode === "Disabled") return;
  if (!recursiveReadOnlyModes.includes(mode)) {
    check.errors.push(notSupported(place, mode, recursiveReadOnlyModes));
    return;
  }
  if (mount.readOnly !== true) check.errors.push(forbidden(place, "may only be specified when readOnly is true"));
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== "None") {
    const detail = "may only be specified when mountPropagation is None or not specified";
    check.errors.push(forbidden(place, detail));
  }
}

interface MountsAndDevices {
  readonly mounts: readonly VolumeMount[];
  readonly devices: readonly VolumeDevice[];
}

function validateVolumeDevices(check: PodCheck, { mounts, devices }: MountsAndDevices, place: Path): void {
  const paths = new Set<string>();
  const names = new Set<string>();
  devices.forEach(({ name = "", devicePath = "" }, i) => {
    const at = place.index(i);
    const bad = (field: string, value: string, detail: string) =>
      check.errors.push(invalid(at.child(field), value, detail));
    const volume = check.volumes.get(name);
    if (name === "") check.errors.push(required(at.child("name")));
    if (names.has(name)) bad("name", name, "must be unique");
    if (volume !== undefined && volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      bad("name", name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    }
    if (volume === undefined) check.errors.push(notFound(at.child("name"), name));
    if (devicePath === "") check.errors.push(required(at.child("devicePath")));
    if (paths.has(devicePath)) bad("devicePath", devicePath, "must be unique");
    if (stepsBack(devicePath)) bad("devicePath", devicePath, "can not contain backsteps ('..')");
    else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) bad("name", name, "must not already exist in volumeMounts");
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      bad("devicePath", devicePath, "must not already exist as a path in volumeMounts");
    }
    if (name !== "") names.add(name);
  });
}
