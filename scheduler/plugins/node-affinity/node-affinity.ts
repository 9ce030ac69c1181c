import type { Node, NodeSelectorTerm, Pod } from "../../../api/generated/types/core-v1.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { rejection } from "../../framework/status.ts";
import { normalize } from "../normalize.ts";
import { type NodeIdentity, preferredWeight, requiredNodeMatch } from "./node-selector.ts";

const name = "NodeAffinity";
const mismatch = rejection(name, "node(s) didn't match Pod's node affinity/selector", { unresolvable: true });
const conflict = rejection(name, "pod affinity terms conflict", { unresolvable: true });

/** A pod's nodeSelector and node affinity, required and preferred (plugins/nodeaffinity). */
export const nodeAffinity: Plugin = {
  name,
  interests: [
    {
      events: ["NodeAdd", "NodeLabel"],
      hint({ pod }, change) {
        if (change.kind !== "Node" || change.node === undefined) return false;
        const match = requiredNodeMatch(pod);
        if (match === undefined) return true;
        return match(identityOf(change.node)) && (change.old === undefined || !match(identityOf(change.old)));
      },
    },
  ],
  preFilter({ pod }) {
    const match = requiredNodeMatch(pod);
    if (match === undefined) return undefined;
    const nodeNames = namedNodes(pod);
    if (nodeNames?.size === 0) return conflict;
    const filter = (node: NodeIdentity) => (match(node) ? undefined : mismatch);
    return nodeNames === undefined ? { filter } : { filter, nodeNames };
  },
  preScore({ pod }) {
    const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
    if (terms === undefined || terms.length === 0) return undefined;
    return { score: preferredWeight(terms), normalize: (scores) => normalize(scores, { reverse: false }) };
  },
};

function identityOf({ metadata }: Node): NodeIdentity {
  return { name: metadata.name ?? "", labels: metadata.labels ?? {} };
}

/** The nodes that a pod names by field, as a DaemonSet's do; undefined where one of its terms leaves it open. */
function namedNodes({ spec }: Pod): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  let all: Set<string> = new Set();
  for (const term of terms) {
    const named = namedBy(term);
    if (named === undefined) return undefined;
    all = all.union(named);
  }
  return all;
}

function namedBy({ matchFields = [] }: NodeSelectorTerm): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (const { key, operator, values } of matchFields) {
    if (key !== "metadata.name" || operator !== "In") continue;
    const names = new Set(values);
    named = named === undefined ? names : named.intersection(names);
  }
  return named;
}
