import type { Pod } from "../../api/core/v1/pod.ts";

const longest = 63;

export interface HostName {
  readonly hostname: string;
  /** `subdomain.namespace.svc.cluster.local`; empty: none. */
  readonly domain: string;
}

/** How a pod is called within itself (pkg/kubelet GeneratePodHostNameAndDomain). */
export function podHostName({ metadata, spec }: Pod, clusterDomain: string): HostName {
  if (spec.hostnameOverride !== undefined) return { hostname: truncate(spec.hostnameOverride), domain: "" };
  const hostname = truncate(spec.hostname || metadata.name || "");
  const { subdomain = "" } = spec;
  return { hostname, domain: subdomain === "" ? "" : `${subdomain}.${metadata.namespace}.svc.${clusterDomain}` };
}

/** A name for the kernel has at most 63 characters, and ends as a name does. */
function truncate(name: string): string {
  return name.length <= longest ? name : name.slice(0, longest).replace(/[-.]+$/, "");
}

/** What the kernel is told: the whole name where the pod asks for it. Throws where that is too long. */
export function kernelHostName(pod: Pod, clusterDomain: string): string {
  const { hostname, domain } = podHostName(pod, clusterDomain);
  if (pod.spec.setHostnameAsFQDN !== true || domain === "") return hostname;
  const whole = `${hostname}.${domain}`;
  if (whole.length > 64) {
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${whole} is too long (64 characters is the max, ${whole.length} characters requested)`,
    );
  }
  return whole;
}
