import type { Pod } from "../../api/core/v1/pod.ts";
import type { DNSConfig, Init, PodSandboxConfig, PortMapping } from "../../cri/mod.ts";
import { sandboxLabels } from "../runtime/labels.ts";
import { podLogsDirectory } from "../runtime/names.ts";
import { kernelHostName } from "./hostname.ts";
import { overheadResources, sandboxResources } from "./resources.ts";
import { sandboxSecurityContext } from "./security-context.ts";

export interface SandboxInput {
  readonly pod: Pod;
  readonly attempt: number;
  readonly cgroupParent: string;
  readonly podLogsDir: string;
  readonly clusterDomain: string;
  readonly dns: Init<DNSConfig>;
}

/** What a pod's sandbox is to be (kuberuntime_sandbox.go generatePodSandboxConfig). */
export function sandboxConfig(input: SandboxInput): Init<PodSandboxConfig> {
  const { pod, attempt, cgroupParent, podLogsDir, clusterDomain, dns } = input;
  const { name = "", namespace = "", uid = "", annotations = {} } = pod.metadata;
  const sysctls = pod.spec.securityContext?.sysctls ?? [];
  return {
    metadata: { name, namespace, uid, attempt },
    labels: sandboxLabels(pod),
    annotations,
    dnsConfig: dns,
    ...(pod.spec.hostNetwork ? {} : { hostname: kernelHostName(pod, clusterDomain) }),
    logDirectory: podLogsDirectory(podLogsDir, pod),
    portMappings: portMappings(pod),
    linux: {
      cgroupParent,
      securityContext: sandboxSecurityContext(pod),
      // Runtimes want dots between the parts, and slashes are allowed too.
      sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [dotted(name), value])),
      resources: sandboxResources(pod),
      overhead: overheadResources(pod),
    },
  };
}

function dotted(sysctl: string): string {
  const firstSlash = sysctl.indexOf("/");
  const firstDot = sysctl.indexOf(".");
  // Where slashes separate, dots are part of a name: they change places (component-helpers/node/util/sysctl).
  if (firstSlash < 0 || (firstDot >= 0 && firstDot < firstSlash)) return sysctl;
  return sysctl.replace(/[./]/g, (separator) => (separator === "." ? "/" : "."));
}

/** Ports of the host that lead to the pod's, and others it only speaks of (pkg/kubelet/container MakePortMappings). */
function portMappings({ spec }: Pod): readonly Init<PortMapping>[] {
  const sidecars = spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === "Always") ?? [];
  const ports = [...spec.containers, ...sidecars].flatMap(({ ports = [] }) => ports);
  return ports.map(({ hostIP = "", hostPort = 0, containerPort, protocol }) => ({
    hostIp: hostIP,
    hostPort,
    containerPort,
    protocol: protocol === "UDP" || protocol === "SCTP" ? protocol : "TCP",
  }));
}
