import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import type { CertificateSigningRequest } from "../../api/generated/types/certificates-v1.ts";
import type { Namespace, Node, PersistentVolumeClaim, Pod, Toleration } from "../../api/generated/types/core-v1.ts";
import type { RuntimeClass } from "../../api/generated/types/node-v1.ts";
import type { PriorityClass } from "../../api/generated/types/scheduling-v1.ts";
import type { StorageClass } from "../../api/generated/types/storage-v1.ts";
import { toPem } from "../../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import { certificateApproval, certificateSubjectRestriction } from "./certificates.ts";
import { AdmissionChain } from "./chain.ts";
import { defaultStorageClass } from "./default-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import type { AdmissionPlugin } from "./plugin.ts";
import { podTopologyLabels } from "./pod-topology-labels.ts";
import { ensureSystemPriorityClasses, priorityAdmission } from "./priority.ts";
import { mergeTolerations, runtimeClassAdmission } from "./runtime-class.ts";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";
import { admitted, testAttributes, testDefinition } from "./test-attributes.ts";

const pods = testDefinition<Pod>("", "Pod", "pods");
const namespaces = testDefinition<Namespace>("", "Namespace", "namespaces", "Cluster");
const pod = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: "red", name: "p", ...metadata },
  spec: { containers: [], ...spec },
});

describe("admission chain", () => {
  it("runs plugins in upstream's order, stays synchronous while it can, and ends at the first refusal", async () => {
    const ran: string[] = [];
    const plugin = (name: string, admit: AdmissionPlugin["admit"] = () => void ran.push(name)): AdmissionPlugin => ({
      name,
      handles: () => true,
      admit,
      validate: () => void ran.push(`${name}!`),
    });
    const chain = new AdmissionChain([plugin("ResourceQuota"), plugin("Priority"), plugin("NamespaceLifecycle")]);
    assert.equal(chain.admit(testAttributes(pods, pod())), undefined);
    assert.equal(chain.validate(testAttributes(pods, pod())), undefined);
    assert.deepEqual(ran, [
      "NamespaceLifecycle",
      "Priority",
      "ResourceQuota",
      "NamespaceLifecycle!",
      "Priority!",
      "ResourceQuota!",
    ]);
    ran.length = 0;
    const refusing = new AdmissionChain([
      plugin("ResourceQuota"),
      plugin("Priority", async () => Promise.reject(new Error("no"))),
      plugin("NamespaceLifecycle"),
    ]);
    await assert.rejects(async () => refusing.admit(testAttributes(pods, pod())), { message: "no" });
    assert.deepEqual(ran, ["NamespaceLifecycle"]);
    assert.throws(() => new AdmissionChain([plugin("Mine")]), {
      message: "admission plugin Mine has no place in the order",
    });
  });

  it("runs the mutating pass once more where a plugin asks for it", async () => {
    const passes: boolean[] = [];
    const webhook: AdmissionPlugin = {
      name: "MutatingAdmissionWebhook",
      handles: () => true,
      async admit(_, reinvocation) {
        passes.push(reinvocation.active);
        reinvocation.request();
      },
    };
    await new AdmissionChain([webhook]).admit(testAttributes(pods, pod()));
    assert.deepEqual(passes, [false, true]);
  });
});

