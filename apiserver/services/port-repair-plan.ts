import type { Service } from "../../api/core/v1/service.ts";
import { type PortRange, PortSet, portRangeText } from "./port-set.ts";
import type { RepairEvent } from "./repair-events.ts";

// Which ports are taken, by what services say: pkg/registry/core/service/portallocator/controller/repair.go. Pure.

/** At which look a port that nobody has is given back: its service may be about to be written. */
const looksBeforeLeak = 3;

export interface PortRepair {
  readonly ports: PortSet;
  readonly events: readonly { readonly service: Service; readonly event: RepairEvent }[];
  /** Ports that nobody has, and how many looks more they are kept. */
  readonly leaks: ReadonlyMap<number, number>;
}

export function repairPorts(
  stored: PortSet | undefined,
  services: Iterable<Service>,
  { range, leaks }: { readonly range: PortRange; readonly leaks: ReadonlyMap<number, number> },
): PortRepair {
  const ports = new PortSet(range);
  const events: PortRepair["events"][number][] = [];
  for (const service of services) {
    const tell = (reason: string, note: string): void => {
      events.push({ service, event: { reason, action: "PortAllocation", note } });
    };
    for (const port of nodePortsOf(service)) {
      if (!ports.covers(port)) {
        const note = `Port ${port} is not within the port range ${portRangeText(range)}; please recreate service`;
        tell("PortOutOfRange", note);
      } else if (!ports.add(port)) {
        tell("PortAlreadyAllocated", `Port ${port} was assigned to multiple services; please recreate service`);
      } else if (stored?.has(port) !== true) {
        tell("PortNotAllocated", `Port ${port} is not allocated; repairing`);
      }
    }
  }
  const left = new Map<number, number>();
  for (const port of stored ?? []) {
    if (ports.has(port)) continue;
    const looks = leaks.get(port) ?? looksBeforeLeak - 1;
    if (looks > 0) left.set(port, looks - 1);
  }
  for (const port of left.keys()) ports.add(port);
  return { ports, events, leaks: left };
}

/** Each once, but for what is taken twice by one protocol. */
function nodePortsOf({ spec: { ports = [], healthCheckNodePort = 0 } }: Service): readonly number[] {
  const result: number[] = [];
  const seen = new Map<number, Set<string>>();
  const see = (port: number, protocol: string): void => {
    const protocols = seen.get(port);
    if (protocols === undefined || protocols.has(protocol)) result.push(port);
    seen.set(port, (protocols ?? new Set()).add(protocol));
  };
  for (const { nodePort = 0, protocol = "TCP" } of ports) if (nodePort !== 0) see(nodePort, protocol);
  if (healthCheckNodePort !== 0) see(healthCheckNodePort, "TCP");
  return result;
}
