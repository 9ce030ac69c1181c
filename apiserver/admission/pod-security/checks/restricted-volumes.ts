import type { Volume } from "../../../../api/generated/types/core-v1.ts";
import { type Check, type CheckPod, joinQuote, pluralize, sorted } from "../check.ts";

const allowed: ReadonlySet<string> = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);
/** In the order in which they are looked for: a volume of two kinds is called by the first. */
const restricted = [
  "hostPath",
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "gitRepo",
  "nfs",
  "iscsi",
  "glusterfs",
  "rbd",
  "flexVolume",
  "cinder",
  "cephfs",
  "flocker",
  "fc",
  "azureFile",
  "vsphereVolume",
  "quobyte",
  "azureDisk",
  "photonPersistentDisk",
  "portworxVolume",
  "scaleIO",
  "storageos",
] as const;

const check: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => !Object.keys(volume).some((key) => isSet(volume, key)));
  if (bad.length === 0) return undefined;
  const types = new Set(bad.map((volume) => restricted.find((key) => volume[key] !== undefined) ?? "unknown"));
  const names = joinQuote(bad.map(({ name }) => name));
  const verb = pluralize("uses", "use", bad.length);
  const noun = pluralize("restricted volume type", "restricted volume types", types.size);
  return {
    reason: "restricted volume types",
    detail: `${pluralize("volume", "volumes", bad.length)} ${names} ${verb} ${noun} ${joinQuote(sorted(types))}`,
  };
};

function isSet(volume: Volume, key: string): boolean {
  return allowed.has(key) && volume[key as keyof Volume] !== undefined;
}

/** Volumes come from the cluster's API, from claims, or are empty. */
export const restrictedVolumes: Check = {
  id: "restrictedVolumes",
  level: "restricted",
  versions: [{ since: 0, check, overrides: ["hostPathVolumes"] }],
};
