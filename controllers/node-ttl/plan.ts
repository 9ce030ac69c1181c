import { Node } from "../../api/core/v1/node.ts";
import type { Action } from "../runner/action.ts";

// pkg/controller/ttl.

const annotation = "node.alpha.kubernetes.io/ttl";

/** From how many nodes down to how many, and the seconds. They overlap: a cluster that keeps crossing a bound stays where it is. */
const steps = [
  { min: 0, max: 100, seconds: 0 },
  { min: 90, max: 500, seconds: 15 },
  { min: 450, max: 1_000, seconds: 30 },
  { min: 900, max: 2_000, seconds: 60 },
  { min: 1_800, max: Number.POSITIVE_INFINITY, seconds: 300 },
] as const;

function given({ metadata }: Node): number | undefined {
  const text = metadata.annotations?.[annotation];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** How long kubelets of a cluster of these nodes may take secrets for current; what nodes say already tells the step before. */
export function secondsFor(nodes: readonly Node[]): number {
  const before = nodes.map(given).find((seconds) => steps.some((step) => step.seconds === seconds));
  let at = Math.max(
    0,
    steps.findIndex(({ seconds }) => seconds === before),
  );
  while (nodes.length > steps[at]!.max) at++;
  while (nodes.length < steps[at]!.min) at--;
  return steps[at]!.seconds;
}

/** Whether the cluster has just come to be of another size. */
export function isOutdated(nodes: readonly Node[]): boolean {
  const seconds = nodes.map(given).find((one) => one !== undefined);
  return seconds !== undefined && seconds !== secondsFor(nodes);
}

export function plan({ node, seconds }: { readonly node: Node; readonly seconds: number }): readonly Action[] {
  if (given(node) === seconds) return [];
  const { name = "" } = node.metadata;
  const body = { metadata: { annotations: { [annotation]: String(seconds) } } };
  return [{ type: "patch", resource: Node, name, patch: { type: "strategic", body } }];
}

export function saysOther(node: Node, old: Node): boolean {
  return node.metadata.annotations?.[annotation] !== old.metadata.annotations?.[annotation];
}
