import { forbidden, invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { nameIsDNSSubdomain } from "../../../../../apimachinery/validation/names.ts";
import type { CSIVolumeSource, ImageVolumeSource, Volume } from "../../../../generated/types/core-v1.ts";
import { isNegative } from "../resource-list.ts";
import { type Check, checkChoice, checkMessages } from "./check.ts";
import { validateClaimTemplate } from "./claim-spec.ts";
import { legacyVolumeKinds } from "./legacy-volumes.ts";
import { validateNoBacksteps } from "./paths.ts";
import { validateProjected } from "./projected.ts";
import { checkFileMode, isCSIDriverName } from "./volume-checks.ts";
import { validateDownwardFile, validateItems } from "./volume-files.ts";

export interface VolumeKind {
  readonly kind: Exclude<keyof Volume, "name">;
  /** The name upstream's paths have where it is not the field's. */
  readonly at?: string;
  /** The same for the error of a second kind. */
  readonly again?: string;
  readonly validate: (check: Check, volume: Volume, place: Path) => void;
}

const pullPolicies = ["Always", "IfNotPresent", "Never"];
const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

function validatePullPolicy(check: Check, policy: string | undefined, place: Path): void {
  checkChoice(check, place, policy, pullPolicies);
}

function validateEmptyDir(check: Check, { emptyDir }: Volume, place: Path): void {
  if (emptyDir?.sizeLimit !== undefined && isNegative(emptyDir.sizeLimit)) {
    check.errors.push(forbidden(place.child("sizeLimit"), "SizeLimit field must be a valid resource quantity"));
  }
}

function validateHostPath(check: Check, { hostPath }: Volume, place: Path): void {
  if (!hostPath?.path) return void check.errors.push(required(place.child("path")));
  validateNoBacksteps(check, hostPath.path, place.child("path"));
  if (hostPath.type !== undefined && !hostPathTypes.includes(hostPath.type)) {
    check.errors.push(notSupported(place.child("type"), hostPath.type, hostPathTypes));
  }
}

function validateSecret(check: Check, { secret }: Volume, place: Path): void {
  if (!secret?.secretName) check.errors.push(required(place.child("secretName")));
  checkFileMode(check, place.child("defaultMode"), secret?.defaultMode);
  validateItems(check, secret?.items, place.child("items"));
}

function validateConfigMap(check: Check, { configMap }: Volume, place: Path): void {
  if (!configMap?.name) check.errors.push(required(place.child("name")));
  checkFileMode(check, place.child("defaultMode"), configMap?.defaultMode);
  validateItems(check, configMap?.items, place.child("items"));
}

function validateDownwardAPI(check: Check, { downwardAPI }: Volume, place: Path): void {
  checkFileMode(check, place.child("defaultMode"), downwardAPI?.defaultMode);
  for (const file of downwardAPI?.items ?? []) validateDownwardFile(check, file, place);
}

function validateClaim(check: Check, { persistentVolumeClaim: claim }: Volume, place: Path): void {
  if (!claim?.claimName) check.errors.push(required(place.child("claimName")));
}

function validateNFS(check: Check, { nfs }: Volume, place: Path): void {
  const path = nfs?.path ?? "";
  if (!nfs?.server) check.errors.push(required(place.child("server")));
  if (path === "") check.errors.push(required(place.child("path")));
  if (!path.startsWith("/")) check.errors.push(invalid(place.child("path"), path, "must be an absolute path"));
}

function validateCSI(check: Check, volume: Volume, place: Path): void {
  const { driver = "", nodePublishSecretRef: secret } = volume.csi as CSIVolumeSource;
  check.errors.push(...isCSIDriverName(driver, place.child("driver")));
  if (secret === undefined) return;
  const name = secret.name ?? "";
  if (name === "") check.errors.push(required(place.child("nodePublishSecretRef", "name")));
  else checkMessages(check, place.child("name"), name, nameIsDNSSubdomain(name, false));
}

function validateEphemeral(check: Check, { ephemeral }: Volume, place: Path): void {
  const at = place.child("volumeClaimTemplate");
  if (ephemeral?.volumeClaimTemplate === undefined) check.errors.push(required(at));
  else validateClaimTemplate(check, ephemeral.volumeClaimTemplate, at);
}

function validateImage(check: Check, volume: Volume, place: Path): void {
  const image = volume.image as ImageVolumeSource;
  if (check.options.resourceIsPod && !image.reference) check.errors.push(required(place.child("reference")));
  validatePullPolicy(check, image.pullPolicy, place.child("pullPolicy"));
}

const legacy = new Map(legacyVolumeKinds.map((kind) => [kind.kind, kind]));
const pick = (kind: VolumeKind["kind"]) => legacy.get(kind)!;

/** All kinds of volume in upstream's order: the first that is set is the volume's. */
export const volumeKinds: readonly VolumeKind[] = [
  { kind: "emptyDir", validate: validateEmptyDir },
  { kind: "hostPath", validate: validateHostPath },
  pick("gitRepo"),
  pick("gcePersistentDisk"),
  pick("awsElasticBlockStore"),
  { kind: "secret", validate: validateSecret },
  { kind: "nfs", validate: validateNFS },
  pick("iscsi"),
  pick("glusterfs"),
  pick("flocker"),
  { kind: "persistentVolumeClaim", validate: validateClaim },
  pick("rbd"),
  pick("cinder"),
  pick("cephfs"),
  pick("quobyte"),
  { kind: "downwardAPI", again: "downwarAPI", validate: validateDownwardAPI },
  pick("fc"),
  pick("flexVolume"),
  { kind: "configMap", validate: validateConfigMap },
  pick("azureFile"),
  pick("vsphereVolume"),
  pick("photonPersistentDisk"),
  pick("portworxVolume"),
  pick("azureDisk"),
  pick("storageos"),
  { kind: "projected", validate: validateProjected },
  pick("scaleIO"),
  { kind: "csi", validate: validateCSI },
  { kind: "ephemeral", validate: validateEphemeral },
  { kind: "image", validate: validateImage },
];
