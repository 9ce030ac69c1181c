import assert from "node:assert/strict";
import { before, test } from "node:test";
import { expect, failure, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import type { HttpClient } from "../support/http.ts";
import { makeNamespace } from "../support/namespace.ts";

// Behaviour: plugin/pkg/admission of Kubernetes 1.36, a plugin each; those with much to say have files of their own.

const own = "/api/v1/namespaces/admitted";
const classes = "/apis/storage.k8s.io/v1/storageclasses";
const priorities = "/apis/scheduling.k8s.io/v1/priorityclasses";
const forbidden = (kind: string, name: string, text: string, group = "") =>
  failure(403, "Forbidden", `${kind}${group === "" ? "" : `.${group}`} ${JSON.stringify(name)} is forbidden: ${text}`, {
    name,
    ...(group === "" ? {} : { group }),
    kind,
  });
type Spec = Readonly<Record<string, unknown>>;

onBothProtocols("admission plugins", (subject) => {
  before(async () => {
    await makeNamespace(subject().admin, "admitted");
  });

  async function make(path: string, body: object, code = 201, answer?: object, client?: HttpClient): Promise<Seen> {
    return seen(await expect(client ?? subject().admin, { method: "POST", path, body }, code, answer));
  }
  const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
    metadata: { name, ...metadata },
    spec: { containers: [{ name: "c", image: "i" }], ...spec },
  });
  const makePod = (name: string, spec?: object, code?: number, answer?: object) =>
    make(`${own}/pods`, pod(name, spec), code, answer);
  function merge(path: string, body: object, code = 200, answer?: object) {
    const headers = { "content-type": "application/merge-patch+json" };
    return expect(subject().admin, { method: "PATCH", path, headers, body: JSON.stringify(body) }, code, answer);
  }

  test("Priority: a class gives its value, the default one too; a value of one's own is refused", async () => {
    await make(priorities, { metadata: { name: "high" }, value: 1000, preemptionPolicy: "Never" });
    const { spec } = await makePod("classed", { priorityClassName: "high" });
    assert.deepEqual([spec!["priority"], spec!["preemptionPolicy"]], [1000, "Never"]);
    assert.equal((await makePod("unclassed")).spec!["priority"], 0);
    const own =
      "the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name";
    await makePod("valued", { priorityClassName: "high", priority: 5 }, 403, forbidden("pods", "valued", own));
    const policy =
      "the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name";
    const preempting = { priorityClassName: "high", preemptionPolicy: "PreemptLowerPriority" };
    await makePod("preempting", preempting, 403, forbidden("pods", "preempting", policy));
    const none = forbidden("pods", "lost", "no PriorityClass with name none was found");
    await makePod("lost", { priorityClassName: "none" }, 403, none);
    await make(priorities, { metadata: { name: "usual" }, value: 7, globalDefault: true });
    const usual = (await makePod("usual")).spec!;
    assert.deepEqual([usual["priority"], usual["priorityClassName"]], [7, "usual"]);
    const second = "PriorityClass usual is already marked as default. Only one default can exist";
    await make(
      priorities,
      { metadata: { name: "second" }, value: 8, globalDefault: true },
      403,
      forbidden("priorityclasses", "second", second, "scheduling.k8s.io"),
    );
    await expect(subject().admin, { method: "DELETE", path: `${priorities}/usual` }, 200);
  });

  test("RuntimeClass: a class gives its overhead and its scheduling, and has to be there", async () => {
    const overhead = { podFixed: { cpu: "100m" } };
    const scheduling = {
      nodeSelector: { runtime: "v" },
      tolerations: [{ key: "v", operator: "Exists", effect: "NoSchedule" }],
    };
    await make("/apis/node.k8s.io/v1/runtimeclasses", {
      metadata: { name: "vm" },
      handler: "vm",
      overhead,
      scheduling,
    });
    const { spec } = await makePod("in-vm", { runtimeClassName: "vm", nodeSelector: { zone: "a" } });
    assert.deepEqual(spec!["overhead"], overhead.podFixed);
    assert.deepEqual(spec!["nodeSelector"], { runtime: "v", zone: "a" });
    const { tolerations } = spec as unknown as { tolerations: object[] };
    assert.ok(tolerations.some((one) => JSON.stringify(one) === JSON.stringify(scheduling.tolerations[0])));
    const lost = 'pod rejected: RuntimeClass "none" not found';
    await makePod("lost-class", { runtimeClassName: "none" }, 403, forbidden("pods", "lost-class", lost));
    const other = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
    const wrong = { runtimeClassName: "vm", overhead: { cpu: "1" } };
    await makePod("wrong-overhead", wrong, 403, forbidden("pods", "wrong-overhead", other));
    const alone = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
    await makePod("own-overhead", { overhead: { cpu: "1" } }, 403, forbidden("pods", "own-overhead", alone));
    const conflict =
      "conflict: runtimeClass.scheduling.nodeSelector[runtime] = v; pod.spec.nodeSelector[runtime] = other";
    const elsewhere = { runtimeClassName: "vm", nodeSelector: { runtime: "other" } };
    await makePod("elsewhere", elsewhere, 403, forbidden("pods", "elsewhere", conflict));
  });

  test("DefaultTolerationSeconds: five minutes on a node that is not ready or not reachable, unless said otherwise", async () => {
    const toleration = (key: string, tolerationSeconds: number) => ({
      key: `node.kubernetes.io/${key}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds,
    });
    const { spec } = await makePod("tolerant");
    assert.deepEqual(spec!["tolerations"], [toleration("not-ready", 300), toleration("unreachable", 300)]);
    const said = await makePod("told", { tolerations: [toleration("not-ready", 5)] });
    assert.deepEqual(said.spec!["tolerations"], [toleration("not-ready", 5), toleration("unreachable", 300)]);
  });

  test("TaintNodesByCondition: a new node takes no pods until it is ready", async () => {
    const { spec } = await make("/api/v1/nodes", { metadata: { name: "new" } });
    assert.deepEqual(spec!["taints"], [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
  });

  test("ServiceAccount: a pod gets the default account, its token and its pull secrets; the account has to be there", async () => {
    const account = { metadata: { name: "puller" }, imagePullSecrets: [{ name: "registry" }] };
    await make(`${own}/serviceaccounts`, account);
    const { spec } = await makePod("pulling", { serviceAccountName: "puller" });
    assert.deepEqual(spec!["imagePullSecrets"], [{ name: "registry" }]);
    const [volume] = spec!["volumes"] as { name: string; projected: object }[];
    assert.match(volume!.name, /^kube-api-access-[a-z0-9]{5}$/);
    assert.deepEqual(volume!.projected, {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
      defaultMode: 420,
    });
    const [container] = spec!["containers"] as { volumeMounts: object[] }[];
    assert.deepEqual(container!.volumeMounts, [
      { name: volume!.name, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
    ]);
    const without = await makePod("tokenless", { automountServiceAccountToken: false });
    assert.deepEqual([without.spec!["serviceAccountName"], without.spec!["volumes"]], ["default", undefined]);
    const missing = 'error looking up service account admitted/none: serviceaccount "none" not found';
    await makePod("accountless", { serviceAccountName: "none" }, 403, forbidden("pods", "accountless", missing));
    const mirror = pod(
      "mirror",
      { serviceAccountName: "puller" },
      { annotations: { "kubernetes.io/config.mirror": "x" } },
    );
    const text = "a mirror pod may not reference service accounts";
    await make(`${own}/pods`, mirror, 403, forbidden("pods", "mirror", text));
  });

  test("DefaultStorageClass, StorageObjectInUseProtection and PersistentVolumeClaimResize", async () => {
    const marked = { "storageclass.kubernetes.io/is-default-class": "true" };
    await make(classes, { metadata: { name: "standard", annotations: marked }, provisioner: "x.io/a" });
    await make(classes, { metadata: { name: "growing" }, provisioner: "x.io/a", allowVolumeExpansion: true });
    const claim = (name: string, more: object = {}) => ({
      metadata: { name },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...more },
    });
    const claims = `${own}/persistentvolumeclaims`;
    const made = await make(claims, claim("usual"));
    assert.equal(made.spec!["storageClassName"], "standard");
    assert.deepEqual(made.metadata.finalizers, ["kubernetes.io/pvc-protection"]);
    const classless = await make(claims, claim("classless", { storageClassName: "" }));
    assert.equal(classless.spec!["storageClassName"], "");
    const grow = { spec: { resources: { requests: { storage: "2Gi" } } } };
    for (const name of ["usual", "growing"]) {
      if (name === "growing") await make(claims, claim(name, { storageClassName: "growing" }));
      await merge(`${claims}/${name}/status`, { status: { phase: "Bound", capacity: { storage: "1Gi" } } });
      await merge(`${claims}/${name}`, { spec: { volumeName: `${name}-volume` } });
    }
    const fixed =
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    await merge(`${claims}/usual`, grow, 403, forbidden("persistentvolumeclaims", "usual", fixed));
    const grown = seen(await merge(`${claims}/growing`, grow)).spec as { resources: object };
    assert.deepEqual(grown.resources, grow.spec.resources);
    const volume = { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/x" } };
    const { metadata } = await make("/api/v1/persistentvolumes", { metadata: { name: "kept" }, spec: volume });
    assert.deepEqual(metadata.finalizers, ["kubernetes.io/pv-protection"]);
  });

  test("DefaultIngressClass: the one that is marked, of several the latest", async () => {
    const ingressClasses = "/apis/networking.k8s.io/v1/ingressclasses";
    const ingresses = "/apis/networking.k8s.io/v1/namespaces/admitted/ingresses";
    const ingress = (name: string, more: object = {}) => ({
      metadata: { name },
      spec: { defaultBackend: { service: { name: "s", port: { number: 80 } } }, ...more },
    });
    assert.equal((await make(ingresses, ingress("classless"))).spec!["ingressClassName"], undefined);
    const annotations = { "ingressclass.kubernetes.io/is-default-class": "true" };
    await make(ingressClasses, { metadata: { name: "nginx", annotations }, spec: { controller: "x.io/nginx" } });
    assert.equal((await make(ingresses, ingress("usual"))).spec!["ingressClassName"], "nginx");
    const chosen = await make(ingresses, ingress("chosen", { ingressClassName: "other" }));
    assert.equal(chosen.spec!["ingressClassName"], "other");
  });

  test("NamespaceLifecycle: nothing is made where there is no namespace; some namespaces stay", async () => {
    const { admin } = subject();
    const lost = failure(404, "NotFound", 'namespaces "lost" not found', { name: "lost", kind: "namespaces" });
    await make("/api/v1/namespaces/lost/configmaps", { metadata: { name: "a" } }, 404, lost);
    for (const name of ["default", "kube-system", "kube-public"]) {
      const answer = forbidden("namespaces", name, "this namespace may not be deleted");
      await expect(admin, { method: "DELETE", path: `/api/v1/namespaces/${name}` }, 403, answer);
    }
    const held = { metadata: { name: "ending", finalizers: ["x.io/held"] } };
    await make("/api/v1/namespaces", held);
    await expect(admin, { method: "DELETE", path: "/api/v1/namespaces/ending" }, 200);
    const answer = seen(
      await expect(
        admin,
        { method: "POST", path: "/api/v1/namespaces/ending/configmaps", body: { metadata: { name: "a" } } },
        403,
      ),
    ) as unknown as { message: string; details: { causes: object[] } };
    assert.equal(
      answer.message,
      'configmaps "a" is forbidden: unable to create new content in namespace ending because it is being terminated',
    );
    assert.deepEqual(answer.details.causes, [
      { reason: "NamespaceTerminating", message: "namespace ending is being terminated", field: "metadata.namespace" },
    ]);
  });

  test("PodTopologyLabels: a pod that is bound learns where its node is", async () => {
    const labels = { "topology.kubernetes.io/zone": "z1", "topology.kubernetes.io/region": "r1", other: "x" };
    await make("/api/v1/nodes", { metadata: { name: "placed", labels } });
    await makePod("placed");
    const binding = { metadata: { name: "placed" }, target: { kind: "Node", name: "placed" } };
    await make(`${own}/pods/placed/binding`, binding);
    const { metadata, spec } = seen(await expect(subject().admin, { path: `${own}/pods/placed` }, 200));
    assert.equal((spec as Spec)["nodeName"], "placed");
    assert.deepEqual(metadata.labels, {
      "topology.kubernetes.io/zone": "z1",
      "topology.kubernetes.io/region": "r1",
    });
  });
});
