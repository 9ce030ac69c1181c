import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  AppsV1Api,
  AuthenticationV1Api,
  BatchV1Api,
  CoreV1Api,
  KubernetesObjectApi,
  PatchStrategy,
  RbacAuthorizationV1Api,
  setHeaderOptions,
  type V1ConfigMap,
  VersionApi,
} from "@kubernetes/client-node";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { adminConfig, refusal, tokenConfig } from "./clients.ts";

const namespace = "default";

describe("@kubernetes/client-node", { timeout: 300_000 }, () => {
  let server: ServerProcess;
  let core: CoreV1Api;

  before(async () => {
    server = await startServerProcess("server");
    core = adminConfig(server).makeApiClient(CoreV1Api);
  });
  after(() => server?.stop());

  test("creates, reads, replaces and deletes a config map", async () => {
    const created = await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: "a" }, data: { a: "1" } },
    });
    assert.equal(created.metadata?.namespace, namespace);
    assert.ok(created.metadata?.creationTimestamp instanceof Date);
    const read = await core.readNamespacedConfigMap({ namespace, name: "a" });
    assert.deepEqual(read, created);
    const replaced = await core.replaceNamespacedConfigMap({
      namespace,
      name: "a",
      body: { ...read, data: { a: "2" } },
    });
    assert.deepEqual(replaced.data, { a: "2" });
    assert.notEqual(replaced.metadata?.resourceVersion, read.metadata?.resourceVersion);
    const deleted = await core.deleteNamespacedConfigMap({ namespace, name: "a" });
    assert.equal(deleted.status, "Success");
    assert.equal((await refusal(core.readNamespacedConfigMap({ namespace, name: "a" }))).code, 404);
  });

  test("keeps bytes of secrets and numbers of deployments as they are", async () => {
    const secret = await core.createNamespacedSecret({
      namespace,
      body: {
        metadata: { name: "s" },
        data: { raw: Buffer.from([0, 255]).toString("base64") },
        stringData: { text: "ü" },
      },
    });
    assert.deepEqual(Buffer.from(secret.data?.["raw"] ?? "", "base64"), Buffer.from([0, 255]));
    assert.equal(Buffer.from(secret.data?.["text"] ?? "", "base64").toString(), "ü");
    const apps = adminConfig(server).makeApiClient(AppsV1Api);
    const labels = { app: "web" };
    const containers = [{ name: "web", image: "nginx:1.27", ports: [{ containerPort: 80 }] }];
    const body = {
      metadata: { name: "web" },
      spec: {
        replicas: 3,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    };
    const deployment = await apps.createNamespacedDeployment({ namespace, body });
    assert.equal(deployment.spec?.strategy?.rollingUpdate?.maxSurge, "25%");
    assert.equal(deployment.spec?.template.spec?.containers[0]?.imagePullPolicy, "IfNotPresent");
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name: "web" });
    assert.equal(scale.spec?.replicas, 3);
    const scaled = await apps.replaceNamespacedDeploymentScale({
      namespace,
      name: "web",
      // Without a resourceVersion: a controller writes to the deployment at the same time.
      body: { ...scale, metadata: { name: "web", namespace }, spec: { replicas: 0 } },
    });
    assert.equal(scaled.spec?.replicas ?? 0, 0);
    assert.equal((await apps.readNamespacedDeployment({ namespace, name: "web" })).spec?.replicas, 0);
  });

  test("creates jobs and finds them by label", async () => {
    const batch = adminConfig(server).makeApiClient(BatchV1Api);
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "busybox" }] } };
    for (const name of ["one", "two"]) {
      await batch.createNamespacedJob({
        namespace,
        body: { metadata: { name, labels: { name } }, spec: { template } },
      });
    }
    const found = await batch.listNamespacedJob({ namespace, labelSelector: "name in (two)" });
    assert.deepEqual(
      found.items.map(({ metadata }) => metadata?.name),
      ["two"],
    );
  });

  test("patches in every way", async () => {
    const name = "patched";
    await core.createNamespacedService({
      namespace,
      body: {
        metadata: { name },
        spec: {
          ports: [
            { name: "a", port: 80 },
            { name: "b", port: 81 },
          ],
        },
      },
    });
    const patch = (body: object, strategy: string, more: object = {}) =>
      core.patchNamespacedService({ namespace, name, body, ...more }, setHeaderOptions("Content-Type", strategy));
    const ports = (service: Awaited<ReturnType<typeof patch>>) =>
      service.spec?.ports?.map(({ name, port }) => `${name}=${port}`);
    const strategic = { spec: { ports: [{ port: 82, name: "c" }] } };
    assert.deepEqual(ports(await patch(strategic, PatchStrategy.StrategicMergePatch)), ["c=82", "a=80", "b=81"]);
    const merge = { spec: { ports: [{ port: 80, name: "a" }] } };
    assert.deepEqual(ports(await patch(merge, PatchStrategy.MergePatch)), ["a=80"]);
    const json = [{ op: "replace", path: "/spec/ports/0/port", value: 90 }];
    assert.deepEqual(ports(await patch(json, PatchStrategy.JsonPatch)), ["a=90"]);
    const applied = { apiVersion: "v1", kind: "Service", metadata: { name, labels: { by: "apply" } } };
    const result = await patch(applied, PatchStrategy.ServerSideApply, { fieldManager: "client-node" });
    assert.equal(result.metadata?.labels?.["by"], "apply");
    assert.ok(
      result.metadata?.managedFields?.some(
        ({ manager, operation }) => manager === "client-node" && operation === "Apply",
      ),
    );
  });

  test("lists page by page, each page of the same moment", async () => {
    const prefix = "page-";
    const names = Array.from({ length: 7 }, (_, i) => `${prefix}${i}`);
    await Promise.all(
      names.map((name) =>
        core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { page: "yes" } } } }),
      ),
    );
    const seen: (string | undefined)[] = [];
    const versions = new Set<string | undefined>();
    let token: string | undefined;
    do {
      const page = await core.listNamespacedConfigMap({
        namespace,
        limit: 3,
        labelSelector: "page",
        ...(token === undefined ? {} : { _continue: token }),
      });
      assert.ok(page.items.length <= 3);
      seen.push(...page.items.map(({ metadata }) => metadata?.name));
      versions.add(page.metadata?.resourceVersion);
      token = page.metadata?._continue;
      if (seen.length === 3) {
        await core.createNamespacedConfigMap({
          namespace,
          body: { metadata: { name: `${prefix}later`, labels: { page: "yes" } } },
        });
      }
    } while (token);
    assert.deepEqual(seen, names);
    assert.equal(versions.size, 1);
  });

  test("handles objects of any kind by their kind alone", async () => {
    const objects = KubernetesObjectApi.makeApiClient(adminConfig(server));
    const spec: V1ConfigMap = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "any", namespace },
      data: { a: "1" },
    };
    await objects.create(spec);
    const patched = await objects.patch<V1ConfigMap>({ ...spec, data: { b: "2" } });
    assert.deepEqual(patched.data, { a: "1", b: "2" });
    assert.equal(
      (await objects.list("v1", "ConfigMap", namespace)).items.some(({ metadata }) => metadata?.name === "any"),
      true,
    );
    assert.equal((await objects.delete(spec)).status, "Success");
  });

  test("gets the Status of a refusal", async () => {
    const missing = await refusal(core.readNamespacedPod({ namespace, name: "none" }));
    assert.equal(missing.code, 404);
    assert.deepEqual(missing.status, {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'pods "none" not found',
      reason: "NotFound",
      details: { name: "none", kind: "pods" },
      code: 404,
    });
    const invalid = await refusal(
      core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "Not_Good" } } }),
    );
    assert.equal(invalid.code, 422);
    assert.equal(invalid.status.details?.causes?.[0]?.field, "metadata.name");
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "twice" } } });
    const twice = await refusal(core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "twice" } } }));
    assert.deepEqual([twice.code, twice.status.reason], [409, "AlreadyExists"]);
    const stale = { metadata: { name: "twice", resourceVersion: "1" } };
    const conflict = await refusal(core.replaceNamespacedConfigMap({ namespace, name: "twice", body: stale }));
    assert.deepEqual([conflict.code, conflict.status.reason], [409, "Conflict"]);
  });

  test("comes in with a service account's token, and may what its roles say", async () => {
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: "robot" } } });
    const rbac = adminConfig(server).makeApiClient(RbacAuthorizationV1Api);
    await rbac.createNamespacedRoleBinding({
      namespace,
      body: {
        metadata: { name: "robot" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
        subjects: [{ kind: "ServiceAccount", name: "robot", namespace }],
      },
    });
    const body = { spec: { audiences: [], expirationSeconds: 600 } };
    const { status } = await core.createNamespacedServiceAccountToken({ namespace, name: "robot", body });
    const config = tokenConfig(server, status?.token ?? "");
    const review = await config.makeApiClient(AuthenticationV1Api).createSelfSubjectReview({ body: {} });
    assert.equal(review.status?.userInfo?.username, "system:serviceaccount:default:robot");
    const robot = config.makeApiClient(CoreV1Api);
    assert.ok((await robot.listNamespacedConfigMap({ namespace })).items.length > 0);
    const refused = await refusal(robot.listNamespacedSecret({ namespace }));
    assert.equal(refused.code, 403);
    assert.equal(
      refused.status.message,
      'secrets is forbidden: User "system:serviceaccount:default:robot" cannot list resource "secrets" in API group "" in the namespace "default"',
    );
    const version = await config.makeApiClient(VersionApi).getCode();
    assert.equal(version.minor, "36");
    assert.equal((await refusal(tokenConfig(server, "bad").makeApiClient(CoreV1Api).listNode())).code, 401);
  });
});
