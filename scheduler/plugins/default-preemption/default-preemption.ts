import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import { fitMessage } from "../../framework/fit-message.ts";
import type { Plugin, PostFilterResult } from "../../framework/plugin.ts";
import type { PostFilterInput } from "../../framework/post-filter.ts";
import { type Rejection, rejection } from "../../framework/status.ts";
import { type Candidate, pickCandidate } from "./pick-candidate.ts";
import { selectVictims } from "./select-victims.ts";

const name = "DefaultPreemption";
const notHelpful = rejection(name, "Preemption is not helpful for scheduling", { unresolvable: true });

/** Of the nodes where preemption may help, how many possible ones are enough to choose from (DefaultPreemptionArgs). */
const leastCandidates = 100;
const candidatePercent = 10;

/** Makes room for a pod by taking less important ones off a node (plugins/defaultpreemption, framework/preemption). */
export const defaultPreemption: Plugin = {
  name,
  interests: [],
  postFilter(input) {
    const result = preempt(input);
    return result.type === "room" ? result : { ...result, message: `preemption: ${result.message}` };
  },
};

function preempt(input: PostFilterInput): PostFilterResult {
  const ineligible = whyNot(input);
  if (ineligible !== undefined) return { type: "none", message: ineligible };
  const { candidates, rejections } = findCandidates(input);
  if (candidates.length === 0) {
    const totalNodes = input.snapshot.nodes.length;
    return {
      type: "none",
      message: fitMessage({ totalNodes, rejections, others: notHelpful }),
      nominatedNodeName: "",
    };
  }
  const { node, victims } = pickCandidate(candidates);
  return { type: "room", nominatedNodeName: node.name, victims };
}

/** Why this pod may not take others' room, if it may not. */
function whyNot({ info, snapshot, diagnosis }: PostFilterInput): string | undefined {
  if (info.pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nominated = info.pod.status.nominatedNodeName;
  const node = nominated ? snapshot.node(nominated) : undefined;
  if (node === undefined || diagnosis.rejections.get(node.name)?.unresolvable) return undefined;
  for (const one of node.pods.values()) {
    if (one.priority < info.priority && isBeingPreempted(one)) {
      return "not eligible due to a terminating pod on the nominated node.";
    }
  }
  return undefined;
}

function isBeingPreempted({ pod: { metadata, status } }: PodInfo): boolean {
  if (metadata.deletionTimestamp === undefined) return false;
  const target = status.conditions?.find(({ type }) => type === "DisruptionTarget");
  return target?.status === "True" && target.reason === "PreemptionByScheduler";
}

/** Tries nodes, from a random one on, until there are enough to choose from. Says of the others why not. */
function findCandidates(input: PostFilterInput): {
  readonly candidates: readonly Candidate[];
  readonly rejections: ReadonlyMap<string, Rejection>;
} {
  const nodes = potentialNodes(input);
  const candidates: Candidate[] = [];
  const rejections = new Map<string, Rejection>();
  const enough = Math.min(nodes.length, Math.max(leastCandidates, Math.trunc((nodes.length * candidatePercent) / 100)));
  const offset = nodes.length === 0 ? 0 : input.random.below(nodes.length);
  const budgets = nodes.length === 0 ? [] : input.snapshot.disruptionBudgets();
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(offset + i) % nodes.length]!;
    const result = selectVictims(input, node, budgets);
    if ("reasons" in result) rejections.set(node.name, result);
    else candidates.push({ node, ...result });
    if (candidates.length >= enough && candidates.some(({ violations }) => violations === 0)) break;
  }
  return { candidates, rejections };
}

function potentialNodes({ snapshot, diagnosis: { rejections, others } }: PostFilterInput): readonly NodeInfo[] {
  const resolvable = (node: NodeInfo): boolean => (rejections.get(node.name) ?? others)?.unresolvable === false;
  return snapshot.nodes.filter(resolvable);
}
