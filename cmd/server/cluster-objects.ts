import { ClusterRole } from "../../api/rbac/v1/cluster-role.ts";
import { ClusterRoleBinding } from "../../api/rbac/v1/cluster-role-binding.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { KeptService } from "../../apiserver/bootstrap/kept-service.ts";
import type { Registry } from "../../apiserver/registry/registry.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";

const rbacGroup = "rbac.authorization.k8s.io";
const rbacVersion = `${rbacGroup}/v1`;

/** Who a node's DNS server is to the API: the common name in dns.conf's certificate. */
export const dnsUser = "system:coredns";

export interface ClusterObjectsDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dnsAddress: string;
}

/** What kubeadm's tokens make whoever joins a member of. */
const joiners = "system:bootstrappers:kubeadm:default-node-token";
const approvals = "system:certificates.k8s.io:certificatesigningrequests";

/** Kubelets ask for their first certificate with such a token, and for those that follow with the one they have. */
const bootstrapBindings = [
  binding("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", "Group", joiners),
  binding("kubeadm:node-autoapprove-bootstrap", `${approvals}:nodeclient`, "Group", joiners),
  binding("kubeadm:node-autoapprove-certificate-rotation", `${approvals}:selfnodeclient`, "Group", "system:nodes"),
];

/**
 * Makes what kubeadm adds to every cluster, where it is lacking: the administrators' binding, those by which kubelets
 * get certificates, the role of DNS and the service under whose address DNS answers (cmd/kubeadm/app/phases/kubeconfig,
 * phases/bootstraptoken/node, phases/addons/dns). What somebody has changed stays.
 * The service may come later; `stop` gives that up.
 */
export async function ensureClusterObjects(deps: ClusterObjectsDeps): Promise<{ stop(): void }> {
  const { registry, dnsAddress } = deps;
  const dns = new KeptService({ ...deps, service: dnsService(dnsAddress), once: true });
  await Promise.all([
    // admin.conf is a member of this group: what it may can be taken away again, unlike system:masters.
    ensure(registry, ClusterRoleBinding, binding("kubeadm:cluster-admins", "cluster-admin", "Group")),
    ensure(registry, ClusterRole, {
      apiVersion: rbacVersion,
      kind: "ClusterRole",
      metadata: { name: dnsUser },
      rules: [
        { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    }),
    ensure(registry, ClusterRoleBinding, binding(dnsUser, dnsUser, "User")),
    ...bootstrapBindings.map((one) => ensure(registry, ClusterRoleBinding, one)),
    dns.start(),
  ]);
  return dns;
}

/** Without a selector: each node answers at this address itself. */
function dnsService(clusterIP: string) {
  const port = (name: string, number: number, protocol: string) => ({
    name,
    port: number,
    protocol,
    targetPort: number,
  });
  return {
    metadata: {
      name: "kube-dns",
      namespace: "kube-system",
      labels: {
        "k8s-app": "kube-dns",
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "CoreDNS",
      },
    },
    spec: { clusterIP, ports: [port("dns", 53, "UDP"), port("dns-tcp", 53, "TCP")] },
  };
}

function binding(name: string, role: string, kind: "Group" | "User", subject = name): object {
  return {
    apiVersion: rbacVersion,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: rbacGroup, kind, name: subject }],
  };
}

async function ensure<T extends ApiObject>(
  registry: Registry,
  definition: ResourceDefinition<T>,
  wanted: object,
): Promise<void> {
  const { name, namespace = "" } = (wanted as { metadata: { name: string; namespace?: string } }).metadata;
  if (registry.get(definition, namespace, name) !== undefined) return;
  try {
    await registry.create(definition, wanted as never);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
