import type { NodeInfo } from "../../cache/node-info.ts";
import { maxScore, type Plugin } from "../../framework/plugin.ts";

/**
 * Prefers nodes that the pod leaves with CPU and memory used to like parts, so that neither is left over
 * (plugins/noderesources balanced_allocation.go).
 */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  interests: [],
  preScore({ requests: { requested } }) {
    const { milliCpu, memoryBytes } = requested;
    // Pods that ask for nothing would all go where the balance happens to be best.
    if (milliCpu === 0 && memoryBytes === 0) return undefined;
    return {
      score(node) {
        const before = balance(node, 0, 0);
        const after = balance(node, milliCpu, memoryBytes);
        return Math.trunc(maxScore / 2 + Math.trunc((maxScore / 2 + after - before) / 2));
      },
    };
  },
};

/** 100 where CPU and memory are used to the same part, 50 where one is full and the other empty. */
function balance(node: NodeInfo, milliCpu: number, memoryBytes: number): number {
  const { allocatable } = node;
  if (allocatable.milliCpu === 0 || allocatable.memoryBytes === 0) return maxScore;
  const cpu = Math.min(1, (node.milliCpu + milliCpu) / allocatable.milliCpu);
  const memory = Math.min(1, (node.memoryBytes + memoryBytes) / allocatable.memoryBytes);
  return Math.trunc((1 - Math.abs((cpu - memory) / 2)) * maxScore);
}
