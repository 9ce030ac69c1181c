import type { Path } from "../../../../apimachinery/field/path.ts";
import type { Container, EphemeralContainer, PodSpec } from "../../../generated/types/core-v1.ts";

export type ContainerList = "initContainers" | "containers" | "ephemeralContainers";

/** A container of any kind and where it stands in its pod. */
export interface PlacedContainer {
  readonly container: Container | EphemeralContainer;
  readonly list: ContainerList;
  readonly index: number;
}

const lists: readonly ContainerList[] = ["initContainers", "containers", "ephemeralContainers"];

/** All containers in upstream's order of visit: init, ordinary, ephemeral (pkg/apis/core/pods VisitContainersWithPath). */
export function containersOf(spec: Partial<PodSpec> | undefined): PlacedContainer[] {
  const result: PlacedContainer[] = [];
  for (const list of lists) {
    spec?.[list]?.forEach((container, index) => {
      result.push({ container, list, index });
    });
  }
  return result;
}

export function containerPath(specPath: Path, { list, index }: PlacedContainer): Path {
  return specPath.child(list).index(index);
}

/** A sidecar: an init container that keeps running. */
export function isRestartableInitContainer(container: { readonly restartPolicy?: string } | undefined): boolean {
  return container?.restartPolicy === "Always";
}
