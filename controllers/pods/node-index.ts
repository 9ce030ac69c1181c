import type { Pod } from "../../api/core/v1/pod.ts";
import type { CacheIndex } from "../runner/cache.ts";

/** Pods by the node they are bound to. */
export const nodeNameIndex: CacheIndex<Pod> = {
  name: "nodeName",
  of: ({ spec }) => (spec.nodeName ? [spec.nodeName] : []),
};
