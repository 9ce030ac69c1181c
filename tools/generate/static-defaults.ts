import type { JsonValue } from "../../apimachinery/json/json.ts";

type Defaults = Readonly<Record<string, JsonValue>>;

const container: Defaults = { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" };
const webhook: Defaults = {
  failurePolicy: "Fail",
  matchPolicy: "Equivalent",
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
};
const matchResources: Defaults = { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} };
const failClosed: Defaults = { failurePolicy: "Fail" };
const allScopes: Defaults = { scope: "*" };
const httpsPort: Defaults = { port: 443 };
const modeReadable: Defaults = { defaultMode: 0o644 };
const exactCount: Defaults = { allocationMode: "ExactCount" };
const once: Defaults = { allocationMultiplier: "1" };
/** A quantity that Go holds by value is written even where nobody set it. */
const zeroQuantity: Defaults = { value: "0" };

const core: Readonly<Record<string, Defaults>> = {
  ConfigMapVolumeSource: modeReadable,
  Container: container,
  DownwardAPIVolumeSource: modeReadable,
  EndpointPort: { protocol: "TCP" },
  EphemeralContainer: container,
  HTTPGetAction: { path: "/", scheme: "HTTP", port: 0 },
  HostPathVolumeSource: { type: "" },
  NamespaceStatus: { phase: "Active" },
  ObjectFieldSelector: { apiVersion: "v1" },
  PersistentVolumeClaimSpec: { volumeMode: "Filesystem" },
  PersistentVolumeClaimStatus: { phase: "Pending" },
  PersistentVolumeStatus: { phase: "Pending" },
  PodSpec: {
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  },
  Probe: { failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 },
  ProjectedVolumeSource: modeReadable,
  ResourceFieldSelector: { divisor: "0" },
  Secret: { type: "Opaque" },
  SecretVolumeSource: modeReadable,
  ServiceAccountTokenProjection: { expirationSeconds: 3600 },
  ServiceSpec: { sessionAffinity: "None", type: "ClusterIP" },
  TCPSocketAction: { port: 0 },
};

const apps: Readonly<Record<string, Defaults>> = {
  DaemonSetSpec: { revisionHistoryLimit: 10 },
  DaemonSetUpdateStrategy: { type: "RollingUpdate" },
  DeploymentSpec: { progressDeadlineSeconds: 600, replicas: 1, revisionHistoryLimit: 10 },
  DeploymentStrategy: { type: "RollingUpdate" },
  ReplicaSetSpec: { replicas: 1 },
  StatefulSetPersistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
  StatefulSetSpec: {
    persistentVolumeClaimRetentionPolicy: {},
    podManagementPolicy: "OrderedReady",
    replicas: 1,
    revisionHistoryLimit: 10,
  },
};

const batch: Readonly<Record<string, Defaults>> = {
  CronJobSpec: { concurrencyPolicy: "Allow", failedJobsHistoryLimit: 1, successfulJobsHistoryLimit: 3, suspend: false },
  PodFailurePolicyOnPodConditionsPattern: { status: "True" },
};

const flowcontrol: Readonly<Record<string, Defaults>> = {
  ExemptPriorityLevelConfiguration: { lendablePercent: 0, nominalConcurrencyShares: 0 },
  FlowSchemaSpec: { matchingPrecedence: 1000 },
  LimitedPriorityLevelConfiguration: { lendablePercent: 0, nominalConcurrencyShares: 30 },
  QueuingConfiguration: { handSize: 8, queueLengthLimit: 50, queues: 64 },
};

const storage: Readonly<Record<string, Defaults>> = {
  CSIDriverSpec: {
    attachRequired: true,
    fsGroupPolicy: "ReadWriteOnceWithFSType",
    podInfoOnMount: false,
    requiresRepublish: false,
    seLinuxMount: false,
    storageCapacity: false,
    volumeLifecycleModes: ["Persistent"],
  },
  StorageClass: { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" },
};

const admissionPolicies: Readonly<Record<string, Defaults>> = {
  MatchResources: matchResources,
  MutatingAdmissionPolicySpec: failClosed,
  NamedRuleWithOperations: allScopes,
};

function inPackage(name: string, table: Readonly<Record<string, Defaults>>): Readonly<Record<string, Defaults>> {
  return Object.fromEntries(Object.entries(table).map(([definition, defaults]) => [`${name}.${definition}`, defaults]));
}

/**
 * Constant defaults that upstream sets in code (pkg/apis/<group>/<version>/defaults.go) and that OpenAPI does not publish,
 * by definition (without `io.k8s.`) and field. Each holds wherever its struct stands; a default that holds in one kind only,
 * or depends on anything else, belongs to the resource's `setDefaults`.
 */
export const staticDefaults: Readonly<Record<string, Defaults>> = {
  ...inPackage("api.admissionregistration.v1", {
    ...admissionPolicies,
    MutatingWebhook: { ...webhook, reinvocationPolicy: "Never" },
    RuleWithOperations: allScopes,
    ServiceReference: httpsPort,
    ValidatingAdmissionPolicySpec: failClosed,
    ValidatingWebhook: webhook,
  }),
  ...inPackage("api.admissionregistration.v1alpha1", {
    ...admissionPolicies,
    ParamRef: { parameterNotFoundAction: "Deny" },
  }),
  ...inPackage("api.admissionregistration.v1beta1", admissionPolicies),
  ...inPackage("api.apps.v1", apps),
  ...inPackage("api.authentication.v1", { TokenRequestSpec: { expirationSeconds: 3600 } }),
  ...inPackage("api.autoscaling.v1", { HorizontalPodAutoscalerSpec: { minReplicas: 1 } }),
  ...inPackage("api.autoscaling.v2", { HorizontalPodAutoscalerSpec: { minReplicas: 1 } }),
  ...inPackage("api.batch.v1", batch),
  ...inPackage("api.core.v1", core),
  ...inPackage("api.discovery.v1", { EndpointPort: { name: "", protocol: "TCP" } }),
  ...inPackage("api.flowcontrol.v1", flowcontrol),
  ...inPackage("api.networking.v1", {
    IngressClassParametersReference: { scope: "Cluster" },
    NetworkPolicyPort: { protocol: "TCP" },
  }),
  ...inPackage("api.rbac.v1", { RoleRef: { apiGroup: "rbac.authorization.k8s.io" } }),
  ...inPackage("api.resource.v1", {
    Counter: zeroQuantity,
    DeviceCapacity: zeroQuantity,
    DeviceSubRequest: exactCount,
    ExactDeviceRequest: exactCount,
    NodeAllocatableResourceMapping: once,
  }),
  ...inPackage("api.resource.v1beta1", {
    Counter: zeroQuantity,
    DeviceCapacity: zeroQuantity,
    DeviceSubRequest: exactCount,
    NodeAllocatableResourceMapping: once,
  }),
  ...inPackage("api.resource.v1beta2", {
    Counter: zeroQuantity,
    DeviceCapacity: zeroQuantity,
    DeviceSubRequest: exactCount,
    ExactDeviceRequest: exactCount,
    NodeAllocatableResourceMapping: once,
  }),
  ...inPackage("api.scheduling.v1", { PriorityClass: { preemptionPolicy: "PreemptLowerPriority" } }),
  ...inPackage("api.storage.v1", storage),
  ...inPackage("apiextensions-apiserver.pkg.apis.apiextensions.v1", {
    CustomResourceDefinitionSpec: { conversion: { strategy: "None" } },
    ServiceReference: httpsPort,
  }),
  ...inPackage("kube-aggregator.pkg.apis.apiregistration.v1", { ServiceReference: httpsPort }),
};
