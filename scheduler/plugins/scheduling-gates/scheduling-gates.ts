import type { Plugin } from "../../framework/plugin.ts";

const name = "SchedulingGates";

/** Keeps pods out of the queue until their last gate is taken away (KEP-3521, plugins/schedulinggates). */
export const schedulingGates: Plugin = {
  name,
  interests: [
    {
      events: ["PodGatesEliminated"],
      hint: (info, change) => change.kind === "Pod" && change.pod?.metadata.uid === info.uid,
    },
  ],
  preEnqueue({ pod }) {
    const gates = (pod.spec.schedulingGates ?? []).map((gate) => gate.name);
    if (gates.length === 0) return undefined;
    return { plugin: name, reasons: [`waiting for scheduling gates: [${gates.join(" ")}]`], unresolvable: true };
  },
};
