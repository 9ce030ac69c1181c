import { invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { byteLength } from "../../../../../apimachinery/text/go-quote.ts";
import { rangeMessage } from "../../../../../apimachinery/validation/messages.ts";
import type {
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  Volume,
} from "../../../../generated/types/core-v1.ts";
import { type Check, checkLabel, checkRequired } from "./check.ts";
import { validateISCSI } from "./iscsi.ts";
import { validateDescendingPath } from "./paths.ts";
import type { VolumeKind } from "./volume-kinds.ts";

function validateGitRepo(check: Check, { gitRepo }: Volume, place: Path): void {
  checkRequired(check, place.child("repository"), gitRepo?.repository);
  validateDescendingPath(check, gitRepo?.directory ?? "", place.child("directory"));
}

function checkPartition(check: Check, partition: number | undefined, place: Path): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) {
    check.errors.push(invalid(place.child("partition"), partition, rangeMessage(1, 255)));
  }
}

function validateGCEDisk(check: Check, { gcePersistentDisk: disk }: Volume, place: Path): void {
  checkRequired(check, place.child("pdName"), disk?.pdName);
  checkPartition(check, disk?.partition, place);
}

function validateEBS(check: Check, { awsElasticBlockStore: disk }: Volume, place: Path): void {
  checkRequired(check, place.child("volumeID"), disk?.volumeID);
  checkPartition(check, disk?.partition, place);
}

function validateGlusterfs(check: Check, { glusterfs }: Volume, place: Path): void {
  checkRequired(check, place.child("endpoints"), glusterfs?.endpoints);
  checkRequired(check, place.child("path"), glusterfs?.path);
}

