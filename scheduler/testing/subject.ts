import type { Node, Pod } from "../../api/generated/types/core-v1.ts";
import { SeededRandom } from "../../base/mod.ts";
import { Cache, type CacheSources } from "../cache/cache.ts";
import { podInfo } from "../cache/pod-info.ts";
import { type Decision, decide, type Profile } from "../framework/decide.ts";
import { fitMessage } from "../framework/fit-message.ts";
import { Nominations } from "../framework/nominations.ts";
import { isRejection, type Plugin } from "../framework/plugin.ts";
import { filterPlugins, scorePlugins } from "../plugins/all.ts";

export const allPlugins: Profile = { filters: filterPlugins, scores: scorePlugins };

/** A cache of these nodes and pods; a pod whose spec names a node is on it. */
export function cacheOf(nodes: readonly Node[], pods: readonly Pod[] = [], sources: CacheSources = {}): Cache {
  const cache = new Cache(sources);
  for (const node of nodes) cache.setNode(node);
  for (const pod of pods) cache.setPod(pod);
  return cache;
}

/** What one plugin says of each node: its reasons, "fits", or of all nodes at once. */
export function verdicts(plugin: Plugin, pod: Pod, cache: Cache): Record<string, string> | string {
  const result = plugin.preFilter?.(podInfo(pod), cache);
  if (isRejection(result)) return result.reasons.join(", ");
  return Object.fromEntries(cache.nodes.map((node) => [node.name, result?.filter(node)?.reasons.join(", ") ?? "fits"]));
}

/** What one plugin scores each node, 0 to 100; undefined where it has nothing to say. */
export function scores(plugin: Plugin, pod: Pod, cache: Cache): Record<string, number> | undefined {
  const prepared = plugin.preScore?.(podInfo(pod), cache, cache.nodes);
  if (prepared === undefined) return undefined;
  const values = Float64Array.from(cache.nodes, (node) => prepared.score(node));
  prepared.normalize?.(values, cache.nodes);
  return Object.fromEntries(cache.nodes.map((node, i) => [node.name, values[i]!]));
}

export function decisionOn(pod: Pod, cache: Cache, profile: Profile = allPlugins, seed = 1): Decision {
  const nominations = new Nominations();
  return decide({
    info: podInfo(pod),
    snapshot: cache,
    profile,
    startIndex: 0,
    random: new SeededRandom(seed),
    nominations,
  });
}

/** The node's name, or why there is none. */
export function fateOf(pod: Pod, cache: Cache, profile: Profile = allPlugins): string {
  const decision = decisionOn(pod, cache, profile);
  if (decision.type === "place") return decision.node.name;
  return decision.type === "no-nodes" ? "no nodes" : fitMessage(decision.diagnosis);
}
