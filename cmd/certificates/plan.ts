import { isIP } from "node:net";
import { extendedUsage } from "../../apimachinery/x509/certificate.ts";

/** Which authority signs: kubeadm's three. */
export type AuthorityName = "ca" | "front-proxy-ca" | "etcd/ca";

export interface LeafPlan {
  /** Below `pki/`, without `.crt` and `.key`. */
  readonly file: string;
  readonly authority: AuthorityName;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly extendedUsages: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export interface KubeconfigPlan {
  /** Below the data directory. */
  readonly file: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** The entry in the kubeconfig's list of users. */
  readonly user: string;
  readonly server: string;
}

export interface PkiPlan {
  readonly authorities: readonly { readonly file: AuthorityName; readonly commonName: string }[];
  readonly leaves: readonly LeafPlan[];
  readonly kubeconfigs: readonly KubeconfigPlan[];
}

export interface PlanOptions {
  readonly hostname: string;
  /** Addresses and names under which clients reach this server, beside the usual ones. */
  readonly advertiseAddress: string;
  readonly extraNames?: readonly string[];
  /** First address of each service range: the service `kubernetes`. */
  readonly serviceAddresses: readonly string[];
  readonly clusterDomain: string;
  /** `https://HOST:PORT` for administrators, and for components on this machine. */
  readonly serverUrl: string;
  readonly localServerUrl: string;
  /** The node on this machine: its kubelet, proxy and DNS get kubeconfigs, the kubelet's HTTPS API a certificate. Absent: none. */
  readonly nodeName?: string;
  /** Addresses of that node, beside those of the loopback interface. */
  readonly nodeAddresses?: readonly string[];
  readonly etcd?: boolean;
}

/** What must be there: kubeadm's files, names and subjects (cmd/kubeadm/app/phases/certs, phases/kubeconfig). */
export function planPki(options: PlanOptions): PkiPlan {
  const { serverAuth, clientAuth } = extendedUsage;
  const leaf = (
    file: string,
    authority: AuthorityName,
    commonName: string,
    usages: readonly string[],
    change: Partial<LeafPlan> = {},
  ): LeafPlan => ({
    file,
    authority,
    commonName,
    organizations: [],
    extendedUsages: usages,
    dnsNames: [],
    ipAddresses: [],
    ...change,
  });
  return {
    authorities: [
      { file: "ca", commonName: "kubernetes" },
      { file: "front-proxy-ca", commonName: "front-proxy-ca" },
      ...(options.etcd ? [{ file: "etcd/ca" as const, commonName: "etcd-ca" }] : []),
    ],
    leaves: [
      leaf("apiserver", "ca", "kube-apiserver", [serverAuth], serverNames(options)),
      leaf("apiserver-kubelet-client", "ca", "kube-apiserver-kubelet-client", [clientAuth], {
        organizations: ["kubeadm:cluster-admins"],
      }),
      leaf("front-proxy-client", "front-proxy-ca", "front-proxy-client", [clientAuth]),
      ...(options.etcd ? etcdLeaves(options, leaf) : []),
      ...(options.nodeName === undefined ? [] : [nodeLeaf(options.nodeName, options.nodeAddresses ?? [], leaf)]),
    ],
    kubeconfigs: kubeconfigs(options),
  };
}

function serverNames({ hostname, advertiseAddress, extraNames = [], serviceAddresses, clusterDomain }: PlanOptions) {
  const all = [
    hostname,
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    `kubernetes.default.svc.${clusterDomain}`,
    "localhost",
    ...serviceAddresses,
    advertiseAddress,
    "127.0.0.1",
    "::1",
    ...extraNames,
  ];
  const distinct = [...new Set(all.filter((name) => name !== ""))];
  return {
    dnsNames: distinct.filter((name) => isIP(name) === 0),
    ipAddresses: distinct.filter((name) => isIP(name) !== 0),
  };
}

type LeafMaker = (...args: [string, AuthorityName, string, readonly string[], Partial<LeafPlan>?]) => LeafPlan;

/** The kubelet's HTTPS API (subject as of kubelet serving certificates: pkg/kubelet/certificate/kubelet.go). */
function nodeLeaf(nodeName: string, addresses: readonly string[], leaf: LeafMaker): LeafPlan {
  return leaf("kubelet", "ca", `system:node:${nodeName}`, [extendedUsage.serverAuth], {
    organizations: ["system:nodes"],
    dnsNames: [...new Set([nodeName, "localhost"])],
    ipAddresses: [...new Set([...addresses, "127.0.0.1", "::1"])],
  });
}

function etcdLeaves({ hostname, advertiseAddress }: PlanOptions, leaf: LeafMaker): LeafPlan[] {
  const { serverAuth, clientAuth } = extendedUsage;
  const names = {
    dnsNames: [hostname, "localhost"],
    ipAddresses: [...new Set([advertiseAddress, "127.0.0.1", "::1"])],
  };
  return [
    leaf("etcd/server", "etcd/ca", hostname, [serverAuth, clientAuth], names),
    leaf("etcd/peer", "etcd/ca", hostname, [serverAuth, clientAuth], names),
    leaf("etcd/healthcheck-client", "etcd/ca", "kube-etcd-healthcheck-client", [clientAuth]),
    leaf("apiserver-etcd-client", "etcd/ca", "kube-apiserver-etcd-client", [clientAuth]),
  ];
}

function kubeconfigs({ serverUrl, localServerUrl, nodeName }: PlanOptions): KubeconfigPlan[] {
  const component = (file: string, commonName: string, organizations: readonly string[] = []): KubeconfigPlan => ({
    file,
    commonName,
    organizations,
    user: commonName,
    server: localServerUrl,
  });
  return [
    {
      file: "admin.conf",
      commonName: "kubernetes-admin",
      organizations: ["kubeadm:cluster-admins"],
      user: "kubernetes-admin",
      server: serverUrl,
    },
    {
      file: "super-admin.conf",
      commonName: "kubernetes-super-admin",
      organizations: ["system:masters"],
      user: "kubernetes-super-admin",
      server: serverUrl,
    },
    component("controller-manager.conf", "system:kube-controller-manager"),
    component("scheduler.conf", "system:kube-scheduler"),
    ...(nodeName === undefined
      ? []
      : [
          component("kubelet.conf", `system:node:${nodeName}`, ["system:nodes"]),
          component("proxy.conf", "system:kube-proxy"),
          component("dns.conf", "system:coredns"),
        ]),
  ];
}
