import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { Namespace } from "../../api/core/v1/namespace.ts";
import { Node } from "../../api/core/v1/node.ts";
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { Service } from "../../api/core/v1/service.ts";
import type * as types from "../../api/generated/types/core-v1.ts";
import { ResourceClaim, ResourceClaimTemplate } from "../../api/resource/v1/dynamic-resources.ts";
import { StorageClass } from "../../api/storage/v1/storage-class.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import { pluginOrder } from "./chain.ts";
import { deviceAdminAccess } from "./device-admin-access.ts";
import { nodeDeclaredFeatures } from "./node-declared-features.ts";
import { alwaysAdmit, alwaysDeny } from "./off-by-default/always.ts";
import { alwaysPullImages } from "./off-by-default/always-pull-images.ts";
import { namespaceAutoProvision, namespaceExists } from "./off-by-default/namespaces.ts";
import { podNodeSelector } from "./off-by-default/pod-node-selector.ts";
import { podTolerationRestriction } from "./off-by-default/pod-toleration-restriction.ts";
import {
  denyServiceExternalIPs,
  extendedResourceToleration,
  limitPodHardAntiAffinityTopology,
} from "./off-by-default/small.ts";
import { ownerReferences } from "./owner-references.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { podResize } from "./pod-resize.ts";
import { isEnabled, selectionErrors } from "./selection.ts";
import { admitted, testAttributes } from "./test-attributes.ts";
import { volumeClaimResize } from "./volume-claim-resize.ts";

const ask = (plugin: AdmissionPlugin, definition: unknown, object: object, change: Partial<AdmissionAttributes> = {}) =>
  admitted(plugin, testAttributes(definition as typeof Pod as never, object, change)).then(
    () => "",
    (error: Error) => error.message,
  );
const update = (oldObject: object, subresource = "") =>
  ({ operation: "UPDATE", subresource, oldObject: oldObject as ApiObject }) as const;
const pod = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: "p", namespace: "ns", ...metadata },
  spec: { containers: [{ name: "c", image: "a" }], ...spec },
});
const inNamespace = (annotations: object = {}) => {
  const objects = new MemoryObjects();
  objects.set(Namespace, { metadata: { name: "ns", annotations } });
  return objects;
};

test("a claim grows where it is bound and its class allows it", async () => {
  const objects = new MemoryObjects();
  objects.set(StorageClass, { metadata: { name: "grows" }, allowVolumeExpansion: true });
  objects.set(StorageClass, { metadata: { name: "fixed" } });
  const claim = (storage: string, storageClassName = "grows", phase = "Bound") => ({
    metadata: { name: "v", namespace: "ns" },
    spec: { storageClassName, resources: { requests: { storage } } },
    status: { phase },
  });
  const plugin = volumeClaimResize(objects, StorageClass);
  const resize = (now: object, old: object) => ask(plugin, PersistentVolumeClaim, now, update(old));
  assert.equal(await resize(claim("2Gi"), claim("1Gi")), "");
  assert.equal(await resize(claim("1Gi", "fixed"), claim("2Gi", "fixed")), "");
  const subject = 'persistentvolumeclaims "v" is forbidden';
  const unsupported = `${subject}: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize`;
  assert.equal(await resize(claim("2Gi", "fixed"), claim("1Gi", "fixed")), unsupported);
  assert.equal(await resize(claim("2Gi", ""), claim("1Gi", "")), unsupported);
  assert.equal(
    await resize(claim("2Gi"), claim("1Gi", "grows", "Pending")),
    `${subject}: Only bound persistent volume claims can be expanded`,
  );
});

test("a pod is resized to what its node can give, on Linux", async () => {
  const objects = new MemoryObjects();
  objects.set(Node, { metadata: { name: "n" }, status: { allocatable: { cpu: "2", memory: "1Gi" } } });
  objects.set(Node, { metadata: { name: "w", labels: { "kubernetes.io/os": "windows" } }, status: {} });
  const plugin = podResize(objects, Node);
  const sized = (cpu: string, nodeName = "n", generation = 2) =>
    pod({ nodeName, containers: [{ name: "c", resources: { requests: { cpu, memory: "2Gi" } } }] }, { generation });
  const resize = (now: object) => ask(plugin, Pod, now, update(pod({}, { generation: 1 }), "resize"));
  assert.equal(
    await resize(sized("3")),
    `pods "p" is forbidden: node didn't have enough allocatable resources: cpu, requested: 3000, allocatable: 2000; memory, requested: ${2 ** 31}, allocatable: ${2 ** 30}`,
  );
  assert.equal(await resize(pod({ nodeName: "n" }, { generation: 2 })), "");
  assert.equal(await resize(sized("3", "n", 1)), "");
  assert.equal(await resize(sized("3", "gone")), 'pods "p" is forbidden: node "gone" not found');
  assert.equal(
    await resize(sized("1", "w")),
    'pods "p" is forbidden: pod resize is only supported on linux nodes, node "w" is "windows"',
  );
});

