import { type KubernetesObject, V1MicroTime } from "@kubernetes/client-node";

/** What a test needs of any object, and all else it may have. */
export type Sample = KubernetesObject & Readonly<Record<string, unknown>>;

/** Where the samples belong that have a namespace. */
export const namespace = "surface";

const selector = { matchLabels: { a: "b" } };
const container = { name: "c", image: "nginx" };
const podSpec = { containers: [container] };
const template = { metadata: { labels: { a: "b" } }, spec: podSpec };
const jobTemplate = { spec: { restartPolicy: "Never", containers: [container] } };
const claim = { devices: { requests: [{ name: "gpu", exactly: { deviceClassName: "sample" } }] } };
const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["podtemplates"] }];
const webhook = {
  name: "a.example.com",
  admissionReviewVersions: ["v1"],
  sideEffects: "None",
  clientConfig: { url: "https://127.0.0.1:1/" },
  objectSelector: { matchLabels: { never: "here" } },
  rules,
};
const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" };
const policyRules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "none" };
const definition = {
  group: "samples.example.com",
  scope: "Namespaced",
  names: { plural: "samples", kind: "Sample" },
  versions: [
    {
      name: "v1",
      served: true,
      storage: true,
      subresources: { status: {} },
      schema: { openAPIV3Schema: { type: "object", x_kubernetes_preserve_unknown_fields: true } },
    },
  ],
};
/** Asks for a certificate of CN=ann, O=team. */
const request = `-----BEGIN CERTIFICATE REQUEST-----
MIHWMH8CAQAwHTENMAsGA1UECgwEdGVhbTEMMAoGA1UEAwwDYW5uMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEJWLkt+yLLq7zh9M6eXlK/m+To2imj8zAuZ6MYok+
/YojU0js4IPZ+eIS9G3Rc3l5lnee4gBwsdH4hx9JFaaFnKAAMAoGCCqGSM49BAMC
A0cAMEQCIHkKVoPkruo3VDYtw59uWohcSoFFE9GKFZgQ3QPlK+5OAiAievqViLCq
xkexEyt7yz+/oZqQ7Py7ZCaaNrZjtW1jpw==
-----END CERTIFICATE REQUEST-----
`;

type Content = Readonly<Record<string, unknown>>;

