import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "../../../api/mod.ts";
import { definitionOf, establish } from "../../support/custom-resources.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { template } from "./pods.ts";

// test/integration/etcd: where each resource lies, in which version, and that nothing of it is lost.

const labels = { a: "b" };
const selector = { matchLabels: labels };
const { spec: podSpec } = template(labels) as { spec: object };
const workload = { spec: { selector, template: template(labels) } };
const job = { template: { metadata: { labels: { run: "x" } }, spec: { ...podSpec, restartPolicy: "Never" } } };
const subjects = [{ kind: "Group", name: "some", apiGroup: "rbac.authorization.k8s.io" }];
const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "some" };
const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
const scaled = { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Some", name: "cross" } } };
const device = { spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "c" } }] } } };
const hook = {
  ...{ name: "hook.example.com", sideEffects: "None", admissionReviewVersions: ["v1"] },
  clientConfig: { service: { namespace: "n", name: "s" } },
};
const constraints = {
  resourceRules: [{ operations: ["CREATE"], apiGroups: ["x"], apiVersions: ["v1"], resources: ["y"] }],
};

/** The key below `/registry/`, without namespace and name, and an object. Without one there is no such object to make. */
const stored: Readonly<Record<string, readonly [key: string, object?]>> = {
  "v1 configmaps": ["configmaps", { data: { foo: "bar" } }],
  "v1 endpoints": ["services/endpoints", { subsets: [{ addresses: [{ ip: "192.0.2.1" }], ports: [{ port: 80 }] }] }],
  "v1 events": ["events", { involvedObject: { namespace: "stored" }, message: "some" }],
  "v1 limitranges": ["limitranges", { spec: { limits: [{ type: "Pod" }] } }],
  "v1 namespaces": ["namespaces", { spec: { finalizers: ["kubernetes"] } }],
  "v1 nodes": ["minions", { spec: { unschedulable: true } }],
  "v1 persistentvolumeclaims": [
    "persistentvolumeclaims",
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2M" } } } },
  ],
  "v1 persistentvolumes": [
    "persistentvolumes",
    { spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "3M" }, hostPath: { path: "/tmp" } } },
  ],
  "v1 pods": ["pods", { spec: { containers: [{ name: "c", image: "i", resources: { limits: { cpu: "1M" } } }] } }],
  "v1 podtemplates": ["podtemplates", { template: template(labels) }],
  "v1 replicationcontrollers": ["controllers", { spec: { selector: labels, template: template(labels) } }],
  "v1 resourcequotas": ["resourcequotas", { spec: { hard: { cpu: "5M" } } }],
  "v1 secrets": ["secrets", { data: { key: "ZGF0YQ==" } }],
  "v1 serviceaccounts": ["serviceaccounts", { secrets: [{ name: "secret" }] }],
  "v1 services": [
    "services/specs",
    { spec: { type: "LoadBalancer", ports: [{ port: 80, targetPort: 81 }], selector: labels } },
  ],
  "apps/v1 controllerrevisions": ["controllerrevisions", { data: { any: ["thing"] }, revision: 0 }],
  "apps/v1 daemonsets": ["daemonsets", workload],
  "apps/v1 deployments": ["deployments", workload],
  "apps/v1 replicasets": ["replicasets", workload],
  "apps/v1 statefulsets": ["statefulsets", workload],
  "autoscaling/v1 horizontalpodautoscalers": ["horizontalpodautoscalers", scaled],
  "autoscaling/v2 horizontalpodautoscalers": ["horizontalpodautoscalers", scaled],
  "batch/v1 cronjobs": ["cronjobs", { spec: { schedule: "* * * * *", jobTemplate: { spec: job } } }],
  "batch/v1 jobs": ["jobs", { spec: job }],
  "certificates.k8s.io/v1 certificatesigningrequests": ["certificatesigningrequests"],
  "coordination.k8s.io/v1 leases": ["leases", { spec: { holderIdentity: "holder", leaseDurationSeconds: 5 } }],
  "discovery.k8s.io/v1 endpointslices": [
    "endpointslices",
    { addressType: "IPv4", ports: [{ name: "", port: 80 }], endpoints: [{ addresses: ["192.0.2.1"] }] },
  ],
  "events.k8s.io/v1 events": [
    "events",
    {
      ...{ regarding: { namespace: "stored" }, note: "some", eventTime: "2017-08-09T15:04:05.000000Z", type: "Normal" },
      ...{ reportingController: "k8s.io/some", reportingInstance: "node", action: "DidNothing", reason: "Laziness" },
    },
  ],
  "networking.k8s.io/v1 ingresses": [
    "ingress",
    { spec: { defaultBackend: { service: { name: "s", port: { number: 80 } } } } },
  ],
  "networking.k8s.io/v1 ingressclasses": ["ingressclasses", { spec: { controller: "example.com/controller" } }],
  "networking.k8s.io/v1 ipaddresses": [
    "ipaddresses",
    { spec: { parentRef: { resource: "services", name: "s", namespace: "n" } } },
  ],
  "networking.k8s.io/v1 networkpolicies": ["networkpolicies", { spec: { podSelector: selector } }],
  "networking.k8s.io/v1 servicecidrs": ["servicecidrs", { spec: { cidrs: ["198.18.0.0/24"] } }],
  "policy/v1 poddisruptionbudgets": ["poddisruptionbudgets", { spec: { selector } }],
  "storage.k8s.io/v1 csidrivers": ["csidrivers", { spec: { attachRequired: true, podInfoOnMount: true } }],
  "storage.k8s.io/v1 csinodes": ["csinodes", { spec: { drivers: [{ name: "d", nodeID: "n", topologyKeys: ["k"] }] } }],
  "storage.k8s.io/v1 csistoragecapacities": ["csistoragecapacities", { storageClassName: "some" }],
  "storage.k8s.io/v1 storageclasses": ["storageclasses", { provisioner: "example.com/some" }],
  "storage.k8s.io/v1 volumeattachments": [
    "volumeattachments",
    { spec: { attacher: "some", nodeName: "n", source: { persistentVolumeName: "pv" } } },
  ],
  "storage.k8s.io/v1 volumeattributesclasses": [
    "volumeattributesclasses",
    { driverName: "example.com/some", parameters: { a: "b" } },
  ],
  "flowcontrol.apiserver.k8s.io/v1 flowschemas": [
    "flowschemas",
    { spec: { priorityLevelConfiguration: { name: "some" } } },
  ],
  "flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations": [
    "prioritylevelconfigurations",
    { spec: { type: "Limited", limited: { limitResponse: { type: "Reject" } } } },
  ],
  "rbac.authorization.k8s.io/v1 clusterrolebindings": ["clusterrolebindings", { roleRef, subjects }],
  "rbac.authorization.k8s.io/v1 clusterroles": ["clusterroles", { rules }],
  "rbac.authorization.k8s.io/v1 rolebindings": ["rolebindings", { roleRef, subjects }],
  "rbac.authorization.k8s.io/v1 roles": ["roles", { rules }],
  "node.k8s.io/v1 runtimeclasses": ["runtimeclasses", { handler: "some" }],
  "scheduling.k8s.io/v1 priorityclasses": ["priorityclasses", { value: 1_000 }],
  "admissionregistration.k8s.io/v1 mutatingwebhookconfigurations": [
    "mutatingwebhookconfigurations",
    { webhooks: [hook] },
  ],
  "admissionregistration.k8s.io/v1 validatingwebhookconfigurations": [
    "validatingwebhookconfigurations",
    { webhooks: [hook] },
  ],
  "admissionregistration.k8s.io/v1 validatingadmissionpolicies": [
    "validatingadmissionpolicies",
    { spec: { matchConstraints: constraints, validations: [{ expression: "true" }] } },
  ],
  "admissionregistration.k8s.io/v1 validatingadmissionpolicybindings": [
    "validatingadmissionpolicybindings",
    { spec: { policyName: "some", validationActions: ["Deny"] } },
  ],
  "admissionregistration.k8s.io/v1 mutatingadmissionpolicies": [
    "mutatingadmissionpolicies",
    {
      spec: {
        ...{ matchConstraints: constraints, failurePolicy: "Fail", reinvocationPolicy: "Never" },
        mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression: "Object{}" } }],
      },
    },
  ],
  "admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings": [
    "mutatingadmissionpolicybindings",
    { spec: { policyName: "some" } },
  ],
  "resource.k8s.io/v1 deviceclasses": ["deviceclasses", { spec: {} }],
  "resource.k8s.io/v1 resourceclaims": ["resourceclaims", device],
  "resource.k8s.io/v1 resourceclaimtemplates": ["resourceclaimtemplates", { spec: device }],
  "resource.k8s.io/v1 resourceslices": [
    "resourceslices",
    { spec: { nodeName: "n", driver: "dra.example.com", pool: { name: "n", resourceSliceCount: 1 } } },
  ],
  "apiextensions.k8s.io/v1 customresourcedefinitions": ["apiextensions.k8s.io/customresourcedefinitions"],
  "apiregistration.k8s.io/v1 apiservices": [
    "apiregistration.k8s.io/apiservices",
    { spec: { group: "x.example.com", version: "v1", groupPriorityMinimum: 100, versionPriority: 10 } },
  ],
};

