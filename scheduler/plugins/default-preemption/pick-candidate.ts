import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import { startTimeOf } from "./importance.ts";

/** A node where a pod would fit without these. */
export interface Candidate {
  readonly node: NodeInfo;
  /** The most important first; at least one. */
  readonly victims: readonly PodInfo[];
  /** How many of them a PodDisruptionBudget would keep. */
  readonly violations: number;
}

/** Each decides among those that the ones before leave equal; less is better (pickOneNodeForPreemption). */
const criteria: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]!.priority,
  // Priorities may be negative: raised above 0, so that more pods never count as less.
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
  ({ victims }) => victims.length,
];

/** The candidate that does the least harm; of equals the one whose most important victims have run the shortest. */
export function pickCandidate(candidates: readonly Candidate[]): Candidate {
  let left = candidates;
  for (const criterion of criteria) {
    const least = left.reduce((min, candidate) => Math.min(min, criterion(candidate)), Infinity);
    left = left.filter((candidate) => criterion(candidate) === least);
    if (left.length === 1) break;
  }
  return left.reduce((best, candidate) => (earliestStart(candidate) > earliestStart(best) ? candidate : best));
}

/** Among the victims of the highest priority. */
function earliestStart({ victims }: Candidate): string {
  const highest = Math.max(...victims.map(({ priority }) => priority));
  const starts = victims.filter(({ priority }) => priority === highest).map(startTimeOf);
  return starts.reduce((earliest, start) => (start < earliest ? start : earliest));
}