test("a change of a bound pod needs a node that declares what it takes", async () => {
  const objects = new MemoryObjects();
  const initContainers = "InPlacePodVerticalScalingInitContainers";
  const podLevel = "InPlacePodLevelResourcesVerticalScaling";
  objects.set(Node, { metadata: { name: "old" }, status: {} });
  objects.set(Node, { metadata: { name: "half" }, status: { declaredFeatures: [podLevel] } });
  objects.set(Node, { metadata: { name: "new" }, status: { declaredFeatures: [podLevel, initContainers] } });
  const plugin = nodeDeclaredFeatures(objects, Node);
  const sized = (cpu: string, nodeName: string | undefined) => {
    const resources = { requests: { cpu } };
    const initContainers = [{ name: "i", resources }];
    return pod({ ...(nodeName === undefined ? {} : { nodeName }), resources, initContainers });
  };
  const resize = (nodeName: string | undefined, now = "2") =>
    ask(plugin, Pod, sized(now, nodeName), update(sized("1", nodeName), "resize"));
  const needs = (which: string, node: string): string =>
    `pods "p" is forbidden: pod update requires features ${which} which are not available on node "${node}"`;
  assert.equal(await resize("old"), needs(`${podLevel}, ${initContainers}`, "old"));
  assert.equal(await resize("half"), needs(initContainers, "half"));
  assert.equal(await resize("new"), "");
  assert.equal(await resize("gone"), 'pods "p" is forbidden: node "gone" not found');
  assert.equal(await resize(undefined), "");
  assert.equal(await resize("gone", "1"), "");
  const sidecar = (cpu: string) =>
    pod({
      nodeName: "old",
      initContainers: [{ name: "i", restartPolicy: "Always", resources: { requests: { cpu } } }],
    });
  assert.equal(await ask(plugin, Pod, sidecar("2"), update(sidecar("1"), "resize")), "");
});

const may = (...allowed: readonly string[]): Authorizer => ({
  name: "test",
  authorize: ({ verb, resource, subresource, name }) =>
    allowed.includes(`${verb} ${resource}/${subresource} ${name}`)
      ? { decision: "allow", reason: "" }
      : { decision: "noOpinion", reason: "no" },
});

test("owners are changed by those who may delete the object and hold back the owner", async () => {
  const owned = (...ownerReferences: object[]) => ({ metadata: { name: "m", namespace: "ns", ownerReferences } });
  const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "u" };
  const blocking = { ...owner, blockOwnerDeletion: true };
  const try_ = (authorizer: Authorizer, object: object, change: Partial<AdmissionAttributes> = {}) =>
    ask(
      ownerReferences(authorizer, () => [Pod]),
      ConfigMap,
      object,
      change,
    );
  assert.equal(await try_(may(), owned()), "");
  assert.equal(await try_(may(), owned(owner)), "");
  assert.equal(await try_(may("update pods/finalizers p"), owned(blocking)), "");
  assert.equal(await try_(may("update */finalizers *"), owned(blocking)), "");
  const subject = 'configmaps "m" is forbidden';
  assert.equal(
    await try_(may(), owned(blocking)),
    `${subject}: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: no, <nil>`,
  );
  assert.equal(
    await try_(may(), owned({ ...blocking, kind: "Thing" })),
    `${subject}: cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion v1 Kind Thing: no matches for kind "Thing" in version "v1"`,
  );
  assert.equal(
    await try_(may(), owned(owner), update(owned())),
    `${subject}: cannot set an ownerRef on a resource you can't delete: no, <nil>`,
  );
  assert.equal(await try_(may("delete configmaps/ m"), owned(owner), update(owned())), "");
  assert.equal(await try_(may("delete configmaps/ m"), owned(blocking), update(owned(blocking))), "");
  assert.match(await try_(may("delete configmaps/ m"), owned(blocking), update(owned(owner))), /blockOwnerDeletion/);
});

