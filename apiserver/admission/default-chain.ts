import { LimitRange } from "../../api/core/v1/limit-range.ts";
import { Namespace } from "../../api/core/v1/namespace.ts";
import { Node } from "../../api/core/v1/node.ts";
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts";
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { ResourceQuota } from "../../api/core/v1/resource-quota.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { IngressClass } from "../../api/networking/v1/ingress-class.ts";
import { RuntimeClass } from "../../api/node/v1/runtime-class.ts";
import { DeviceClass, ResourceClaim } from "../../api/resource/v1/dynamic-resources.ts";
import { PriorityClass } from "../../api/scheduling/v1/priority-class.ts";
import { CSIDriver } from "../../api/storage/v1/csi-driver.ts";
import { StorageClass } from "../../api/storage/v1/storage-class.ts";
import type { Clock } from "../../base/clock.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { rbacEscalation } from "../authorization/rbac/escalation.ts";
import type { RuleIndex } from "../authorization/rbac/rule-index.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";
import type { WebhookKubeconfig } from "../webhook-client/credentials.ts";
import type { WebhookClient } from "../webhook-client/webhook-client.ts";
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from "./certificates.ts";
import { AdmissionChain } from "./chain.ts";
import { claimStatusAccess } from "./claim-status-access.ts";
import { defaultIngressClass, defaultStorageClass } from "./default-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { deviceAdminAccess } from "./device-admin-access.ts";
import { conditionCompiler } from "./dynamic/compile-conditions.ts";
import type { ServedResources } from "./dynamic/equivalents.ts";
import { convertByStorage } from "./dynamic/versioned.ts";
import { limitRanger } from "./limit-ranger/plugin.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeDeclaredFeatures } from "./node-declared-features.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { alwaysAdmit, alwaysDeny } from "./off-by-default/always.ts";
import { alwaysPullImages } from "./off-by-default/always-pull-images.ts";
import { eventRateLimit } from "./off-by-default/event-rate-limit.ts";
import { imagePolicyWebhook } from "./off-by-default/image-policy.ts";
import { namespaceAutoProvision, namespaceExists } from "./off-by-default/namespaces.ts";
import { podNodeSelector } from "./off-by-default/pod-node-selector.ts";
import { podTolerationRestriction } from "./off-by-default/pod-toleration-restriction.ts";
import {
  denyServiceExternalIPs,
  extendedResourceToleration,
  limitPodHardAntiAffinityTopology,
} from "./off-by-default/small.ts";
import { ownerReferences } from "./owner-references.ts";
import type { AdmissionPlugin } from "./plugin.ts";
import type { PluginConfigurations } from "./plugin-configuration.ts";
import { podResize } from "./pod-resize.ts";
import { podSecurity } from "./pod-security/plugin.ts";
import { podTopologyLabels } from "./pod-topology-labels.ts";
import { mutatingPolicies } from "./policy/mutating.ts";
import { policyParamAccess } from "./policy/param-access.ts";
import { validatingPolicies } from "./policy/validating.ts";
import { priorityAdmission } from "./priority.ts";
import { type ResourceQuotaDeps, resourceQuota } from "./resource-quota/plugin.ts";
import { runtimeClassAdmission } from "./runtime-class.ts";
import { isEnabled, type PluginKubeconfigs, type PluginSelection } from "./selection.ts";
import { serviceAccountAdmission } from "./service-account.ts";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";
import { AdmissionTimes } from "./times.ts";
import { volumeClaimResize } from "./volume-claim-resize.ts";
import { mutatingWebhooks } from "./webhook/mutating.ts";
import { validatingWebhooks } from "./webhook/validating.ts";
import { wholeLists } from "./whole-lists.ts";

export interface AdmissionDeps {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly authorizer: Authorizer;
  readonly rules: RuleIndex;
  readonly metrics: MetricsRegistry;
  readonly served: ServedResources;
  readonly updateStatus: ResourceQuotaDeps["updateStatus"];
  readonly writer: Pick<ObjectWriter, "create">;
  /** Default: as upstream, with NodeRestriction. */
  readonly selection?: PluginSelection | undefined;
  readonly configurations?: PluginConfigurations | undefined;
  readonly kubeconfigs?: PluginKubeconfigs | undefined;
  /** Calls webhooks as the users of a kubeconfig, or as nobody. */
  readonly webhooksAs: (kubeconfig: WebhookKubeconfig | undefined) => WebhookClient;
}

