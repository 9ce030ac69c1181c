/** Labels of Kubernetes' own that a kubelet may give its node (staging/src/k8s.io/kubelet/pkg/apis). */
const kubeletLabels: ReadonlySet<string> = new Set([
  "kubernetes.io/hostname",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
]);
const kubeletNamespaces = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const restrictedNamespaces = ["node-restriction.kubernetes.io"];
const kubernetesNamespaces = ["kubernetes.io", "k8s.io"];

/** Keys of labels that changed and that no node may change of itself, sorted. */
export function forbiddenNodeLabels(
  wanted: Readonly<Record<string, string>>,
  old: Readonly<Record<string, string>>,
): string[] {
  const keys = new Set([...Object.keys(wanted), ...Object.keys(old)]);
  return [...keys].filter((key) => wanted[key] !== old[key] && isForbidden(key)).sort();
}

function isForbidden(key: string): boolean {
  const slash = key.indexOf("/");
  const namespace = slash < 0 ? "" : key.slice(0, slash);
  if (within(namespace, restrictedNamespaces)) return true;
  return within(namespace, kubernetesNamespaces) && !kubeletLabels.has(key) && !within(namespace, kubeletNamespaces);
}

function within(namespace: string, domains: readonly string[]): boolean {
  return domains.some((domain) => namespace === domain || namespace.endsWith(`.${domain}`));
}
