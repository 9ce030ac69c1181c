import type { PortClaim } from "./node-ports.ts";

/** One below the first number that a dry run invents. */
const beforeFirst = 32_768;

/**
 * What a dry run is answered (portallocator/operation.go with DryRun): a port that is named is looked up, whatever its range,
 * and in place of any other stands a number that follows the highest so far, whether it is free or not.
 */
export function pretendedPorts(wanted: readonly (number | undefined)[], isTaken: (port: number) => boolean): PortClaim {
  const ports: number[] = [];
  for (const [index, port] of wanted.entries()) {
    if (port !== undefined && (isTaken(port) || ports.includes(port))) {
      return { refusal: "provided port is already allocated", index };
    }
    ports.push(port ?? (ports.length === 0 ? beforeFirst : Math.max(...ports)) + 1);
  }
  return { ports };
}
