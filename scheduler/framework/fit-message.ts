import { compareText } from "../../apimachinery/text/go-quote.ts";
import type { Rejection } from "./status.ts";

/** What is known of why a pod fits nowhere (pkg/scheduler/framework Diagnosis). */
export interface Diagnosis {
  readonly totalNodes: number;
  /** Of all nodes at once, before any was looked at. */
  readonly preFilterMessage?: string | undefined;
  /** By node. */
  readonly rejections: ReadonlyMap<string, Rejection>;
  /** Of the nodes that `rejections` does not name. */
  readonly others?: Rejection | undefined;
  /** What making room has come to. */
  readonly postFilterMessage?: string | undefined;
}

/** `0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable. …` (FitError.Error). Pure. */
export function fitMessage(diagnosis: Diagnosis): string {
  const { totalNodes, preFilterMessage = "", postFilterMessage = "" } = diagnosis;
  let message = `0/${totalNodes} nodes are available:`;
  if (preFilterMessage !== "") message += ` ${preFilterMessage}.`;
  else {
    const reasons = countReasons(diagnosis);
    if (reasons.length > 0) message += ` ${reasons.join(", ")}.`;
  }
  return postFilterMessage === "" ? message : `${message} ${postFilterMessage}`;
}

function countReasons({ totalNodes, rejections, others }: Diagnosis): readonly string[] {
  const counts = new Map<string, number>();
  const count = (reasons: readonly string[], by: number): void => {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + by);
  };
  for (const { reasons } of rejections.values()) count(reasons, 1);
  if (others !== undefined && rejections.size < totalNodes) count(others.reasons, totalNodes - rejections.size);
  return Array.from(counts, ([reason, times]) => `${times} ${reason}`).sort(compareText);
}

/** The longest note of an event (validation NoteLengthLimit). */
const maxNoteLength = 1024;

/** An event's note, cut where it is too long. */
export function truncateNote(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= maxNoteLength) return message;
  const suffix = " ...";
  return bytes.subarray(0, maxNoteLength - suffix.length).toString() + suffix;
}
