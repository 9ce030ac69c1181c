import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { isValidLabelValue } from "../../../apimachinery/validation/labels.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeSpec as Spec,
} from "../../generated/types/core-v1.ts";
import { goMap } from "../../go-values.ts";
import { internalValue } from "../../internal-values.ts";
import { jsonDiff } from "../../json-diff.ts";
import { addMessages } from "../../validation.ts";
import { addVolumeSourceErrors } from "./persistent-volume-sources.ts";
import { validateNodeSelector } from "./pod/validation/affinity.ts";
import { addAccessModeErrors, addNegativeErrors, addPositiveErrors, volumeModes } from "./volume-access.ts";

// Rules: pkg/apis/core/validation ValidatePersistentVolumeSpec, ValidatePersistentVolumeUpdate.

const specPath = path("spec");
const capacityPath = specPath.child("capacity");
const reclaimPolicies = ["Delete", "Recycle", "Retain"];

/** Fields of the spec that are not of a source. */
const common: readonly string[] = [
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
];

type Volume = Pick<PersistentVolume, "metadata" | "spec">;

export function volumeErrors({ metadata, spec }: Volume, old: Volume | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  addSpecErrors(errors, spec, metadata.name ?? "", old?.spec);
  if (!takesMountOptions(spec) && metadata.annotations?.[mountOptions] !== undefined) {
    const place = path("metadata", "annotations", mountOptions);
    errors.push(forbidden(place, "may not specify mount options for this volume type"));
  }
  if (old === undefined) return errors;
  // Once more, as upstream tells what is wrong with a changed volume.
  addSpecErrors(errors, spec, metadata.name ?? "", old.spec);
  addChangeErrors(errors, spec, old.spec);
  return errors;
}

const mountOptions = "volume.beta.kubernetes.io/mount-options";
const mounted = [
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "nfs",
  "rbd",
  "quobyte",
  "iscsi",
  "cinder",
  "cephfs",
  "azureFile",
  "vsphereVolume",
  "azureDisk",
  "photonPersistentDisk",
] as const;

/** pkg/volume/validation checkMountOption. */
function takesMountOptions(spec: Spec): boolean {
  return mounted.some((kind) => spec[kind] !== undefined);
}

function addSpecErrors(errors: FieldError[], spec: Spec, name: string, old: Spec | undefined): void {
  addAccessErrors(errors, spec, specPath);
  addAmountErrors(errors, spec);
  addAffinityErrors(errors, spec, old);
  addVolumeSourceErrors({ errors }, spec, { name }, specPath);
  addClassErrors(errors, spec);
}

/** A volume in an attachment, which only a CSI driver has: it says nothing of claims and classes. */
export function addInlineVolumeErrors(errors: FieldError[], spec: Spec, place: Path): void {
  const refuse = (field: string, detail = "may not be specified in the context of inline volumes") =>
    errors.push(forbidden(place.child(field), detail));
  if (spec.claimRef !== undefined) refuse("claimRef");
  if (Object.keys(spec.capacity ?? {}).length > 0) refuse("capacity");
  if (spec.csi === undefined) {
    errors.push(required(place.child("csi"), "has to be specified in the context of inline volumes"));
  }
  addAccessErrors(errors, spec, place);
  if (spec.persistentVolumeReclaimPolicy && spec.persistentVolumeReclaimPolicy !== "Retain") {
    refuse("persistentVolumeReclaimPolicy", "may only be Retain in the context of inline volumes");
  }
  if (spec.nodeAffinity !== undefined) refuse("nodeAffinity");
  addVolumeSourceErrors({ errors }, spec, { name: "", inline: true }, place);
  if (spec.storageClassName) refuse("storageClassName");
  if (spec.volumeMode !== undefined && spec.volumeMode !== "Filesystem") {
    refuse("volumeMode", "may not specify volumeMode other than Filesystem in the context of inline volumes");
  }
}

function addAccessErrors(errors: FieldError[], { accessModes = [] }: Spec, place: Path): void {
  if (accessModes.length === 0) errors.push(required(place.child("accessModes")));
  addAccessModeErrors(errors, accessModes, place.child("accessModes"));
}

function addAmountErrors(errors: FieldError[], spec: Spec): void {
  const { capacity, persistentVolumeReclaimPolicy: policy } = spec;
  const amounts = Object.entries(capacity ?? {});
  if (amounts.length === 0) errors.push(required(capacityPath));
  if (capacity?.["storage"] === undefined || amounts.length > 1) {
    errors.push(notSupported(capacityPath, goMap(capacity), ["storage"]));
  }
  for (const [name, amount] of amounts) {
    addNegativeErrors(errors, amount, capacityPath.key(name));
    addPositiveErrors(errors, amount, capacityPath.key(name));
  }
  if (policy && !reclaimPolicies.includes(policy)) {
    errors.push(notSupported(specPath.child("persistentVolumeReclaimPolicy"), policy, reclaimPolicies));
  }
}

