/** A runtime's images (staging/src/k8s.io/cri-api, ImageService). */
export type { ImageService } from "./generated/services.ts";
