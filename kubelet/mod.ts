export { runKubelet } from "./kubelet.ts";
export type { NodeIdentity } from "./node-status/node-object.ts";
export type { KubeletOptions, MachineParts, RunningKubelet, ServingOptions } from "./options.ts";
