import type { Service } from "../../api/generated/types/core-v1.ts";

export type Variables = ReadonlyMap<string, string>;

export interface ServiceLinks {
  readonly namespace: string;
  readonly enableServiceLinks: boolean;
}

/** The services a pod hears of in its environment: its namespace's where it asks for them, and always the API's own. */
export function serviceVariables(
  services: Iterable<Service>,
  { namespace, enableServiceLinks }: ServiceLinks,
): Variables {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name = "", namespace: home } = service.metadata;
    const { clusterIP } = service.spec;
    if (clusterIP === undefined || clusterIP === "" || clusterIP === "None") continue;
    if (home === "default" && name === "kubernetes") {
      if (!chosen.has(name)) chosen.set(name, service);
    } else if (home === namespace && enableServiceLinks) chosen.set(name, service);
  }
  const variables = new Map<string, string>();
  for (const service of chosen.values()) addVariables(variables, service);
  return variables;
}

/** `REDIS_MASTER_SERVICE_HOST` and the like (pkg/kubelet/envvars). */
function addVariables(variables: Map<string, string>, { metadata, spec }: Service): void {
  const prefix = variableName(metadata.name ?? "");
  const { clusterIP = "", ports = [] } = spec;
  const [first] = ports;
  variables.set(`${prefix}_SERVICE_HOST`, clusterIP);
  if (first === undefined) return;
  variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const { name, port } of ports) {
    if (name !== undefined && name !== "") variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
  }
  const host = clusterIP.includes(":") ? `[${clusterIP}]` : clusterIP;
  for (const [index, { port, protocol = "TCP" }] of ports.entries()) {
    const url = `${protocol.toLowerCase()}://${host}:${port}`;
    if (index === 0) variables.set(`${prefix}_PORT`, url);
    const portPrefix = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    variables.set(portPrefix, url);
    variables.set(`${portPrefix}_PROTO`, protocol.toLowerCase());
    variables.set(`${portPrefix}_PORT`, String(port));
    variables.set(`${portPrefix}_ADDR`, clusterIP);
  }
}

function variableName(name: string): string {
  return name.replaceAll("-", "_").toUpperCase();
}
