import type { Node } from "../../api/generated/types/core-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { BackendTarget } from "./backend.ts";

/**
 * Which of a node's addresses is tried, as kubeadm sets --kubelet-preferred-address-types: names of nodes need not be known
 * to any DNS.
 */
const preferredTypes = ["InternalIP", "ExternalIP", "Hostname"];
const defaultPort = 10_250;

/** Where a node's kubelet listens (pkg/kubelet/client NodeConnectionInfoGetter). */
export function kubeletLocation(node: Node): BackendTarget {
  const { addresses = [], daemonEndpoints } = node.status ?? {};
  for (const type of preferredTypes) {
    const found = addresses.find((one) => one.type === type);
    if (found !== undefined) {
      const port = daemonEndpoints?.kubeletEndpoint?.Port || defaultPort;
      return { scheme: "https", host: found.address, port, trust: "kubelet" };
    }
  }
  const known = addresses.map(({ type, address }) => `{${type} ${address}}`).join(" ");
  throw ApiError.from(new Error(`no preferred addresses found; known addresses: [${known}]`));
}