/** By API version and kind, what an object has beside its name. */
const contents: Readonly<Record<string, Readonly<Record<string, Content>>>> = {
  v1: {
    ConfigMap: { data: { a: "1" } },
    Endpoints: { subsets: [{ addresses: [{ ip: "10.1.1.1" }], ports: [{ port: 80 }] }] },
    Event: {
      involvedObject: { kind: "Pod", name: "p", namespace },
      reason: "Seen",
      message: "it was seen",
      type: "Normal",
    },
    LimitRange: { spec: { limits: [{ type: "PersistentVolumeClaim", max: { storage: "1Ti" } }] } },
    Namespace: {},
    Node: { spec: { podCIDR: "10.9.0.0/24" } },
    PersistentVolume: {
      spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/x" } },
    },
    PersistentVolumeClaim: {
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
    Pod: { spec: podSpec },
    PodTemplate: { template },
    ReplicationController: { spec: { replicas: 1, selector: { a: "b" }, template } },
    ResourceQuota: { spec: { hard: { "requests.storage": "100Ti" } } },
    Secret: { data: { a: "AQID" } },
    Service: { spec: { ports: [{ port: 80 }] } },
    ServiceAccount: {},
  },
  "admissionregistration.k8s.io/v1": {
    MutatingAdmissionPolicy: {
      spec: {
        reinvocationPolicy: "Never",
        matchConstraints: { resourceRules: rules },
        mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression: "Object{}" } }],
      },
    },
    MutatingAdmissionPolicyBinding: { spec: { policyName: "none" } },
    MutatingWebhookConfiguration: { webhooks: [webhook] },
    ValidatingAdmissionPolicy: {
      spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression: "true" }] },
    },
    ValidatingAdmissionPolicyBinding: { spec: { policyName: "none", validationActions: ["Deny"] } },
    ValidatingWebhookConfiguration: { webhooks: [webhook] },
  },
  "apiextensions.k8s.io/v1": { CustomResourceDefinition: { spec: definition } },
  "apiregistration.k8s.io/v1": {
    APIService: {
      spec: {
        group: "aggregated.example.com",
        version: "v1",
        groupPriorityMinimum: 100,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { namespace: "default", name: "none" },
      },
    },
  },
  "apps/v1": {
    ControllerRevision: { revision: 1, data: { a: 1 } },
    DaemonSet: { spec: { selector, template } },
    Deployment: { spec: { selector, template } },
    ReplicaSet: { spec: { selector, template } },
    StatefulSet: { spec: { selector, template, serviceName: "none" } },
  },
  "autoscaling/v1": { HorizontalPodAutoscaler: { spec: { maxReplicas: 3, scaleTargetRef } } },
  "autoscaling/v2": { HorizontalPodAutoscaler: { spec: { maxReplicas: 3, scaleTargetRef } } },
  "batch/v1": {
    CronJob: { spec: { schedule: "@daily", jobTemplate: { spec: { template: jobTemplate } } } },
    Job: { spec: { template: jobTemplate } },
  },
  "certificates.k8s.io/v1": {
    CertificateSigningRequest: {
      spec: {
        signerName: "example.com/signer",
        usages: ["client auth"],
        request: Buffer.from(request).toString("base64"),
      },
    },
  },
  "coordination.k8s.io/v1": { Lease: { spec: { holderIdentity: "me", leaseDurationSeconds: 10 } } },
  "discovery.k8s.io/v1": { EndpointSlice: { addressType: "IPv4", endpoints: [{ addresses: ["10.1.1.1"] }] } },
  "events.k8s.io/v1": {
    Event: {
      eventTime: new V1MicroTime("2026-01-02T03:04:05.678Z"),
      reportingController: "example.com/me",
      reportingInstance: "me-1",
      action: "Look",
      reason: "Seen",
      type: "Normal",
      regarding: { kind: "Pod", name: "p", namespace },
    },
  },
  "flowcontrol.apiserver.k8s.io/v1": {
    FlowSchema: { spec: { matchingPrecedence: 9_999, priorityLevelConfiguration: { name: "catch-all" } } },
    PriorityLevelConfiguration: {
      spec: { type: "Limited", limited: { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } } },
    },
  },
  "networking.k8s.io/v1": {
    IPAddress: { spec: { parentRef: { group: "example.com", resource: "gateways", name: "none" } } },
    Ingress: { spec: { defaultBackend: { service: { name: "none", port: { number: 80 } } } } },
    IngressClass: { spec: { controller: "example.com/controller" } },
    NetworkPolicy: { spec: { podSelector: {} } },
    ServiceCIDR: { spec: { cidrs: ["192.0.2.0/24"] } },
  },
  "node.k8s.io/v1": { RuntimeClass: { handler: "other" } },
  "policy/v1": { PodDisruptionBudget: { spec: { minAvailable: 1, selector } } },
  "rbac.authorization.k8s.io/v1": {
    ClusterRole: { rules: policyRules },
    ClusterRoleBinding: { roleRef, subjects: [] },
    Role: { rules: policyRules },
    RoleBinding: { roleRef, subjects: [] },
  },
  "resource.k8s.io/v1": {
    DeviceClass: { spec: {} },
    ResourceClaim: { spec: claim },
    ResourceClaimTemplate: { spec: { spec: claim } },
    ResourceSlice: {
      spec: {
        driver: "a.example.com",
        nodeName: "node",
        pool: { name: "p", generation: 1, resourceSliceCount: 1 },
        devices: [{ name: "d" }],
      },
    },
  },
  "scheduling.k8s.io/v1": { PriorityClass: { value: 7 } },
  "storage.k8s.io/v1": {
    CSIDriver: { spec: { attachRequired: false } },
    CSINode: { spec: { drivers: [] } },
    CSIStorageCapacity: { storageClassName: "fast" },
    StorageClass: { provisioner: "example.com/p" },
    VolumeAttachment: {
      spec: { attacher: "a.example.com", nodeName: "node", source: { persistentVolumeName: "none" } },
    },
    VolumeAttributesClass: { driverName: "a.example.com", parameters: { iops: "100" } },
  },
};

/** Names that follow from what an object holds. */
const names: Readonly<Record<string, string>> = {
  CustomResourceDefinition: "samples.samples.example.com",
  APIService: "v1.aggregated.example.com",
  IPAddress: "192.0.2.1",
};

/** One object of every resource that is stored, small and good. */
export const samples: readonly Sample[] = Object.entries(contents).flatMap(([apiVersion, kinds]) =>
  Object.entries(kinds).map(([kind, content]) => ({
    apiVersion,
    kind,
    metadata: { name: names[kind] ?? `sample-${apiVersion.replaceAll(/[^a-z0-9]/g, "")}`, labels: { sample: "yes" } },
    ...content,
  })),
);
