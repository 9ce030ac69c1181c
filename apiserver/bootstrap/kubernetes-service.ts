import { Endpoints } from "../../api/core/v1/endpoints.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import type { Registry } from "../registry/registry.ts";

/** Where pods find the API: the service `default/kubernetes` and the address behind it. */
export interface KubernetesService {
  /** First address of the service range. */
  readonly clusterIP: string;
  /** Address and port on which this server is reached; undefined: no endpoints are written (no sockets, or loopback alone). */
  readonly endpoint: { readonly ip: string; readonly port: number } | undefined;
}

const servicePort = 443;
const name = "kubernetes";
const namespace = "default";

/** The service itself. */
export function kubernetesService({ clusterIP, endpoint }: KubernetesService) {
  return {
    metadata: { name, namespace, labels: { component: "apiserver", provider: "kubernetes" } },
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: "https", port: servicePort, protocol: "TCP", targetPort: endpoint?.port ?? 6443 }],
      sessionAffinity: "None",
      type: "ClusterIP",
    },
  } as const;
}

/**
 * Makes the service's endpoints say where this server is, or that it and others are at these addresses
 * (controlplane/controller/kubernetesservice, reconcilers).
 */
export async function ensureKubernetesEndpoints(
  registry: Registry,
  { endpoint }: KubernetesService,
  addresses?: readonly string[],
): Promise<void> {
  if (endpoint === undefined) {
    return;
  }
  const { ip, port } = endpoint;
  const ips = addresses ?? [ip];
  const addressType = ip.includes(":") ? "IPv6" : "IPv4";
  await ensure(registry, Endpoints, "subsets", {
    metadata: { name, namespace, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets:
      ips.length === 0
        ? []
        : [{ addresses: ips.map((ip) => ({ ip })), ports: [{ name: "https", port, protocol: "TCP" }] }],
  });
  await ensure(registry, EndpointSlice, "endpoints", {
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType,
    endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
    ports: [{ name: "https", port, protocol: "TCP" }],
  });
}

/** Creates the object, or sets this one field of it (and `ports` of slices) where it says something else. */
async function ensure<T extends ApiObject>(
  registry: Registry,
  definition: ResourceDefinition<T>,
  field: "subsets" | "endpoints",
  wanted: Record<string, unknown> & { readonly metadata: object },
): Promise<void> {
  const existing = registry.get(definition, namespace, name) as Record<string, unknown> | undefined;
  if (existing === undefined) {
    try {
      await registry.create(definition, { apiVersion: apiVersionOf(definition), kind: definition.kind, ...wanted });
    } catch (error) {
      if (!isAlreadyExists(error)) {
        throw error;
      }
    }
    return;
  }
  if (!equalJson(existing[field], wanted[field]) || !equalJson(existing["ports"], wanted["ports"])) {
    const draft = thaw(existing);
    draft[field] = wanted[field] as never;
    if (wanted["ports"] !== undefined) {
      draft["ports"] = wanted["ports"] as never;
    }
    await registry.update(definition, draft);
  }
}