test("every image is asked for at every start", async () => {
  const volumes = [{ name: "v", image: { reference: "b" } }];
  const object = pod({ volumes, initContainers: [{ name: "i", image: "b", imagePullPolicy: "Never" }] });
  const made = await admitted<types.Pod>(alwaysPullImages, testAttributes(Pod as never, object));
  assert.equal(made.spec.containers[0]!.imagePullPolicy, "Always");
  assert.equal(made.spec.initContainers![0]!.imagePullPolicy, "Always");
  assert.equal(made.spec.volumes![0]!.image!.pullPolicy, "Always");
  const left = await admitted<types.Pod>(alwaysPullImages, testAttributes(Pod as never, pod(), update(pod())));
  assert.equal(left.spec.containers[0]!.imagePullPolicy, undefined);
  // Where a later plugin changes it back.
  const bad = testAttributes(Pod as never, pod({ containers: [{ name: "c", imagePullPolicy: "Never" }] }));
  assert.throws(
    () => alwaysPullImages.validate!(bad),
    /^ApiError: pods "p" is forbidden: spec.containers\[0\].imagePullPolicy: Unsupported value: "Never": supported values: "Always"$/,
  );
});

test("external addresses of services only become fewer", async () => {
  const service = (...externalIPs: string[]) => ({ metadata: { name: "s", namespace: "ns" }, spec: { externalIPs } });
  const refusal = 'services "s" is forbidden: Use of external IPs is denied by admission control';
  assert.equal(await ask(denyServiceExternalIPs, Service, service("1.2.3.4")), refusal);
  assert.equal(await ask(denyServiceExternalIPs, Service, service()), "");
  assert.equal(await ask(denyServiceExternalIPs, Service, service("a"), update(service("a", "b"))), "");
  assert.equal(await ask(denyServiceExternalIPs, Service, service("a", "c"), update(service("a"))), refusal);
});

test("a pod tolerates taints of the extended resources it asks for, once", async () => {
  const requests = { "example.com/gpu": "1", cpu: "1" };
  const object = pod({ containers: [{ name: "c", resources: { requests } }] });
  const tolerations = [{ key: "example.com/gpu", operator: "Exists", effect: "NoSchedule" }];
  const made = await admitted<types.Pod>(extendedResourceToleration, testAttributes(Pod as never, object));
  assert.deepEqual(made.spec.tolerations, tolerations);
  const again = await admitted<types.Pod>(extendedResourceToleration, testAttributes(Pod as never, made));
  assert.deepEqual(again.spec.tolerations, tolerations);
});

test("a pod may refuse company on its node, not in its zone", async () => {
  const apart = (topologyKey: string) =>
    pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } } });
  assert.equal(await ask(limitPodHardAntiAffinityTopology, Pod, apart("kubernetes.io/hostname")), "");
  assert.equal(
    await ask(limitPodHardAntiAffinityTopology, Pod, apart("zone")),
    'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
  );
});

test("namespaces must exist, or are made", async () => {
  const map = { metadata: { name: "m", namespace: "ns" } };
  assert.equal(await ask(namespaceExists(inNamespace(), Namespace), ConfigMap, map), "");
  const none = new MemoryObjects();
  assert.equal(await ask(namespaceExists(none, Namespace), ConfigMap, map), 'namespaces "ns" not found');
  assert.equal(await ask(namespaceAutoProvision(none, none, Namespace), ConfigMap, map), "");
  assert.ok(none.get(Namespace, "", "ns"));
  const broken = { create: () => Promise.reject(ApiError.badRequest("no")) };
  const plugin = namespaceAutoProvision(new MemoryObjects(), broken, Namespace);
  assert.equal(await ask(plugin, ConfigMap, map), 'configmaps "m" is forbidden: no');
});

test("pods go to the nodes of their namespace", async () => {
  const key = "scheduler.alpha.kubernetes.io/node-selector";
  const plugin = podNodeSelector(inNamespace({ [key]: "a=b, c=d" }), Namespace);
  const made = await admitted<types.Pod>(plugin, testAttributes(Pod as never, pod({ nodeSelector: { e: "f" } })));
  assert.deepEqual(made.spec.nodeSelector, { a: "b", c: "d", e: "f" });
  assert.equal(
    await ask(plugin, Pod, pod({ nodeSelector: { a: "x" } })),
    'pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector',
  );
  const limited = podNodeSelector(inNamespace(), Namespace, { clusterDefaultNodeSelector: "z=1", ns: "z=1,y=2" });
  assert.equal(await ask(limited, Pod, pod({ nodeSelector: { y: "2" } })), "");
  assert.equal(
    await ask(limited, Pod, pod({ nodeSelector: { y: "3" } })),
    'pods "p" is forbidden: pod node label selector labels conflict with its namespace whitelist',
  );
  assert.equal(await ask(podNodeSelector(inNamespace({ [key]: "a" }), Namespace), Pod, pod()), "invalid selector: [a]");
});

