import type { Service } from "../../api/generated/types/core-v1.ts";
import { parseIP } from "../../apimachinery/net/ip.ts";
import { clusterIPs, type ZoneIndex } from "../zone.ts";
import type { ClusterName } from "./kubernetes-names.ts";

/** Something that a name of the cluster stands for. */
export interface Target {
  readonly ip?: string;
  /** The name that a SRV record points to, below the cluster's domain. */
  readonly host?: string;
  /** Absent where a headless service has no ports. */
  readonly port?: number;
  /** Another name, of a service of type ExternalName. */
  readonly alias?: string;
}

export interface TargetSources {
  readonly zone: ZoneIndex;
  readonly serverIPs: readonly string[];
}

/** What a name stands for: undefined where it does not exist, nothing where only names below it do (CoreDNS plugin/kubernetes, findServices and findPods). */
export function targetsOf({ zone, serverIPs }: TargetSources, asked: ClusterName): readonly Target[] | undefined {
  switch (asked.kind) {
    case "apex":
    case "empty":
    case "version":
      return [];
    case "server":
      return serverIPs.map((ip) => ({ ip }));
    case "namespace":
      return zone.hasNamespace(asked.namespace) ? [] : undefined;
    case "pod":
      return asked.ip === undefined || !zone.hasNamespace(asked.namespace) ? undefined : [{ ip: asked.ip }];
    case "service":
      return serviceTargets(zone, asked);
    case "unknown":
      return undefined;
  }
}

type AskedService = Extract<ClusterName, { readonly kind: "service" }>;

function serviceTargets(zone: ZoneIndex, asked: AskedService): readonly Target[] | undefined {
  const service = zone.service(asked.namespace, asked.service);
  if (service === undefined) return undefined;
  if (service.spec.type === "ExternalName") return externalTargets(service, asked);
  const isHeadless = service.spec.clusterIP === "None";
  const found =
    isHeadless || asked.endpoint !== undefined ? endpointTargets(zone, asked) : addressTargets(service, asked);
  return found.length === 0 ? undefined : found;
}

function externalTargets({ spec }: Service, { endpoint }: AskedService): readonly Target[] | undefined {
  const name = spec.externalName ?? "";
  if (endpoint !== undefined || name === "") return undefined;
  // An address is not a name: nothing can be an alias for it.
  return parseIP(name) === undefined ? [{ alias: name }] : undefined;
}

function endpointTargets(zone: ZoneIndex, asked: AskedService): readonly Target[] {
  const found: Target[] = [];
  for (const { hostname, ip, ports } of zone.endpoints(asked.namespace, asked.service)) {
    if (asked.endpoint !== undefined && asked.endpoint !== hostname) continue;
    for (const port of ports) {
      if (!matches(asked, port)) continue;
      const host = `${hostname}.${asked.service}.${asked.namespace}.svc`;
      found.push({ ip, host, ...(port.port === undefined ? {} : { port: port.port }) });
    }
  }
  return found;
}

function addressTargets(service: Service, asked: AskedService): readonly Target[] {
  const host = `${asked.service}.${asked.namespace}.svc`;
  const ports = (service.spec.ports ?? []).filter((port) => matches(asked, port));
  return ports.flatMap(({ port }) => clusterIPs(service).map((ip) => ({ ip, host, port })));
}

function matches(
  asked: AskedService,
  { name, protocol }: { readonly name?: string; readonly protocol: string },
): boolean {
  const { port = "", protocol: askedProtocol = "" } = asked;
  return (
    (port === "" || port === (name ?? "").toLowerCase()) &&
    (askedProtocol === "" || askedProtocol === protocol.toLowerCase())
  );
}
