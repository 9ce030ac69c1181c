import { forbidden, invalid, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { byteLength } from "../../../apimachinery/text/go-quote.ts";
import { rangeMessage } from "../../../apimachinery/validation/messages.ts";
import { validateNamespaceName } from "../../../apimachinery/validation/names.ts";
import type { SecretReference, PersistentVolumeSpec as Spec, Volume } from "../../generated/types/core-v1.ts";
import { type Check, checkLabel, checkRequired, checkSubdomain } from "./pod/validation/check.ts";
import { iscsiNameFormats } from "./pod/validation/iscsi.ts";
import { validateNoBacksteps } from "./pod/validation/paths.ts";
import { isCSIDriverName } from "./pod/validation/volume-checks.ts";
import { volumeKinds } from "./pod/validation/volume-kinds.ts";

// Rules: pkg/apis/core/validation ValidatePersistentVolumeSpec, the part of its sources.

type Errors = Pick<Check, "errors">;
type Kind = Exclude<keyof Spec & string, "capacity" | "accessModes">;

interface Source {
  readonly kind: Kind;
  /** The name upstream's paths have where it is not the field's. */
  readonly at?: string;
  /** The name that the error of a second source has where it is not the field's. */
  readonly again?: string;
  /** May stand beside others without being blamed for it. */
  readonly never?: true;
  readonly validate: (check: Errors, spec: Spec, place: Path, name: string) => void;
}

/** A source that pods have in the same form. */
function asInPods(kind: Kind): Source {
  const found = volumeKinds.find((one) => one.kind === kind)!;
  const { at, again } = found;
  return {
    kind,
    ...(at === undefined ? {} : { at }),
    ...(again === undefined ? {} : { again }),
    validate: (check, spec, place) =>
      found.validate(check as Check, { name: "", [kind]: spec[kind] } as unknown as Volume, place),
  };
}

function validateGlusterfs(check: Errors, { glusterfs }: Spec, place: Path): void {
  checkRequired(check, place.child("endpoints"), glusterfs?.endpoints);
  checkRequired(check, place.child("path"), glusterfs?.path);
  const namespace = glusterfs?.endpointsNamespace;
  if (namespace === undefined) return;
  const at = place.child("endpointsNamespace");
  const messages =
    namespace === ""
      ? ["if the endpointnamespace is set, it must be a valid namespace name"]
      : validateNamespaceName(namespace, false);
  for (const message of messages) check.errors.push(invalid(at, namespace, message));
}

function validateISCSI(check: Errors, { iscsi }: Spec, place: Path, name: string): void {
  const { targetPortal = "", iqn = "", lun = 0, initiatorName, secretRef } = iscsi as NonNullable<Spec["iscsi"]>;
  checkRequired(check, place.child("targetPortal"), targetPortal);
  if (initiatorName !== undefined && byteLength(`${name}:${targetPortal}`) > 64) {
    const detail =
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
    check.errors.push(invalid(place.child("targetportal"), targetPortal, detail));
  }
  if (iqn === "") check.errors.push(required(place.child("iqn")));
  else checkISCSIName(check, place.child("iqn"), iqn);
  if (lun < 0 || lun > 255) check.errors.push(invalid(place.child("lun"), lun, rangeMessage(0, 255)));
  const needsSecret = iscsi?.chapAuthDiscovery || iscsi?.chapAuthSession;
  if (needsSecret && secretRef === undefined) check.errors.push(required(place.child("secretRef")));
  if (secretRef !== undefined) checkRequired(check, place.child("secretRef", "name"), secretRef.name);
  if (initiatorName !== undefined) checkISCSIName(check, place.child("initiatorname"), initiatorName);
}

function checkISCSIName(check: Errors, place: Path, name: string): void {
  if (iscsiNameFormats[name.slice(0, 3)]?.test(name) !== true) {
    check.errors.push(invalid(place, name, "must be valid format"));
  }
}

/** Of these, a secret has a namespace too, and both are only asked for. */
function checkSecret(check: Errors, secret: SecretReference | undefined, place: Path): void {
  if (secret === undefined) return;
  checkRequired(check, place.child("secretRef", "name"), secret.name);
  checkRequired(check, place.child("secretRef", "namespace"), secret.namespace);
}

function validateStorageOS(check: Errors, { storageos }: Spec, place: Path): void {
  const { volumeName = "", volumeNamespace = "", secretRef } = storageos ?? {};
  if (volumeName === "") check.errors.push(required(place.child("volumeName")));
  else checkLabel(check, place.child("volumeName"), volumeName);
  if (volumeNamespace !== "") checkLabel(check, place.child("volumeNamespace"), volumeNamespace);
  checkSecret(check, secretRef as SecretReference | undefined, place);
}

function validateLocal(check: Errors, { local }: Spec, place: Path): void {
  if (!local?.path) check.errors.push(required(place.child("path")));
  else validateNoBacksteps(check, local.path, place.child("path"));
}

const csiSecrets = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef",
] as const;