function validateFlocker(check: Check, volume: Volume, place: Path): void {
  const { datasetName = "", datasetUUID = "" } = volume.flocker as FlockerVolumeSource;
  if (datasetName === "" && datasetUUID === "") {
    check.errors.push(required(place, "one of datasetName and datasetUUID is required"));
  }
  if (datasetName !== "" && datasetUUID !== "") {
    check.errors.push(invalid(place, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  }
  if (datasetName.includes("/")) {
    check.errors.push(invalid(place.child("datasetName"), datasetName, "must not contain '/'"));
  }
}

function validateRBD(check: Check, { rbd }: Volume, place: Path): void {
  if (!rbd?.monitors?.length) check.errors.push(required(place.child("monitors")));
  checkRequired(check, place.child("image"), rbd?.image);
}

function checkSecretName(check: Check, secret: { readonly name?: string } | undefined, place: Path): void {
  if (secret !== undefined) checkRequired(check, place.child("secretRef", "name"), secret.name);
}

function validateCinder(check: Check, { cinder }: Volume, place: Path): void {
  checkRequired(check, place.child("volumeID"), cinder?.volumeID);
  checkSecretName(check, cinder?.secretRef, place);
}

function validateCephFS(check: Check, { cephfs }: Volume, place: Path): void {
  if (!cephfs?.monitors?.length) check.errors.push(required(place.child("monitors")));
}

const hostPort = /^(\[[^[\]]*\]|[^[\]:]*):[^[\]:]*$/;

function validateQuobyte(check: Check, { quobyte }: Volume, place: Path): void {
  const registry = quobyte?.registry ?? "";
  const pairs = "must be a host:port pair or multiple pairs separated by commas";
  if (registry === "") check.errors.push(required(place.child("registry"), pairs));
  else if (byteLength(quobyte?.tenant ?? "") >= 65) {
    const detail = "must be a UUID and may not exceed a length of 64 characters";
    check.errors.push(required(place.child("tenant"), detail));
  } else {
    for (const pair of registry.split(",")) {
      if (!hostPort.test(pair)) check.errors.push(invalid(place.child("registry"), registry, pairs));
    }
  }
  checkRequired(check, place.child("volume"), quobyte?.volume);
}

function validateFC(check: Check, volume: Volume, place: Path): void {
  const { targetWWNs = [], wwids = [], lun } = volume.fc as FCVolumeSource;
  const at = place.child("targetWWNs");
  if (targetWWNs.length === 0 && wwids.length === 0) {
    check.errors.push(required(at, "must specify either targetWWNs or wwids, but not both"));
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    check.errors.push(invalid(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously"));
  }
  if (targetWWNs.length === 0) return;
  if (lun === undefined) check.errors.push(required(place.child("lun"), "lun is required if targetWWNs is specified"));
  else if (lun < 0 || lun > 255) check.errors.push(invalid(place.child("lun"), lun, rangeMessage(0, 255)));
}

function validateFlex(check: Check, { flexVolume }: Volume, place: Path): void {
  checkRequired(check, place.child("driver"), flexVolume?.driver);
  for (const key in flexVolume?.options) {
    const domain = `.${key.split("/")[0]!.toLowerCase()}`;
    if (domain.endsWith(".kubernetes.io") || domain.endsWith(".k8s.io")) {
      const detail = "kubernetes.io and k8s.io namespaces are reserved";
      check.errors.push(invalid(place.child("options").key(key), key, detail));
    }
  }
}

function validateAzureFile(check: Check, { azureFile }: Volume, place: Path): void {
  checkRequired(check, place.child("secretName"), azureFile?.secretName);
  checkRequired(check, place.child("shareName"), azureFile?.shareName);
}

const cachingModes = ["None", "ReadOnly", "ReadWrite"];
const diskKinds = ["Dedicated", "Managed", "Shared"];
const managedURI = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const blobURI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

function validateAzureDisk(check: Check, volume: Volume, place: Path): void {
  const { diskName, diskURI = "", cachingMode, kind } = volume.azureDisk as Partial<AzureDiskVolumeSource>;
  checkRequired(check, place.child("diskName"), diskName);
  checkRequired(check, place.child("diskURI"), diskURI);
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    check.errors.push(notSupported(place.child("cachingMode"), cachingMode, cachingModes));
  }
  if (kind === undefined) return;
  if (!diskKinds.includes(kind)) check.errors.push(notSupported(place.child("kind"), kind, diskKinds));
  const managed = kind === "Managed";
  if (!diskURI.startsWith(managed ? "/subscriptions/" : "https://")) {
    check.errors.push(notSupported(place.child("diskURI"), diskURI, [managed ? managedURI : blobURI]));
  }
}

function validateStorageOS(check: Check, { storageos }: Volume, place: Path): void {
  const { volumeName = "", volumeNamespace = "" } = storageos ?? {};
  if (volumeName === "") check.errors.push(required(place.child("volumeName")));
  else checkLabel(check, place.child("volumeName"), volumeName);
  if (volumeNamespace !== "") checkLabel(check, place.child("volumeNamespace"), volumeNamespace);
  checkSecretName(check, storageos?.secretRef, place);
}

function validateScaleIO(check: Check, { scaleIO }: Volume, place: Path): void {
  checkRequired(check, place.child("gateway"), scaleIO?.gateway);
  checkRequired(check, place.child("system"), scaleIO?.system);
  checkRequired(check, place.child("volumeName"), scaleIO?.volumeName);
}

/** Volumes of drivers that left the tree, or will; still part of the API (pkg/apis/core/validation). */
export const legacyVolumeKinds: readonly VolumeKind[] = [
  { kind: "gitRepo", validate: validateGitRepo },
  { kind: "gcePersistentDisk", at: "persistentDisk", validate: validateGCEDisk },
  { kind: "awsElasticBlockStore", validate: validateEBS },
  { kind: "iscsi", validate: validateISCSI },
  { kind: "glusterfs", validate: validateGlusterfs },
  { kind: "flocker", validate: validateFlocker },
  { kind: "rbd", validate: validateRBD },
  { kind: "cinder", validate: validateCinder },
  { kind: "cephfs", again: "cephFS", validate: validateCephFS },
  { kind: "quobyte", validate: validateQuobyte },
  { kind: "fc", validate: validateFC },
  { kind: "flexVolume", validate: validateFlex },
  { kind: "azureFile", validate: validateAzureFile },
  {
    kind: "vsphereVolume",
    validate: (check, { vsphereVolume }, place) =>
      checkRequired(check, place.child("volumePath"), vsphereVolume?.volumePath),
  },
  {
    kind: "photonPersistentDisk",
    validate: (check, { photonPersistentDisk }, place) =>
      checkRequired(check, place.child("pdID"), photonPersistentDisk?.pdID),
  },
  {
    kind: "portworxVolume",
    validate: (check, { portworxVolume }, place) =>
      checkRequired(check, place.child("volumeID"), portworxVolume?.volumeID),
  },
  { kind: "azureDisk", validate: validateAzureDisk },
  { kind: "storageos", validate: validateStorageOS },
  { kind: "scaleIO", validate: validateScaleIO },
];
