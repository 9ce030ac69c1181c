import { readFile } from "node:fs/promises";

/** Bits of linux/capability.h. */
const bits = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n, CAP_SYS_RESOURCE: 24n } as const;

export type Capability = keyof typeof bits;

/** Whether this process may do what the capability stands for. */
export async function hasCapability(capability: Capability): Promise<boolean> {
  return capabilityIn(await readFile("/proc/self/status", "utf8").catch(() => ""), capability);
}

/** Reads `CapEff` of /proc/PID/status. */
export function capabilityIn(status: string, capability: Capability): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> bits[capability]) & 1n) === 1n;
}
