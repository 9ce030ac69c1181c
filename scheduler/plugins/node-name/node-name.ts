import type { Plugin } from "../../framework/plugin.ts";
import { rejection } from "../../framework/status.ts";

const name = "NodeName";
const mismatch = rejection(name, "node(s) didn't match the requested node name", { unresolvable: true });

/** A pod that names its node runs there or nowhere (plugins/nodename). */
export const nodeName: Plugin = {
  name,
  interests: [
    {
      events: ["NodeAdd"],
      hint: ({ pod }, change) => change.kind === "Node" && named(pod.spec.nodeName, change.node?.metadata.name),
    },
  ],
  preFilter({ pod }) {
    const wanted = pod.spec.nodeName;
    if (wanted === undefined || wanted === "") return undefined;
    return { filter: (node) => (node.name === wanted ? undefined : mismatch) };
  },
};

function named(wanted: string | undefined, actual: string | undefined): boolean {
  return wanted === undefined || wanted === "" || wanted === actual;
}
