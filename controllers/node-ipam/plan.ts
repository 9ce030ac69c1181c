import { Node } from "../../api/core/v1/node.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";

export interface Observed {
  readonly node: Node;
  /** A free block of each range; undefined where a range has none. */
  readonly free: readonly (string | undefined)[];
  readonly now: number;
}

function needsBlocks({ metadata, spec }: Node): boolean {
  return metadata.deletionTimestamp === undefined && (spec.podCIDRs ?? []).length === 0;
}

/** A node without pod ranges gets one of each of the cluster's (pkg/controller/nodeipam/ipam, rangeAllocator). */
export function plan({ node, free }: Observed): readonly Action[] {
  const podCIDRs = free.filter((block) => block !== undefined);
  if (!needsBlocks(node) || podCIDRs.length < free.length) return [];
  return [
    {
      type: "patch",
      resource: Node,
      name: node.metadata.name ?? "",
      patch: {
        type: "strategic",
        body: { metadata: { uid: node.metadata.uid }, spec: { podCIDR: podCIDRs[0], podCIDRs } },
      },
      onFailed: () => statusChange(node, "CIDRAssignmentFailed"),
    },
  ];
}

/** Where there is no block left the node is told, and looked at again: one may become free. */
export function summarize({ node, free, now }: Observed): Summary {
  if (!needsBlocks(node) || !free.includes(undefined)) return {};
  return { events: [statusChange(node, "CIDRNotAvailable")], wakeAtMs: now + 10_000 };
}

function statusChange({ metadata: { name } }: Node, reason: string) {
  return { type: "Normal", reason, message: `Node ${name} status is now: ${reason}` } as const;
}
