export { runKubelet } from "./kubelet.ts";
export type { KubeletOptions, RunningKubelet } from "./options.ts";
