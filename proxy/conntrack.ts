import { spawn } from "node:child_process";
import type { Endpoint } from "./endpoints.ts";
import type { ServicePort } from "./service-port.ts";

// UDP has no end of a connection: while a client goes on sending, the kernel goes on changing the destination to the endpoint
// it chose first. Rules: pkg/proxy/conntrack/cleanup.go.

/** A UDP flow whose destination was changed. */
export interface Flow {
  readonly family: "ipv4" | "ipv6";
  readonly originalDestination: string;
  readonly originalPort: number;
  readonly replySource: string;
  readonly replyPort: number;
}

export interface Conntrack {
  listUdp(): Promise<readonly Flow[]>;
  /** Forgets every flow that is equal to this one. Nothing of the kind is fine. */
  delete(flow: Flow): Promise<void>;
}

export interface UdpService {
  readonly port: ServicePort;
  readonly endpoints: readonly Endpoint[];
}

/**
 * Flows towards a service that lead to none of its serving endpoints. Other than upstream, also where it has none left: the
 * client is then refused instead of ignored. A change of policy leaves flows alone, as it does with TCP.
 */
export function staleFlows(flows: readonly Flow[], services: readonly UdpService[]): readonly Flow[] {
  const byAddress = new Map<string, ReadonlySet<string>>();
  const byNodePort = new Map<number, ReadonlySet<string>>();
  for (const { port, endpoints } of services) {
    const serving = new Set(endpoints.filter((endpoint) => endpoint.serving).map(({ ip, port }) => `${ip} ${port}`));
    for (const ip of [port.clusterIP, ...port.externalIPs, ...port.loadBalancerIPs])
      byAddress.set(`${ip} ${port.port}`, serving);
    if (port.nodePort !== 0) byNodePort.set(port.nodePort, serving);
  }
  return flows.filter(({ originalDestination, originalPort, replySource, replyPort }) => {
    const serving = byAddress.get(`${originalDestination} ${originalPort}`) ?? byNodePort.get(originalPort);
    return serving !== undefined && !serving.has(`${replySource} ${replyPort}`);
  });
}

/**
 * Lines of `conntrack -L`:
 * `udp 17 28 src=10.0.0.2 dst=10.96.0.10 sport=5000 dport=53 [UNREPLIED] src=10.0.0.3 dst=10.0.0.2 sport=53 dport=5000 …`
 * Flows with the same endpoints and another client are one.
 */
export function parseFlows(text: string): readonly Flow[] {
  const flows = new Map<string, Flow>();
  for (const [, originalDestination, originalPort, replySource, replyPort] of text.matchAll(
    /^udp .*?src=\S+ dst=(\S+) sport=\d+ dport=(\d+) .*?src=(\S+) dst=\S+ sport=(\d+) dport=\d+/gm,
  )) {
    if (originalDestination === undefined || replySource === undefined) continue;
    flows.set(`${originalDestination} ${originalPort} ${replySource} ${replyPort}`, {
      family: originalDestination.includes(":") ? "ipv6" : "ipv4",
      originalDestination,
      originalPort: Number(originalPort),
      replySource,
      replyPort: Number(replyPort),
    });
  }
  return [...flows.values()];
}

/** By the conntrack command. `command` as in `createNft`. */
export function createConntrack({ command = ["conntrack"] }: { readonly command?: readonly string[] } = {}): Conntrack {
  const run = (args: readonly string[]): Promise<string> => output([...command, ...args]);
  return {
    async listUdp() {
      const texts = [await run(["-L", "-p", "udp", "-f", "ipv4"]), await run(["-L", "-p", "udp", "-f", "ipv6"])];
      return texts.flatMap(parseFlows);
    },
    async delete(flow) {
      const original = ["--orig-dst", flow.originalDestination, "--orig-port-dst", String(flow.originalPort)];
      const reply = ["--reply-src", flow.replySource, "--reply-port-src", String(flow.replyPort)];
      await run(["-D", "-f", flow.family, "-p", "udp", ...original, ...reply]);
    },
  };
}

function output([program = "conntrack", ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let failure = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      failure = (failure + text).slice(-4096);
    });
    child.on("error", (cause) => reject(new Error(`cannot run ${program}`, { cause })));
    child.on("close", (code) => {
      // It ends with 1 where it found nothing to delete, which says "0 flow entries".
      if (code === 0 || /0 flow entries/.test(failure)) resolve(said);
      else reject(new Error(`conntrack: ${failure.trim()}`));
    });
  });
}
