import { HostPorts, hostPortsOf } from "../../cache/host-ports.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { rejection } from "../../framework/status.ts";

const name = "NodePorts";
const taken = rejection(name, "node(s) didn't have free ports for the requested pod ports", { unresolvable: false });

/** A port of a node goes to one pod (plugins/nodeports). */
export const nodePorts: Plugin = {
  name,
  interests: [
    {
      events: ["AssignedPodDelete"],
      hint({ hostPorts }, change) {
        if (change.kind !== "Pod" || change.old === undefined) return false;
        const freed = new HostPorts();
        for (const port of hostPortsOf(change.old)) freed.add(port);
        return hostPorts.some((port) => freed.conflicts(port));
      },
    },
    { events: ["NodeAdd"] },
  ],
  preFilter({ hostPorts }) {
    if (hostPorts.length === 0) return undefined;
    return { filter: (node) => (hostPorts.some((port) => node.hostPorts.conflicts(port)) ? taken : undefined) };
  },
};
