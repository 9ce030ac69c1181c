/** Pod sandboxes and containers: what a kubelet asks of a container runtime (staging/src/k8s.io/cri-api, RuntimeService). */
export type { RuntimeService } from "./generated/services.ts";