/** As upstream's stores them: of several versions the one that older servers can read too. */
const versions: Readonly<Record<string, string>> = {
  "autoscaling/v1 horizontalpodautoscalers": "autoscaling/v2",
  "events.k8s.io/v1 events": "v1",
};
/** Their names say what they are. */
const names: Readonly<Record<string, string>> = { ipaddresses: "192.0.2.7", apiservices: "v1.x.example.com" };

describeUpstream(
  "What is stored",
  (use) => {
    test("TestEtcdStoragePath: each resource lies where upstream's does, as it was sent", async () => {
      await use.typed("namespaces").create({ metadata: { name: "stored" } });
      await use.typed("serviceaccounts", "stored").create({ metadata: { name: "default" } });
      const served = builtInResources.filter(
        ({ plural, verbs }) => plural !== "componentstatuses" && verbs?.includes("get") !== false,
      );
      const missing = served
        .map(({ group, version, plural }) => `${group === "" ? version : `${group}/${version}`} ${plural}`)
        .filter((name) => !(name in stored));
      assert.deepEqual(
        missing.filter((name) => !/review|bindings$|^autoscaling\/v1 scales/.test(name)),
        [],
      );
      for (const [resource, [key, object]] of Object.entries(stored)) {
        if (object === undefined) continue;
        const [groupVersion, plural] = resource.split(" ") as [string, string];
        const definition = builtInResources.find(
          (one) =>
            one.plural === plural && groupVersion === (one.group === "" ? one.version : `${one.group}/${one.version}`),
        );
        assert.ok(definition, resource);
        const isNamespaced = definition.scope === "Namespaced";
        const all = use.dynamic(definition, isNamespaced ? "stored" : "");
        const name = names[plural] ?? `some-${plural}`;
        await all.create({ metadata: { name }, ...object }, { fieldValidation: "Strict" });
        const path = `/registry/${key}/${isNamespaced ? "stored/" : ""}${name}`;
        const { entry } = await use.https.storage.get(path);
        assert.ok(entry, `${resource} is not at ${path}`);
        const value = JSON.parse(Buffer.from(entry.value).toString()) as Thing;
        assert.deepEqual([value.apiVersion, value.kind], [versions[resource] ?? groupVersion, definition.kind]);
        const shown = versions[resource] === "v1" ? await all.get(name) : value;
        assert.partialDeepStrictEqual(shown, object);
        await all.delete(name, { gracePeriodSeconds: 0 });
      }
    });

    test("TestEtcdStoragePath: custom resources lie below their group", async () => {
      await establish(use.admin, definitionOf("Foo", [{ name: "v1" }, { name: "v2" }]));
      const target = { group: "example.com", version: "v2", kind: "Foo", plural: "foos" };
      await use.dynamic(target, "default").create({ metadata: { name: "cr1foo" } });
      const { entry } = await use.https.storage.get("/registry/example.com/foos/default/cr1foo");
      assert.equal((JSON.parse(Buffer.from(entry!.value).toString()) as Thing).apiVersion, "example.com/v1");
    });
  },
  { controllers: false },
);
