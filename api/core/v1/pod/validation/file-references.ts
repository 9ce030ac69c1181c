import { invalid, notFound } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { PodSpec } from "../../../../generated/types/core-v1.ts";
import type { Check } from "./check.ts";

const lists = ["initContainers", "containers", "ephemeralContainers"] as const;

/** A variable read from a file needs an emptyDir to read it from (validateFileKeyRefVolumes). */
export function validateFileReferences(check: Check, spec: PodSpec, specPath: Path): void {
  for (const list of lists) {
    spec[list]?.forEach((container, c) => {
      container.env?.forEach((variable, i) => {
        const reference = variable.valueFrom?.fileKeyRef;
        if (reference === undefined) return;
        const name = reference.volumeName ?? "";
        const at = specPath.child(list).index(c).child("env").index(i).child("valueFrom", "fileKeyRef", "volumeName");
        const volume = spec.volumes?.findLast((one) => one.name === name);
        if (volume === undefined) check.errors.push(notFound(at, name));
        else if (volume.emptyDir === undefined) {
          check.errors.push(invalid(at, name, "referenced volume must be of type emptyDir"));
        }
      });
    });
  }
}
