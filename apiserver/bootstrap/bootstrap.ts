import { Namespace } from "../../api/core/v1/namespace.ts";
import { ClusterRole } from "../../api/rbac/v1/cluster-role.ts";
import { ClusterRoleBinding } from "../../api/rbac/v1/cluster-role-binding.ts";
import { Role } from "../../api/rbac/v1/role.ts";
import { RoleBinding } from "../../api/rbac/v1/role-binding.ts";
import { PriorityClass } from "../../api/scheduling/v1/priority-class.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import type { Logger } from "../../base/logger.ts";
import { ensureSystemPriorityClasses } from "../admission/priority.ts";
import { ensureBootstrapPolicy } from "../authorization/rbac/bootstrap/ensure.ts";
import type { Registry } from "../registry/registry.ts";
import type { ServiceNetwork } from "../services/service-network.ts";
import type { KeptService } from "./kept-service.ts";
import { ensureKubernetesEndpoints, type KubernetesService } from "./kubernetes-service.ts";
import type { ServerAddresses } from "./server-addresses.ts";

export interface BootstrapDeps {
  readonly registry: Registry;
  readonly services: ServiceNetwork;
  /** The service `default/kubernetes`, and where it leads. */
  readonly kubernetes: KeptService;
  readonly service: KubernetesService;
  /** Where several servers share a store: keeps the endpoints those of all. */
  readonly addresses: ServerAddresses | undefined;
  readonly logger: Logger;
}

/** Namespaces that every cluster has (controlplane/controller/systemnamespaces). */
const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"] as const;

/**
 * Makes what every cluster has: namespaces, ranges of service addresses, the default roles, priority classes, the service
 * `kubernetes`. Writes only what is lacking.
 */
export async function bootstrap(deps: BootstrapDeps): Promise<void> {
  const { registry, services, kubernetes, service, addresses, logger } = deps;
  await Promise.all([...systemNamespaces.map((name) => ensureNamespace(registry, name)), services.start()]);
  const definitions = {
    clusterRole: ClusterRole,
    clusterRoleBinding: ClusterRoleBinding,
    role: Role,
    roleBinding: RoleBinding,
  };
  const [policy] = await Promise.all([
    ensureBootstrapPolicy(registry, registry, definitions),
    ensureSystemPriorityClasses(registry, registry, PriorityClass),
    kubernetes.start(),
    addresses?.start() ?? ensureKubernetesEndpoints(registry, service),
  ]);
  for (const { object, error } of policy.failures) {
    logger.error("a default role could not be written", { object, error });
  }
}

async function ensureNamespace(registry: Registry, name: string): Promise<void> {
  if (registry.get(Namespace, "", name) !== undefined) {
    return;
  }
  try {
    await registry.create(Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  } catch (error) {
    if (!isAlreadyExists(error)) {
      throw error;
    }
  }
}
