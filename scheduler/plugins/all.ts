import type { Plugin, ScorePlugin } from "../framework/plugin.ts";
import { imageLocality } from "./image-locality/image-locality.ts";
import { nodeAffinity } from "./node-affinity/node-affinity.ts";
import { nodeName } from "./node-name/node-name.ts";
import { nodePorts } from "./node-ports/node-ports.ts";
import { nodeResourcesBalancedAllocation } from "./node-resources/balanced-allocation.ts";
import { nodeResourcesFit } from "./node-resources/fit.ts";
import { nodeUnschedulable } from "./node-unschedulable/node-unschedulable.ts";
import { schedulingGates } from "./scheduling-gates/scheduling-gates.ts";
import { taintToleration } from "./taint-toleration/taint-toleration.ts";

/**
 * What decides where pods run, in upstream's order (pkg/scheduler/apis/config/v1/default_plugins.go): the first filter that
 * refuses a node is the one that says why.
 */
export const filterPlugins: readonly Plugin[] = [
  schedulingGates,
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
];

export const scorePlugins: readonly ScorePlugin[] = [
  { plugin: taintToleration, weight: 3 },
  { plugin: nodeAffinity, weight: 2 },
  { plugin: nodeResourcesFit, weight: 1 },
  { plugin: nodeResourcesBalancedAllocation, weight: 1 },
  { plugin: imageLocality, weight: 1 },
];
