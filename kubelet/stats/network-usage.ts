import { readFile } from "node:fs/promises";
import type { InterfaceStats, NetworkStats } from "./types.ts";

/** Of /proc/PID/net/dev, without the loopback. */
export function parseNetDev(text: string): readonly InterfaceStats[] {
  const found: InterfaceStats[] = [];
  for (const line of text.split("\n").slice(2)) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim();
    const numbers = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [rxBytes = 0, , rxErrors = 0, , , , , , txBytes = 0, , txErrors = 0] = numbers;
    if (name !== "lo") found.push({ name, rxBytes, rxErrors, txBytes, txErrors });
  }
  return found;
}

/** The interface that packets to anywhere leave by, of /proc/PID/net/route; undefined: there is none. */
export function defaultInterface(routes: string): string | undefined {
  for (const line of routes.split("\n").slice(1)) {
    const [name, destination, , , , , , mask] = line.split(/\s+/);
    if (destination === "00000000" && mask === "00000000") return name;
  }
  return undefined;
}

/** Of the network namespace that a process is in; undefined: it is gone. */
export async function readNetwork(pid: number | "self", time: string): Promise<NetworkStats | undefined> {
  try {
    const [devices, routes] = await Promise.all([
      readFile(`/proc/${pid}/net/dev`, "utf8"),
      readFile(`/proc/${pid}/net/route`, "utf8"),
    ]);
    return networkOf(parseNetDev(devices), defaultInterface(routes), time);
  } catch {
    return undefined; // A pod that ends while it is measured has no network any more.
  }
}

export function networkOf(
  interfaces: readonly InterfaceStats[],
  preferred: string | undefined,
  time: string,
): NetworkStats | undefined {
  const main =
    interfaces.find(({ name }) => name === preferred) ??
    interfaces.find(({ name }) => name === "eth0") ??
    interfaces[0];
  return main === undefined ? undefined : { time, ...main, interfaces };
}