/** The plugins that are on: upstream's choice where nobody says otherwise, in its order (`chain.ts` sorts them). */
export function defaultAdmission(deps: AdmissionDeps): AdmissionChain {
  const { selection = {}, reader } = deps;
  const whole = { ...deps, reader: wholeLists(reader) };
  const all = [...onByDefault(whole), ...offByDefault(whole)];
  const enabled = all.filter(({ name }) => isEnabled(name, selection));
  return new AdmissionChain(enabled, new AdmissionTimes(deps.metrics, deps.clock));
}

function offByDefault(deps: AdmissionDeps): readonly AdmissionPlugin[] {
  const { reader, writer, clock, authorizer, served, configurations = {} } = deps;
  return [
    alwaysAdmit,
    namespaceAutoProvision(reader, writer, Namespace),
    namespaceExists(reader, Namespace),
    limitPodHardAntiAffinityTopology,
    alwaysPullImages,
    ...imagePolicyOf(deps),
    podNodeSelector(reader, Namespace, configurations.podNodeSelector),
    podTolerationRestriction(reader, Namespace, configurations.podTolerations),
    eventRateLimit(clock, configurations.eventRateLimit),
    extendedResourceToleration,
    ownerReferences(authorizer, served),
    denyServiceExternalIPs,
    alwaysDeny,
  ];
}

/** There is none without a configuration, which whoever turns it on has to give. */
function imagePolicyOf(deps: AdmissionDeps): readonly AdmissionPlugin[] {
  const { clock, random, webhooksAs } = deps;
  const [server, configuration] = [deps.kubeconfigs?.imagePolicy, deps.configurations?.imagePolicy];
  if (server === undefined || configuration === undefined) return [];
  return [imagePolicyWebhook({ client: webhooksAs(undefined), server, configuration, clock, random })];
}

function onByDefault(deps: AdmissionDeps): readonly AdmissionPlugin[] {
  const {
    reader,
    clock,
    random,
    authorizer,
    rules,
    metrics,
    updateStatus,
    served,
    webhooksAs,
    configurations = {},
    kubeconfigs = {},
  } = deps;
  const dynamic = { reader, served, convert: convertByStorage, clock, random };
  const asked = { ...dynamic, metricsRegistry: metrics, compileConditions: conditionCompiler(authorizer) };
  const policies = { reader, served, convert: convertByStorage, clock, authorizer, metricsRegistry: metrics };
  return [
    namespaceLifecycle(reader, Namespace, clock),
    limitRanger(reader, LimitRange),
    serviceAccountAdmission({ reader, serviceAccounts: ServiceAccount, clock, random }),
    nodeRestriction({
      reader,
      authorizer,
      pods: Pod,
      nodes: Node,
      persistentVolumeClaims: PersistentVolumeClaim,
      persistentVolumes: PersistentVolume,
      csiDrivers: CSIDriver,
    }),
    taintNodesByCondition,
    podSecurity({
      reader,
      clock,
      metrics,
      namespaces: Namespace,
      pods: Pod,
      configuration: configurations.podSecurity,
    }),
    priorityAdmission(reader, PriorityClass),
    defaultTolerationSeconds,
    defaultStorageClass(reader, StorageClass),
    storageObjectInUseProtection,
    volumeClaimResize(reader, StorageClass),
    runtimeClassAdmission(reader, RuntimeClass),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(reader, IngressClass),
    podTopologyLabels(reader, Node),
    nodeDeclaredFeatures(reader, Node),
    podResize(reader, Node),
    mutatingPolicies(policies),
    mutatingWebhooks({ ...asked, client: webhooksAs(kubeconfigs.mutatingWebhooks) }),
    validatingPolicies(policies),
    validatingWebhooks({ ...asked, client: webhooksAs(kubeconfigs.validatingWebhooks) }),
    resourceQuota({
      reader,
      clock,
      updateStatus,
      quotas: ResourceQuota,
      pods: Pod,
      deviceClasses: DeviceClass,
      resourceClaims: ResourceClaim,
      configuration: configurations.resourceQuota,
    }),
    deviceAdminAccess(reader, Namespace),
    claimStatusAccess(authorizer),
    rbacEscalation(rules, authorizer),
    policyParamAccess({ reader, served, authorizer }),
  ];
}
