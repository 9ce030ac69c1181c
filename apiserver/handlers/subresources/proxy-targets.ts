import { Endpoints } from "../../../api/core/v1/endpoints.ts";
import { Node } from "../../../api/core/v1/node.ts";
import { Pod } from "../../../api/core/v1/pod.ts";
import { Service } from "../../../api/core/v1/service.ts";
import type { EndpointAddress } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { BackendTarget } from "../../nodes/backend.ts";
import { kubeletLocation } from "../../nodes/kubelet-location.ts";
import { isGlobalUnicast, type ProxiedName, splitProxiedName } from "../../nodes/proxied-name.ts";
import type { ApiRequest } from "../../request.ts";
import type { Scope } from "../scope.ts";
import type { ProxyTarget } from "./proxy.ts";

function nameOf(request: ApiRequest, what: string): ProxiedName {
  const found = splitProxiedName(request.info.name);
  if (found === undefined) throw ApiError.badRequest(`invalid ${what} request ${goQuote(request.info.name)}`);
  return found;
}

function targetAt(scheme: ProxiedName["scheme"], host: string, port: string): BackendTarget {
  const number = port === "" ? (scheme === "https" ? 443 : 80) : Number(port);
  if (!/^\d*$/.test(port) || number > 65_535) {
    throw ApiError.serviceUnavailable(`error trying to reach service: dial tcp: lookup tcp/${port}: unknown port`);
  }
  return { scheme: scheme === "https" ? "https" : "http", host, port: number, trust: "none" };
}

/** A pod's address, and the port that is named or the first that it declares (pkg/registry/core/pod ResourceLocation). */
export const podTarget: ProxyTarget = {
  optionsKind: "PodProxyOptions",
  find(scope, request) {
    const { scheme, name, port } = nameOf(request, "pod");
    const pod = scope.registry.of(Pod).get(request.info.namespace, name).object as unknown as Pod;
    const declared = (pod.spec.containers ?? []).flatMap(({ ports = [] }) => ports)[0]?.containerPort;
    const address = pod.status?.podIPs?.[0]?.ip ?? "";
    if (!isGlobalUnicast(address)) throw ApiError.badRequest("address not allowed");
    return targetAt(scheme, address, port !== "" ? port : String(declared ?? ""));
  },
};

/** A node's kubelet, or another port of the node (pkg/registry/core/node ResourceLocation). */
export const nodeTarget: ProxyTarget = {
  optionsKind: "NodeProxyOptions",
  find(scope, request) {
    const { scheme, name, port } = nameOf(request, "node");
    const kubelet = kubeletLocation(scope.registry.of(Node).get("", name).object as unknown as Node);
    // A name, not an address, is the resolver's affair.
    if (/^[\d.]+$|:/.test(kubelet.host) && !isGlobalUnicast(kubelet.host)) {
      throw ApiError.badRequest("address not allowed");
    }
    return port === "" || port === String(kubelet.port) ? kubelet : targetAt(scheme, kubelet.host, port);
  },
};

/** One of a service's ready endpoints that is a pod's, by chance (pkg/registry/core/service/storage ResourceLocation). */
export const serviceTarget: ProxyTarget = {
  optionsKind: "ServiceProxyOptions",
  find(scope, request) {
    const { namespace, name: id } = request.info;
    const { scheme, name, port } = nameOf(request, "service");
    const portName = /^[+-]?\d+$/.test(port) ? declaredName(scope, namespace, name, Number(port)) : port;
    const { subsets = [] } = scope.registry.of(Endpoints).get(namespace, name).object as unknown as Endpoints;
    if (subsets.length === 0) {
      throw ApiError.serviceUnavailable(`no endpoints available for service ${goQuote(name)}`);
    }
    for (const { addresses = [], ports = [] } of turned(subsets, scope)) {
      const found = ports.find((one) => (one.name ?? "") === portName);
      if (found === undefined) continue;
      const address = turned(addresses, scope).find((one) => isPods(scope, namespace, one));
      if (address !== undefined) return targetAt(scheme, address.ip, String(found.port));
    }
    throw ApiError.serviceUnavailable(`no endpoints available for service ${goQuote(id)}`);
  },
};

/** Endpoints know ports by their names. */
function declaredName(scope: Scope, namespace: string, name: string, port: number): string {
  const service = scope.registry.of(Service).get(namespace, name).object as unknown as Service;
  const found = (service.spec?.ports ?? []).find((one) => one.port === port);
  if (found === undefined) {
    throw ApiError.serviceUnavailable(`no service port ${port} found for service ${goQuote(name)}`);
  }
  return found.name ?? "";
}

/** All, from a place that chance chooses. */
function turned<T>(list: readonly T[], { random }: Scope): readonly T[] {
  if (list.length < 2) return list;
  const start = random.below(list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}

/** Nobody is led to an address that merely says to be a pod's. */
function isPods({ registry }: Scope, namespace: string, { ip, targetRef }: EndpointAddress): boolean {
  if (targetRef === undefined || targetRef.namespace !== namespace) return false;
  const pod = registry.get(Pod, namespace, targetRef.name ?? "");
  return (pod?.status?.podIPs ?? []).some((one) => one.ip === ip);
}
