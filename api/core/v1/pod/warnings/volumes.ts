import type { Path } from "../../../../../apimachinery/field/path.ts";
import { goQuote } from "../../../../../apimachinery/text/go-quote.ts";
import type { PersistentVolumeClaimSpec, PodSpec, Volume } from "../../../../generated/types/core-v1.ts";
import { isWhole } from "../resource-list.ts";

/** Kinds of volume without a future: the field, its name in upstream's text, and what became of it. */
const deprecated: readonly (readonly [keyof Volume, string, string])[] = [
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

export function* volumeWarnings({ volumes = [] }: PodSpec, specPath: Path): Iterable<string> {
  for (const [i, volume] of volumes.entries()) {
    const at = specPath.child("volumes").index(i);
    for (const [field, name, message] of deprecated) {
      if (volume[field] !== undefined) yield `${at.child(name)}: ${message}`;
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    if (claim !== undefined) yield* claimWarnings(claim, at.child("ephemeral", "volumeClaimTemplate", "spec"));
  }
}

/** Bytes come whole (GetWarningsForPersistentVolumeClaimSpec). */
export function* claimWarnings({ resources }: Partial<PersistentVolumeClaimSpec>, place: Path): Iterable<string> {
  for (const kind of ["requests", "limits"] as const) {
    const storage = resources?.[kind]?.["storage"];
    if (storage === undefined || isWhole(storage)) continue;
    const at = place.child("resources", kind).key("storage");
    yield `${at}: fractional byte value ${goQuote(storage)} is invalid, must be an integer`;
  }
}
