import type { Random } from "../../base/random.ts";
import type { PodInfo } from "../cache/pod-info.ts";
import type { Snapshot } from "../cache/snapshot.ts";
import type { Diagnosis } from "./fit-message.ts";
import type { Nominations } from "./nominations.ts";
import type { NodeFilter, Plugin } from "./plugin.ts";

export interface PostFilterInput {
  readonly info: PodInfo;
  readonly snapshot: Snapshot;
  readonly nominations: Nominations;
  readonly diagnosis: Diagnosis;
  /** As they were used; none where the pod was rejected before any node was looked at. */
  readonly filters: readonly NodeFilter[];
  readonly random: Random;
}

export interface PostFilterOutcome {
  /** For the pod's message; "" where room is being made. */
  readonly message: string;
  /** Where; "" where nowhere any more; absent: as before. */
  readonly nominatedNodeName?: string | undefined;
  readonly victims: readonly PodInfo[];
  readonly attempted?: boolean;
}

/**
 * Asks each plugin in turn to make room for a pod that fits nowhere; the first that can is enough, else all of them say why
 * not (framework/runtime RunPostFilterPlugins). Pure.
 */
export function postFilter(plugins: readonly Plugin[], input: PostFilterInput): PostFilterOutcome {
  const messages: string[] = [];
  let nominatedNodeName: string | undefined;
  let attempted = false;
  for (const plugin of plugins) {
    if (plugin.postFilter === undefined) continue;
    attempted = true;
    const result = plugin.postFilter(input);
    if (result.type === "room") return { message: "", attempted, ...result };
    messages.push(result.message);
    nominatedNodeName ??= result.nominatedNodeName;
  }
  return { message: messages.join(", "), nominatedNodeName, victims: [], attempted };
}
