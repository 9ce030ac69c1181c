import type { UserInfo } from "../apimachinery/resource/object.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import { runTasks } from "../base/task-group.ts";
import { type Client, Informers } from "../client/mod.ts";
import { certificateApprovingController } from "./certificate-approving/controller.ts";
import { certificateCleanerController } from "./certificate-cleaner/controller.ts";
import { type CertificateSigning, certificateSigningController } from "./certificate-signing/controller.ts";
import { clusterRoleAggregationController } from "./clusterrole-aggregation/controller.ts";
import { daemonSetController } from "./daemonset/controller.ts";
import { deploymentController } from "./deployment/controller.ts";
import { endpointsController } from "./endpoints/controller.ts";
import { endpointSliceController } from "./endpointslice/controller.ts";
import { endpointSliceMirroringController } from "./endpointslice-mirroring/controller.ts";
import { garbageCollector } from "./garbage-collector/controller.ts";
import { Inventory } from "./inventory/inventory.ts";
import { legacyTokenCleaner } from "./legacy-token-cleaner/controller.ts";
import { namespaceController } from "./namespace/controller.ts";
import { nodeIpamController } from "./node-ipam/controller.ts";
import { nodeLifecycleController } from "./node-lifecycle/controller.ts";
import { nodeTtlController } from "./node-ttl/controller.ts";
import { podGarbageCollector } from "./pod-garbage-collector/controller.ts";
import { replicaSetController } from "./replicaset/controller.ts";
import { replicationControllerController } from "./replication-controller/controller.ts";
import { resourceQuotaController } from "./resource-quota/controller.ts";
import { rootCaPublisher } from "./root-ca-publisher/controller.ts";
import type { Controller } from "./runner/controller.ts";
import { runControllers } from "./runner/run.ts";
import { serviceAccountController } from "./service-account/controller.ts";
import { serviceAccountTokenController } from "./service-account-tokens/controller.ts";
import type { SignToken } from "./service-account-tokens/plan.ts";
import { serviceCidrController } from "./service-cidrs/controller.ts";
import { taintEvictionController } from "./taint-eviction/controller.ts";
import { validatingAdmissionPolicyStatusController } from "./validating-admission-policy-status/controller.ts";
import { attributesClassProtection, claimProtection, volumeProtection } from "./volume-protection/controller.ts";

export interface ControllersOptions {
  /** A way in as this user; what it may do is decided as for any request. */
  readonly clientAs: (user: UserInfo) => Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry;
  /** PEM of the authority that vouches for the API server: published in every namespace. */
  readonly rootCa: string;
  /** Signs the tokens that secrets hold, by a key that the API server knows. Default none: such secrets stay as they are. */
  readonly signToken?: SignToken | undefined;
  /** Who signs certificates for the cluster's own signers. Default nobody: requests stay as they are. */
  readonly signing?: CertificateSigning | undefined;
  /** How long tokens that were made by themselves stay unused before they are refused, and then deleted. Default a year. */
  readonly legacyTokenCleanUpMs?: number;
  /** Which run, as upstream's --controllers: `*` all, `name` this one, `-name` not this one. Default all. */
  readonly controllers?: readonly string[];
  /** Ranges of pod addresses, one a family, of which each node gets a part. Default none: nodes get no ranges. */
  readonly clusterCidr?: readonly string[];
  /** Ranges of service addresses: kept out of the nodes' parts. */
  readonly serviceCidrs?: readonly string[];
  /** Lengths of the prefixes of the nodes' parts, one a range. Default 24 for IPv4, 64 for IPv6. */
  readonly nodeCidrMaskSizes?: readonly number[];
}

function isEnabled(name: string, chosen: readonly string[] = ["*"]): boolean {
  return chosen.includes(name) || (chosen.includes("*") && !chosen.includes(`-${name}`));
}

/** Whoever reads for all controllers: it may list and watch everything. Writes for those without a service account. */
const manager: UserInfo = { username: "system:kube-controller-manager", groups: ["system:authenticated"] };

/** The user that a controller's service account in kube-system is. */
function serviceAccountUser(name: string): UserInfo {
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
  };
}

/** Runs all controllers until `signal` aborts; resolves when they have ended. */
export async function runAllControllers(options: ControllersOptions, signal: AbortSignal): Promise<void> {
  const { clientAs, clock, random, logger, metrics, rootCa, signToken, signing } = options;
  const parts = { client: clientAs(manager), clock, random, logger };
  const informers = new Informers(parts);
  const inventory = new Inventory(parts);
  const all: Readonly<Record<string, Controller>> = {
    ...(signToken === undefined
      ? {}
      : { "serviceaccount-token-controller": serviceAccountTokenController({ signToken, rootCa }) }),
    "serviceaccount-controller": serviceAccountController,
    "root-ca-certificate-publisher-controller": rootCaPublisher(rootCa),
    ...(signing === undefined
      ? {}
      : { "certificatesigningrequest-signing-controller": certificateSigningController(signing, random) }),
    "certificatesigningrequest-approving-controller": certificateApprovingController,
    "certificatesigningrequest-cleaner-controller": certificateCleanerController,
    "clusterrole-aggregation-controller": clusterRoleAggregationController,
    "legacy-serviceaccount-token-cleaner-controller": legacyTokenCleaner(
      options.legacyTokenCleanUpMs ?? 365 * 86_400_000,
    ),
    "namespace-controller": namespaceController({ inventory }),
    "garbage-collector-controller": garbageCollector(inventory),
    "resourcequota-controller": resourceQuotaController(inventory),
    "daemonset-controller": daemonSetController(),
    "deployment-controller": deploymentController,
    "replicaset-controller": replicaSetController,
    "replicationcontroller-controller": replicationControllerController,
    "endpoints-controller": endpointsController,
    "endpointslice-controller": endpointSliceController,
    "endpointslice-mirroring-controller": endpointSliceMirroringController,
    "node-lifecycle-controller": nodeLifecycleController(),
    "ttl-controller": nodeTtlController,
    "pod-garbage-collector-controller": podGarbageCollector(),
    "service-cidr-controller": serviceCidrController,
    "taint-eviction-controller": taintEvictionController(),
    "validatingadmissionpolicy-status-controller": validatingAdmissionPolicyStatusController,
    "persistentvolumeclaim-protection-controller": claimProtection,
    "persistentvolume-protection-controller": volumeProtection,
    "volumeattributesclass-protection-controller": attributesClassProtection,
    ...(options.clusterCidr === undefined
      ? {}
      : { "node-ipam-controller": nodeIpamController({ ...options, clusterCidr: options.clusterCidr }) }),
  };
  const controllers = Object.keys(all)
    .filter((name) => isEnabled(name, options.controllers))
    .map((name) => all[name]!);
  const clientOf = (name: string | undefined): Client =>
    clientAs(name === undefined ? manager : serviceAccountUser(name));
  await runTasks(signal, [
    (inner) => inventory.run(inner),
    (inner) => runControllers({ clientOf, informers, clock, random, logger, metrics }, controllers, inner),
  ]);
}