function addAffinityErrors(errors: FieldError[], { nodeAffinity }: Spec, old: Spec | undefined): void {
  if (nodeAffinity === undefined) return;
  const place = specPath.child("nodeAffinity", "required");
  if (nodeAffinity.required === undefined) {
    errors.push(required(place, "must specify required node constraints"));
    return;
  }
  const before = old?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const values = before.flatMap(({ matchExpressions = [] }) => matchExpressions.flatMap((one) => one.values ?? []));
  // What was stored before values were checked may stay.
  const checkValues = values.every((value) => isValidLabelValue(value).length === 0);
  validateNodeSelector({ errors }, nodeAffinity.required, place, { checkValues });
}

function addClassErrors(errors: FieldError[], spec: Spec): void {
  const { storageClassName, volumeMode, volumeAttributesClassName: attributes } = spec;
  if (storageClassName) {
    const messages = nameIsDNSSubdomain(storageClassName, false);
    addMessages(errors, messages, specPath.child("storageClassName"), storageClassName);
  }
  if (volumeMode !== undefined && !volumeModes.includes(volumeMode)) {
    errors.push(notSupported(specPath.child("volumeMode"), volumeMode, volumeModes));
  }
  if (attributes === undefined) return;
  const place = specPath.child("volumeAttributesClassName");
  if (attributes === "") errors.push(required(place, "an empty string is disallowed"));
  else addMessages(errors, nameIsDNSSubdomain(attributes, false), place, attributes);
  if (spec.csi === undefined) {
    errors.push(required(specPath.child("csi"), "has to be specified when using volumeAttributesClassName"));
  }
}

function sourceOf(spec: Spec): object {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !common.includes(field)));
}

function addChangeErrors(errors: FieldError[], spec: Spec, old: Spec): void {
  const [now, before] = [sourceOf(withAllowedSecret(spec, old)), sourceOf(old)];
  if (!semanticEqual(now, before)) {
    const shown = (one: object) => internalValue("PersistentVolumeSource", one);
    const detail = `spec.persistentvolumesource is immutable after creation\n${jsonDiff(shown(before), shown(now))}`;
    errors.push(forbidden(specPath.child("persistentvolumesource"), detail));
  }
  errors.push(...validateImmutableField(spec.volumeMode, old.volumeMode, path("volumeMode")));
  if (old.nodeAffinity !== undefined && !semanticEqual(spec.nodeAffinity, withNewLabels(old, spec))) {
    const detail = "field is immutable, except for updating from beta label to GA";
    errors.push(invalid(path("nodeAffinity"), internalValue("VolumeNodeAffinity", spec.nodeAffinity), detail));
  }
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    const detail = "update from non-nil value to nil is forbidden";
    errors.push(forbidden(specPath.child("volumeAttributesClassName"), detail));
  }
}

/** The secret for expansion may be named later, once. */
function withAllowedSecret(spec: Spec, old: Spec): Spec {
  if (old.csi === undefined || spec.csi === undefined || old.csi.controllerExpandSecretRef !== undefined) return spec;
  const { controllerExpandSecretRef: _, ...csi } = spec.csi;
  return { ...spec, csi };
}

/** Labels of nodes that have had another name since. */
const newLabels: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
};

/** The affinity as it was, with those labels under their new names that bear them now. */
function withNewLabels({ nodeAffinity: old }: Spec, { nodeAffinity: now }: Spec): Spec["nodeAffinity"] {
  if (old?.required === undefined) return old;
  const rename = (list: readonly NodeSelectorRequirement[] | undefined, others: typeof list) =>
    list?.map((one, i) =>
      newLabels[one.key] === others?.[i]?.key ? { ...one, key: newLabels[one.key] ?? one.key } : one,
    );
  const terms = (old.required.nodeSelectorTerms ?? []).map((term, i): NodeSelectorTerm => {
    const other = now?.required?.nodeSelectorTerms?.[i];
    const [expressions, fields] = [
      rename(term.matchExpressions, other?.matchExpressions),
      rename(term.matchFields, other?.matchFields),
    ];
    return {
      ...(expressions === undefined ? {} : { matchExpressions: expressions }),
      ...(fields === undefined ? {} : { matchFields: fields }),
    };
  });
  return { required: { nodeSelectorTerms: terms } };
}
