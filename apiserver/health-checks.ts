import type { HealthCheck } from "./handlers/paths.ts";

/** What a server's health depends on. */
export interface ServerState {
  /** Everything that a start begins with has been done. */
  readonly ready: boolean;
  /** Why the store cannot be followed any more. */
  readonly failure: Error | undefined;
  readonly priorityAndFairness: boolean;
  /** Whether the store answers now, and whether it does so for a server that is to be ready: see `storeProbe`. */
  readonly storeHealth: HealthCheck["check"];
  readonly storeReadiness: HealthCheck["check"];
}

/** What is done once, at the start, under upstream's names of hooks. */
const startHooks = [
  "start-apiserver-admission-initializer",
  "generic-apiserver-start-informers",
  "priority-and-fairness-config-consumer",
  "priority-and-fairness-filter",
  "start-apiextensions-informers",
  "start-apiextensions-controllers",
  "crd-informer-synced",
  "start-system-namespaces-controller",
  "start-cluster-authentication-info-controller",
  "start-kube-apiserver-identity-lease-controller",
  "start-kube-apiserver-identity-lease-garbage-collector",
  "storage-readiness",
  "start-legacy-token-tracking-controller",
  "start-service-ip-repair-controllers",
  "rbac/bootstrap-roles",
  "scheduling/bootstrap-system-priority-classes",
  "priority-and-fairness-config-producer",
  "bootstrap-controller",
  "start-kubernetes-service-cidr-controller",
  "start-kube-aggregator-informers",
  "apiservice-status-local-available-controller",
  "apiservice-status-remote-available-controller",
  "apiservice-registration-controller",
  "apiservice-discovery-controller",
  "kube-apiserver-autoregistration",
];

/** The last of them: what the documents of all servers together need. */
const documents = ["apiservice-openapi-controller", "apiservice-openapiv3-controller"];

/** The parts of `/livez`, `/readyz` and `/healthz`, in upstream's order, with what else the server's owner checks. */
export function healthChecks(state: ServerState, others: readonly HealthCheck[]): readonly HealthCheck[] {
  const hooks = startHooks.filter((name) => state.priorityAndFairness || !name.startsWith("priority-and-fairness"));
  const finished = (): string | undefined => (state.ready ? undefined : "not finished");
  return [
    { name: "ping", check: () => undefined },
    { name: "log", check: () => undefined },
    // Of the certificate by which a server talks to itself. This one does so without: nothing can expire.
    { name: "loopback-serving-certificate", liveOnly: true, check: () => undefined },
    { name: "etcd", check: () => state.failure?.message ?? state.storeHealth() },
    { name: "etcd-readiness", readyOnly: true, check: () => state.failure?.message ?? state.storeReadiness() },
    { name: "informer-sync", readyOnly: true, check: () => (state.ready ? undefined : "not all caches are filled") },
    ...hooks.map((name) => ({ name: `poststarthook/${name}`, check: finished })),
    { name: "autoregister-completion", check: () => (state.ready ? undefined : "missing APIService") },
    ...documents.map((name) => ({ name: `poststarthook/${name}`, check: finished })),
    ...others,
    { name: "shutdown", readyOnly: true, check: () => (state.ready ? undefined : "process is not ready") },
  ];
}
