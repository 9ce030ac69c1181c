import { containerPath, containersOf } from "../../../api/core/v1/pod/containers.ts";
import type { Pod } from "../../../api/generated/types/core-v1.ts";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { formatAggregate, formatFieldError, notSupported } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import { concerns, newObject, refused } from "../refusal.ts";

/**
 * Every start of a container asks for its image: whoever has no credentials for it cannot use the copy that others brought
 * (plugin/pkg/admission/alwayspullimages).
 */
export const alwaysPullImages: AdmissionPlugin = {
  name: "AlwaysPullImages",
  handles: (attributes) =>
    concerns(attributes, "", "pods") &&
    (attributes.operation === "CREATE" || (attributes.operation === "UPDATE" && bringsImages(attributes))),
  admit({ object }) {
    const { spec } = object as Draft<Pod>;
    const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
    for (const container of containers) container.imagePullPolicy = "Always";
    for (const { image } of spec.volumes ?? []) if (image !== undefined) image.pullPolicy = "Always";
  },
  validate(attributes) {
    const { spec } = newObject<Pod>(attributes);
    const errors: FieldError[] = [];
    for (const placed of containersOf(spec)) {
      const policy = placed.container.imagePullPolicy;
      if (policy === "Always") continue;
      const place = containerPath(path("spec"), placed).child("imagePullPolicy");
      errors.push(notSupported(place, policy ?? "", ["Always"]));
    }
    for (const [i, { image }] of (spec.volumes ?? []).entries()) {
      if (image === undefined || image.pullPolicy === "Always") continue;
      const place = path("spec", "volumes").index(i).child("image", "pullPolicy");
      errors.push(notSupported(place, image.pullPolicy ?? "", ["Always"]));
    }
    if (errors.length === 0) return;
    // Upstream joins whole refusals, and what comes of it is an internal error unless there is but one.
    const refusals = errors.map((error) => refused(attributes, formatFieldError(error)));
    throw refusals.length === 1 ? refusals[0]! : new Error(formatAggregate(refusals.map(({ message }) => message)));
  },
};

function bringsImages(attributes: AdmissionAttributes): boolean {
  const images = ({ spec }: Pod) => containersOf(spec).map(({ container }) => container.image);
  const old = new Set(images(attributes.oldObject as Pod));
  return images(newObject<Pod>(attributes)).some((image) => !old.has(image));
}