describe("NamespaceLifecycle", () => {
  function setUp() {
    const [objects, clock] = [new MemoryObjects(), new VirtualClock()];
    const namespace = (name: string, phase: string) =>
      objects.set(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name }, status: { phase } });
    return { clock, namespace, plugin: namespaceLifecycle(objects, namespaces, clock) };
  }

  it("refuses writes into namespaces that do not exist, after giving a new one time to appear", async () => {
    const { plugin, namespace, clock } = setUp();
    const missing = admitted(plugin, testAttributes(pods, pod()));
    missing.catch(() => undefined);
    await clock.advance(60);
    await assert.rejects(missing, { message: 'namespaces "red" not found' });
    const late = admitted(plugin, testAttributes(pods, pod()));
    namespace("red", "Active");
    await late;
    await assert.rejects(
      admitted(plugin, testAttributes(pods, pod({}, { namespace: "blue" }), { operation: "UPDATE" })),
      { message: 'namespaces "blue" not found' },
    );
  });

  it("lets nothing new into a namespace that ends, but lets what is there change and go", async () => {
    const { plugin, namespace } = setUp();
    namespace("red", "Terminating");
    await assert.rejects(
      admitted(plugin, testAttributes(pods, pod())),
      (error: { message: string; status: { details: { causes: unknown } } }) => {
        assert.equal(
          error.message,
          'pods "p" is forbidden: unable to create new content in namespace red because it is being terminated',
        );
        assert.deepEqual(error.status.details.causes, [
          { reason: "NamespaceTerminating", message: "namespace red is being terminated", field: "metadata.namespace" },
        ]);
        return true;
      },
    );
    await admitted(plugin, testAttributes(pods, pod(), { operation: "UPDATE" }));
    await admitted(plugin, testAttributes(pods, undefined, { operation: "DELETE", namespace: "red" }));
  });

  it("keeps the namespaces that a cluster cannot do without, and says nothing of others to who asks about access", async () => {
    const { plugin } = setUp();
    const remove = (name: string) =>
      admitted(plugin, testAttributes(namespaces, undefined, { operation: "DELETE", name, namespace: name }));
    await assert.rejects(remove("kube-system"), {
      message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    });
    await remove("red");
    await admitted(
      plugin,
      testAttributes(
        testDefinition("authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews"),
        pod(),
      ),
    );
  });
});

describe("Priority", () => {
  const classes = testDefinition<PriorityClass>("scheduling.k8s.io", "PriorityClass", "priorityclasses", "Cluster");
  const priorityClass = (name: string, value: number, change: object = {}) => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
    preemptionPolicy: "PreemptLowerPriority",
    ...change,
  });
  async function setUp() {
    const objects = new MemoryObjects();
    await ensureSystemPriorityClasses(objects, objects, classes);
    const plugin = priorityAdmission(objects, classes);
    const resolve = async (spec: object) => {
      const { priority, priorityClassName, preemptionPolicy } = (
        await admitted<Pod>(plugin, testAttributes(pods, pod(spec)))
      ).spec;
      return [priorityClassName, priority, preemptionPolicy];
    };
    return { objects, plugin, resolve };
  }

  it("resolves the class a pod names, the default class, or zero", async () => {
    const { objects, resolve } = await setUp();
    assert.deepEqual(await resolve({}), [undefined, 0, "PreemptLowerPriority"]);
    assert.deepEqual(await resolve({ priorityClassName: "system-node-critical" }), [
      "system-node-critical",
      2_000_001_000,
      "PreemptLowerPriority",
    ]);
    objects.set(classes, priorityClass("b", 7, { globalDefault: true, preemptionPolicy: "Never" }));
    objects.set(classes, priorityClass("a", 9, { globalDefault: true }));
    assert.deepEqual(await resolve({}), ["b", 7, "Never"]);
  });

  it("refuses unknown classes and numbers that a pod makes up", async () => {
    const { resolve } = await setUp();
    await assert.rejects(resolve({ priorityClassName: "x" }), {
      message: 'pods "p" is forbidden: no PriorityClass with name x was found',
    });
    await assert.rejects(resolve({ priority: 5 }), {
      message:
        'pods "p" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    });
    await assert.rejects(
      resolve({ preemptionPolicy: "Never" }),
      /the string value of PreemptionPolicy \(Never\) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority/,
    );
  });

  it("knows one default class, writes the system's once, and keeps a pod's priority", async () => {
    const { objects, plugin } = await setUp();
    await ensureSystemPriorityClasses(objects, objects, classes);
    assert.equal(objects.writes, 2);
    objects.set(classes, priorityClass("a", 1, { globalDefault: true }));
    await assert.rejects(admitted(plugin, testAttributes(classes, priorityClass("b", 1, { globalDefault: true }))), {
      message:
        'priorityclasses.scheduling.k8s.io "b" is forbidden: PriorityClass a is already marked as default. Only one default can exist',
    });
    await admitted(
      plugin,
      testAttributes(classes, priorityClass("a", 1, { globalDefault: true }), { operation: "UPDATE" }),
    );
    const kept = await admitted<Pod>(
      plugin,
      testAttributes(pods, pod(), { operation: "UPDATE", oldObject: pod({ priority: 3, preemptionPolicy: "Never" }) }),
    );
    assert.deepEqual([kept.spec.priority, kept.spec.preemptionPolicy], [3, "Never"]);
  });
});

