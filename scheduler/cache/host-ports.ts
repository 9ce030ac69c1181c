import type { Pod } from "../../api/generated/types/core-v1.ts";

export interface HostPort {
  readonly ip: string;
  /** `TCP/8080` */
  readonly port: string;
}

const anyIp = "0.0.0.0";
const none: readonly HostPort[] = [];

/** The ports of its node that a pod takes, sidecars' too (pkg/scheduler/util GetHostPorts). */
export function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  let ports: HostPort[] | undefined;
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const container of sidecars.length === 0 ? spec.containers : [...spec.containers, ...sidecars]) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (hostPort === undefined || hostPort <= 0) continue;
      ports ??= [];
      ports.push({ ip: hostIP || anyIp, port: `${protocol || "TCP"}/${hostPort}` });
    }
  }
  return ports ?? none;
}

/** The ports taken on one node. A port on all addresses is in the way of the same port on any, and the other way round. */
export class HostPorts {
  readonly #ipsByPort = new Map<string, string[]>();

  get size(): number {
    return this.#ipsByPort.size;
  }

  add({ ip, port }: HostPort): void {
    const ips = this.#ipsByPort.get(port);
    if (ips === undefined) this.#ipsByPort.set(port, [ip]);
    else ips.push(ip);
  }

  remove({ ip, port }: HostPort): void {
    const ips = this.#ipsByPort.get(port);
    const at = ips?.indexOf(ip) ?? -1;
    if (ips === undefined || at < 0) return;
    ips.splice(at, 1);
    if (ips.length === 0) this.#ipsByPort.delete(port);
  }

  conflicts({ ip, port }: HostPort): boolean {
    const ips = this.#ipsByPort.get(port);
    return ips !== undefined && (ip === anyIp || ips.includes(anyIp) || ips.includes(ip));
  }
}