function validateCSI(check: Errors, { csi }: Spec, place: Path): void {
  check.errors.push(...isCSIDriverName(csi?.driver ?? "", place.child("driver")));
  checkRequired(check, place.child("volumeHandle"), csi?.volumeHandle);
  for (const field of csiSecrets) {
    const secret = csi?.[field];
    if (secret === undefined) continue;
    const at = place.child(field);
    if (!secret.name) check.errors.push(required(at.child("name")));
    else checkSubdomain(check, at.child("name"), secret.name);
    if (!secret.namespace) check.errors.push(required(at.child("namespace")));
    else checkLabel(check, at.child("namespace"), secret.namespace);
  }
}

/** In upstream's order: the first that is set is the volume's. */
const sources: readonly Source[] = [
  asInPods("hostPath"),
  asInPods("gcePersistentDisk"),
  asInPods("awsElasticBlockStore"),
  { kind: "glusterfs", validate: validateGlusterfs },
  asInPods("flocker"),
  asInPods("nfs"),
  asInPods("rbd"),
  asInPods("quobyte"),
  asInPods("cephfs"),
  { kind: "iscsi", validate: validateISCSI },
  {
    kind: "cinder",
    validate(check, { cinder }, place) {
      checkRequired(check, place.child("volumeID"), cinder?.volumeID);
      checkSecret(check, cinder?.secretRef, place);
    },
  },
  asInPods("fc"),
  { ...asInPods("flexVolume"), never: true },
  {
    kind: "azureFile",
    validate(check, { azureFile }, place) {
      checkRequired(check, place.child("secretName"), azureFile?.secretName);
      checkRequired(check, place.child("shareName"), azureFile?.shareName);
      if (azureFile?.secretNamespace === "") check.errors.push(required(place.child("secretNamespace")));
    },
  },
  asInPods("vsphereVolume"),
  asInPods("photonPersistentDisk"),
  asInPods("portworxVolume"),
  asInPods("azureDisk"),
  asInPods("scaleIO"),
  { kind: "local", validate: validateLocal },
  { kind: "storageos", validate: validateStorageOS },
  { kind: "csi", validate: validateCSI },
];

/** `inline`: in an attachment, where no volume has an affinity. */
export function addVolumeSourceErrors(
  check: Errors,
  spec: Spec,
  options: { readonly name: string; readonly inline?: boolean },
  place: Path,
): void {
  const { name } = options;
  let found = false;
  for (const source of sources) {
    if (spec[source.kind] === undefined) continue;
    if (found && !source.never) {
      const at = place.child(source.again ?? source.kind);
      check.errors.push(forbidden(at, "may not specify more than 1 volume type"));
      continue;
    }
    found = true;
    source.validate(check, spec, place.child(source.at ?? source.kind), name);
    if (source.kind === "local" && (options.inline || spec.nodeAffinity === undefined)) {
      check.errors.push(required(place.child("nodeAffinity"), "Local volume requires node affinity"));
    }
  }
  if (!found) check.errors.push(required(place, "must specify a volume type"));
  if (isRoot(spec.hostPath?.path) && spec.persistentVolumeReclaimPolicy === "Recycle") {
    const detail = "may not be 'recycle' for a hostPath mount of '/'";
    check.errors.push(forbidden(place.child("persistentVolumeReclaimPolicy"), detail));
  }
}

/** Whether a path comes to `/` once dots are resolved. */
function isRoot(path: string | undefined): boolean {
  if (path === undefined || !path.startsWith("/")) return false;
  let depth = 0;
  for (const part of path.split("/")) {
    if (part === "..") depth = Math.max(0, depth - 1);
    else if (part !== "" && part !== ".") depth++;
  }
  return depth === 0;
}