describe("defaults that admission gives", () => {
  it("five minutes' toleration of lost nodes, unless the pod says otherwise", async () => {
    const tolerations = async (given: Toleration[]) =>
      (await admitted<Pod>(defaultTolerationSeconds, testAttributes(pods, pod({ tolerations: given })))).spec
        .tolerations;
    const notReady = {
      key: "node.kubernetes.io/not-ready",
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 300,
    };
    const unreachable = { ...notReady, key: "node.kubernetes.io/unreachable" };
    assert.deepEqual(await tolerations([]), [notReady, unreachable]);
    const own = { key: "node.kubernetes.io/unreachable", operator: "Exists", tolerationSeconds: 1 };
    assert.deepEqual(await tolerations([own]), [own, notReady]);
    assert.deepEqual(await tolerations([{ operator: "Exists" }]), [{ operator: "Exists" }]);
  });

  it("a taint on new nodes, finalizers on volumes and claims, once", async () => {
    const nodes = testDefinition<Node>("", "Node", "nodes", "Cluster");
    const node = await admitted<Node>(taintNodesByCondition, testAttributes(nodes, { metadata: { name: "n" } }));
    assert.deepEqual(node.spec?.taints, [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
    const claims = testDefinition<PersistentVolumeClaim>("", "PersistentVolumeClaim", "persistentvolumeclaims");
    const claim = await admitted(
      storageObjectInUseProtection,
      testAttributes(claims, { metadata: { name: "c", finalizers: ["x"] } }),
    );
    assert.deepEqual(claim.metadata.finalizers, ["x", "kubernetes.io/pvc-protection"]);
    assert.deepEqual(
      (await admitted(storageObjectInUseProtection, testAttributes(claims, claim))).metadata.finalizers,
      claim.metadata.finalizers,
    );
  });

  it("the newest default storage class for claims that name none", async () => {
    const objects = new MemoryObjects();
    const classes = testDefinition<StorageClass>("storage.k8s.io", "StorageClass", "storageclasses", "Cluster");
    const storageClass = (name: string, creationTimestamp: string, isDefault: string) =>
      objects.set(classes, {
        metadata: {
          name,
          creationTimestamp,
          annotations: { "storageclass.kubernetes.io/is-default-class": isDefault },
        },
      });
    const claims = testDefinition<PersistentVolumeClaim>("", "PersistentVolumeClaim", "persistentvolumeclaims");
    const classOf = async (spec: object) =>
      (
        await admitted<PersistentVolumeClaim>(
          defaultStorageClass(objects, classes),
          testAttributes(claims, { metadata: { name: "c" }, spec }),
        )
      ).spec.storageClassName;
    assert.equal(await classOf({}), undefined);
    storageClass("old", "2026-01-01T00:00:00Z", "true");
    storageClass("z", "2026-02-01T00:00:00Z", "true");
    storageClass("y", "2026-02-01T00:00:00Z", "true");
    storageClass("new", "2026-03-01T00:00:00Z", "false");
    assert.equal(await classOf({}), "y");
    assert.equal(await classOf({ storageClassName: "" }), "");
  });

  it("a node's zone and region for the pods bound to it", async () => {
    const objects = new MemoryObjects();
    const nodes = testDefinition<Node>("", "Node", "nodes", "Cluster");
    objects.set(nodes, { metadata: { name: "n", labels: { "topology.kubernetes.io/zone": "z", other: "o" } } });
    const plugin = podTopologyLabels(objects, nodes);
    const binding = await admitted(
      plugin,
      testAttributes(
        pods,
        { metadata: { name: "p" }, target: { kind: "Node", name: "n" } },
        { subresource: "binding" },
      ),
    );
    assert.deepEqual(binding.metadata.labels, { "topology.kubernetes.io/zone": "z" });
    assert.deepEqual(
      (await admitted(plugin, testAttributes(pods, pod({ nodeName: "n" }, { labels: { a: "b" } })))).metadata.labels,
      { a: "b", "topology.kubernetes.io/zone": "z" },
    );
    assert.equal((await admitted(plugin, testAttributes(pods, pod()))).metadata.labels, undefined);
  });
});

describe("RuntimeClass", () => {
  const classes = testDefinition<RuntimeClass>("node.k8s.io", "RuntimeClass", "runtimeclasses", "Cluster");
  const objects = new MemoryObjects();
  objects.set(classes, {
    metadata: { name: "vm" },
    handler: "vm",
    overhead: { podFixed: { memory: "64Mi" } },
    scheduling: { nodeSelector: { vm: "yes" }, tolerations: [{ key: "vm", operator: "Exists" }] },
  });
  const admit = (spec: object) =>
    admitted<Pod>(runtimeClassAdmission(objects, classes), testAttributes(pods, pod(spec)));

  it("charges its overhead and sends the pod where it can run", async () => {
    const { overhead, nodeSelector, tolerations } = (await admit({ runtimeClassName: "vm", nodeSelector: { a: "b" } }))
      .spec;
    assert.deepEqual(
      [overhead, nodeSelector, tolerations],
      [{ memory: "64Mi" }, { a: "b", vm: "yes" }, [{ key: "vm", operator: "Exists" }]],
    );
  });

  it("refuses what contradicts it", async () => {
    await assert.rejects(admit({ runtimeClassName: "x" }), {
      message: 'pods "p" is forbidden: pod rejected: RuntimeClass "x" not found',
    });
    await assert.rejects(
      admit({ runtimeClassName: "vm", overhead: { memory: "1Mi" } }),
      /Pod's Overhead doesn't match RuntimeClass's defined Overhead/,
    );
    await assert.rejects(
      admit({ overhead: { memory: "1Mi" } }),
      /Pod Overhead set without corresponding RuntimeClass defined Overhead/,
    );
    await assert.rejects(admit({ runtimeClassName: "vm", nodeSelector: { vm: "no" } }), {
      message:
        'pods "p" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no',
    });
  });

  it("keeps only tolerations that no other one contains", () => {
    const all = { operator: "Exists" };
    const one = { key: "a", operator: "Equal", value: "b", effect: "NoSchedule" };
    assert.deepEqual(mergeTolerations([one], [all]), [all]);
    assert.deepEqual(mergeTolerations([one], [one, { ...one, value: "c" }]), [one, { ...one, value: "c" }]);
  });
});

describe("certificate signing requests", () => {
  const requests = testDefinition<CertificateSigningRequest>(
    "certificates.k8s.io",
    "CertificateSigningRequest",
    "certificatesigningrequests",
    "Cluster",
  );
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const csr = (signerName: string, organizations: string[]) => ({
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "r" },
    spec: {
      signerName,
      request: Buffer.from(
        toPem("CERTIFICATE REQUEST", createCertificateRequest({ commonName: "ann", organizations }, privateKey)),
      ).toString("base64"),
    },
  });

  it("never make a superuser", async () => {
    const signer = "kubernetes.io/kube-apiserver-client";
    await assert.rejects(
      admitted(certificateSubjectRestriction, testAttributes(requests, csr(signer, ["system:masters"]))),
      {
        message: `certificatesigningrequests.certificates.k8s.io "r" is forbidden: use of ${signer} signer with system:masters group is not allowed`,
      },
    );
    await admitted(certificateSubjectRestriction, testAttributes(requests, csr(signer, ["dev"])));
    await admitted(certificateSubjectRestriction, testAttributes(requests, csr("example.com/s", ["system:masters"])));
  });

  it("are approved by who may for the signer or its domain", async () => {
    const asked: string[] = [];
    const authorizer = (allowed: string): Authorizer => ({
      name: "test",
      authorize: ({ verb, group, resource, name }) => {
        asked.push(`${verb} ${resource}.${group}/${name}`);
        return name === allowed ? { decision: "allow", reason: "" } : { decision: "noOpinion", reason: "" };
      },
    });
    const approve = (allowed: string) =>
      admitted(
        certificateApproval(authorizer(allowed)),
        testAttributes(requests, csr("example.com/s", []), {
          operation: "UPDATE",
          subresource: "approval",
          oldObject: csr("example.com/s", []),
        }),
      );
    await approve("example.com/*");
    assert.deepEqual(asked, [
      "approve signers.certificates.k8s.io/example.com/s",
      "approve signers.certificates.k8s.io/example.com/*",
    ]);
    await assert.rejects(approve("other.com/*"), {
      message:
        'certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "example.com/s"',
    });
  });
});