test("pods get the tolerations of their namespace, and no others than it allows", async () => {
  const annotations = {
    "scheduler.alpha.kubernetes.io/defaultTolerations": '[{"key":"a","operator":"Exists"}]',
    "scheduler.alpha.kubernetes.io/tolerationsWhitelist": '[{"key":"a","operator":"Exists"},{"key":"b"}]',
  };
  const plugin = podTolerationRestriction(inNamespace(annotations), Namespace);
  const made = await admitted<types.Pod>(plugin, testAttributes(Pod as never, pod()));
  assert.deepEqual(made.spec.tolerations, [{ key: "a", operator: "Exists" }]);
  assert.equal(
    await ask(plugin, Pod, pod({ tolerations: [{ key: "x", operator: "Exists" }] })),
    "pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist",
  );
  const ofCluster = podTolerationRestriction(inNamespace(), Namespace, { whitelist: [{ key: "a" }] });
  const burstable = pod({ containers: [{ name: "c", resources: { requests: { cpu: "1" } } }] });
  assert.match(await ask(ofCluster, Pod, burstable), /conflict with its cluster whitelist$/);
});

test("others' devices are looked into from labelled namespaces only", async () => {
  const claim = (adminAccess: boolean) => ({
    metadata: { name: "c", namespace: "ns" },
    spec: { devices: { requests: [{ name: "r", exactly: { adminAccess } }] } },
  });
  const template = { metadata: { name: "t", namespace: "ns" }, spec: { spec: claim(true).spec } };
  const allocated = (adminAccess: boolean) => ({
    ...claim(true),
    status: { allocation: { devices: { results: [{ adminAccess }] } } },
  });
  const plain = deviceAdminAccess(inNamespace(), Namespace);
  const labelled = new MemoryObjects();
  labelled.set(Namespace, { metadata: { name: "ns", labels: { "resource.kubernetes.io/admin-access": "true" } } });
  const needs =
    "Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace";
  assert.equal(await ask(plain, ResourceClaim, claim(false)), "");
  assert.equal(
    await ask(plain, ResourceClaim, claim(true)),
    `ResourceClaim.resource.k8s.io "c" is invalid: spec.devices.requests[0].adminAccess: ${needs}`,
  );
  assert.match(await ask(plain, ResourceClaimTemplate, template), /adminAccess: Forbidden/);
  assert.equal(await ask(deviceAdminAccess(labelled, Namespace), ResourceClaim, claim(true)), "");
  const status = (now: object, old: object) => ask(plain, ResourceClaim, now, update(old, "status"));
  assert.match(await status(allocated(true), claim(true)), /status.allocation.devices.results\[0\].adminAccess: Forb/);
  assert.equal(await status(allocated(true), allocated(true)), "");
  assert.equal(await status(allocated(false), claim(true)), "");
});

test("everything or nothing", async () => {
  assert.equal(await ask(alwaysAdmit, Pod, pod()), "");
  assert.equal(
    await ask(alwaysDeny, Pod, pod()),
    'pods "p" is forbidden: admission control is denying all modifications',
  );
});

test("plugins are on as upstream has them, and as one chooses; unknown names are refused", () => {
  assert.ok(isEnabled("PodSecurity", {}));
  assert.ok(!isEnabled("PodSecurity", { disable: ["PodSecurity"] }));
  assert.ok(!isEnabled("AlwaysPullImages", {}));
  assert.ok(isEnabled("AlwaysPullImages", { enable: ["AlwaysPullImages"] }));
  assert.ok(isEnabled("RBACEscalation", { disable: [...pluginOrder] }));
  assert.deepEqual(selectionErrors({ enable: ["AlwaysDeny"], disable: ["LimitRanger", "ImagePolicyWebhook"] }), []);
  assert.deepEqual(selectionErrors({ enable: ["Foo", "JobValidation", "Priority"], disable: ["Bar", "Priority"] }), [
    'enable-admission-plugins plugin "Foo" is unknown',
    'enable-admission-plugins plugin "JobValidation" is unknown',
    'disable-admission-plugins plugin "Bar" is unknown',
    "[Priority] in enable-admission-plugins and disable-admission-plugins overlapped",
  ]);
});
