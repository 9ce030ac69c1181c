import type { CostRule } from "./runtime.ts";

/** Costs of the functions that Kubernetes adds. Upstream: apiserver/pkg/cel/library/cost.go, CallCost. */
export const kubernetesCosts: ReadonlyMap<string, CostRule> = new Map();
