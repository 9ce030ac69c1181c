import type { Pod } from "../../../api/generated/types/core-v1.ts";
import { maxScore, type Plugin } from "../../framework/plugin.ts";

const mebibyte = 1024 * 1024;
const leastBytes = 23 * mebibyte;
const mostBytesPerContainer = 1000 * mebibyte;

/**
 * Prefers nodes that have the pod's images already; an image counts the more the more nodes have it, so that the first node
 * that pulled one is not heaped with pods (plugins/imagelocality).
 */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  interests: [],
  preScore({ pod }, snapshot) {
    const images = imagesOf(pod);
    const nodesWith = images.map((image) => snapshot.nodesWithImage(image));
    if (nodesWith.every((count) => count === 0)) return undefined;
    const total = snapshot.nodes.length;
    const most = mostBytesPerContainer * (pod.spec.containers.length + (pod.spec.initContainers ?? []).length);
    return {
      score(node) {
        let sum = 0;
        for (let i = 0; i < images.length; i++) {
          const sizeBytes = node.images.get(images[i]!);
          if (sizeBytes !== undefined) sum += Math.trunc(sizeBytes * (nodesWith[i]! / total));
        }
        const within = Math.min(Math.max(sum, leastBytes), most);
        return Math.trunc((maxScore * (within - leastBytes)) / (most - leastBytes));
      },
    };
  },
};

function imagesOf({ spec }: Pod): readonly string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers].map(({ image }) => image ?? "");
  const volumes = (spec.volumes ?? []).flatMap(({ image }) =>
    image?.reference === undefined ? [] : [image.reference],
  );
  return [...containers, ...volumes].map(normalized);
}

/** An image without a tag is `latest`: that is what the kubelet calls it. */
function normalized(image: string): string {
  return image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image;
}
