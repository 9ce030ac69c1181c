import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import * as clientNode from "@kubernetes/client-node";
import { compactDefinitions, definition } from "../../api/generated/definitions.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { decodeObject } from "../../apimachinery/schema/decode.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { adminConfig, recordedClient } from "./clients.ts";
import { namespace, type Sample, samples } from "./samples.ts";

const { ApiException, KubeConfig, PatchStrategy, setHeaderOptions } = clientNode;

type Call = (parameters?: object, options?: object) => Promise<unknown>;
type Api = Readonly<Record<string, Call>>;
type ApiClass = Parameters<InstanceType<typeof KubeConfig>["makeApiClient"]>[0];

/** Every class of the package whose objects have a method, by name. */
function classesWith(method: string): readonly (readonly [string, ApiClass])[] {
  return Object.entries(clientNode).flatMap(([name, value]) => {
    const prototype: unknown = typeof value === "function" ? value.prototype : undefined;
    const found = typeof prototype === "object" && prototype !== null && method in prototype;
    return found ? [[name, value as unknown as ApiClass] as const] : [];
  });
}

describe("the whole of @kubernetes/client-node", { timeout: 300_000 }, () => {
  let server: ServerProcess;
  const apis = new Map<string, Api>();
  const names = new Map<Api, string>();
  const called = new Set<string>();
  const answers: string[] = [];

  before(async () => {
    server = await startServerProcess("apiserver");
    const core = adminConfig(server).makeApiClient(clientNode.CoreV1Api);
    await core.createNamespace({ body: { metadata: { name: namespace } } });
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: "default" } } });
  });
  after(() => server?.stop());

  const methodsOf = (api: Api): readonly string[] =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(api)).filter((name) => !/^constructor$|WithHttpInfo$/.test(name));

  /** Calls a method, and remembers that it was called. */
  const call = (api: Api, method: string, parameters: object = {}, options?: object): Promise<unknown> => {
    called.add(`${names.get(api)}.${method}`);
    const strict = /^(create|replace|patch)/.test(method) ? { fieldValidation: "Strict" } : {};
    return api[method]!({ ...strict, ...parameters }, options);
  };

  const apiOf = ({ apiVersion }: Sample): Api => {
    const api = apis.get(apiVersion!);
    assert.ok(api !== undefined, `no class for ${apiVersion}`);
    return api;
  };

  test("every group version that discovery names has its class, and no other class is answered", async () => {
    const classes = classesWith("getAPIResources").filter(([name]) => name !== "CustomObjectsApi");
    assert.ok(classes.length > 30);
    const unanswered: string[] = [];
    for (const [name, type] of classes) {
      const api = recordedClient(adminConfig(server), type, (text) => answers.push(text)) as unknown as Api;
      names.set(api, name);
      try {
        const { groupVersion } = (await call(api, "getAPIResources")) as clientNode.V1APIResourceList;
        apis.set(groupVersion, api);
      } catch (error) {
        assert.equal((error as { code?: number }).code, 404, name);
        unanswered.push(name);
      }
    }
    assert.deepEqual(
      unanswered.filter((name) => !/V\d(alpha|beta)\dApi$/.test(name)),
      [],
    );
    const { groups } = await adminConfig(server).makeApiClient(clientNode.ApisApi).getAPIVersions();
    const versions = groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion));
    assert.deepEqual([...apis.keys()].sort(), ["v1", ...versions].sort());
  });

  test("every class of a group says which versions it has", async () => {
    let groups = 0;
    for (const [name, type] of classesWith("getAPIGroup")) {
      const api = adminConfig(server).makeApiClient(type) as unknown as Api;
      try {
        const group = (await api["getAPIGroup"]!()) as clientNode.V1APIGroup;
        assert.ok(group.versions.length > 0, name);
        groups++;
      } catch (error) {
        assert.equal((error as { code?: number }).code, 404, name);
        assert.match(name, /^(InternalApiserver|Storagemigration)Api$/);
      }
    }
    assert.equal(groups + 1, new Set([...apis.keys()].map((version) => version.replace(/\/.*/, ""))).size);
  });

  for (const sample of samples) {
    const { apiVersion, kind } = sample;
    test(`${apiVersion} ${kind}: created, read, listed, replaced, patched and deleted`, async () => {
      const api = apiOf(sample);
      const methods = methodsOf(api);
      const path = methods.includes(`createNamespaced${kind}`) ? `Namespaced${kind}` : kind!;
      const name = sample.metadata!.name!;
      const one = { namespace, name };
      const created = (await call(api, `create${path}`, { namespace, body: sample })) as Sample;
      assertContains(created, sample, kind!);
      const read = (await call(api, `read${path}`, one)) as Sample;
      assert.equal(read.metadata!.uid, created.metadata!.uid);
      for (const list of methods.filter((method) => [`list${path}`, `list${kind}ForAllNamespaces`].includes(method))) {
        const { items } = (await call(api, list, { namespace, fieldSelector: `metadata.name=${name}` })) as Items;
        assert.deepEqual(
          items.map(({ metadata }) => metadata!.uid),
          [created.metadata!.uid],
          list,
        );
      }
      const replaced = (await retried(async () => {
        const body = (await call(api, `read${path}`, one)) as Sample;
        body.metadata!.labels = { ...body.metadata!.labels, replaced: "yes" };
        return call(api, `replace${path}`, { ...one, body });
      })) as Sample;
      assert.equal(replaced.metadata!.labels!["replaced"], "yes");
      const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
      const body = { metadata: { labels: { patched: "yes" } } };
      const patched = (await call(api, `patch${path}`, { ...one, body }, merge)) as Sample;
      assert.deepEqual(patched.metadata!.labels, { ...replaced.metadata!.labels, patched: "yes" });
      await exerciseSubresources(api, path, one);
      if (methods.includes(`deleteCollection${path}`)) {
        const selection = { namespace, fieldSelector: `metadata.name=${name}`, dryRun: "All" };
        await call(api, `deleteCollection${path}`, selection);
        assert.equal(((await call(api, `read${path}`, one)) as Sample).metadata!.uid, created.metadata!.uid);
      }
      await call(api, `delete${path}`, one);
      await gone(api, `read${path}`, one);
    });
  }

  async function exerciseSubresources(api: Api, path: string, one: object): Promise<void> {
    const reads = methodsOf(api).filter((method) =>
      new RegExp(`^read${path}(Status|Scale|Approval|Ephemeralcontainers|Resize)$`).test(method),
    );
    for (const method of reads) {
      const subresource = method.slice("read".length);
      const read = (await call(api, method, one)) as Sample;
      const replaced = (await retried(async () =>
        call(api, `replace${subresource}`, { ...one, body: (await call(api, method, one)) as Sample }),
      )) as Sample;
      assert.equal(replaced.metadata!.uid, read.metadata!.uid, subresource);
      const body = subresource.endsWith("Scale")
        ? { spec: { replicas: 2 } }
        : { metadata: { name: replaced.metadata!.name } };
      const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
      const patched = (await call(api, `patch${subresource}`, { ...one, body }, merge)) as Sample;
      assert.equal(patched.metadata!.uid, read.metadata!.uid, subresource);
      if (subresource.endsWith("Scale")) assert.deepEqual((patched["spec"] as { replicas: number }).replicas, 2);
    }
  }

  test("what is asked and never stored is answered", async () => {
    const authentication = apis.get("authentication.k8s.io/v1")!;
    const authorization = apis.get("authorization.k8s.io/v1")!;
    const self = (await call(authentication, "createSelfSubjectReview", {
      body: {},
    })) as clientNode.V1SelfSubjectReview;
    assert.equal(self.status?.userInfo?.username, "kubernetes-admin");
    const token = (await call(authentication, "createTokenReview", {
      body: { spec: { token: "bad" } },
    })) as clientNode.V1TokenReview;
    assert.equal(token.status?.authenticated ?? false, false);
    const resourceAttributes = { verb: "get", resource: "pods", namespace };
    for (const [kind, spec, allowed] of [
      ["SelfSubjectAccessReview", {}, true],
      ["SubjectAccessReview", { user: "jane" }, false],
      ["NamespacedLocalSubjectAccessReview", { user: "jane" }, false],
    ] as const) {
      const metadata = kind.startsWith("Namespaced") ? { namespace } : {};
      const body = { metadata, spec: { ...spec, resourceAttributes } };
      const review = (await call(authorization, `create${kind}`, {
        namespace,
        body,
      })) as clientNode.V1SubjectAccessReview;
      assert.equal(review.status?.allowed, allowed, kind);
    }
    const ownRules = (await call(authorization, "createSelfSubjectRulesReview", {
      body: { spec: { namespace } },
    })) as clientNode.V1SelfSubjectRulesReview;
    assert.ok(ownRules.status!.resourceRules.some(({ verbs }) => verbs.includes("*")));
  });

  test("what is found out when it is read is answered", async () => {
    const core = apis.get("v1")!;
    const { items } = (await call(core, "listComponentStatus")) as clientNode.V1ComponentStatusList;
    assert.deepEqual(
      items.map(({ metadata }) => metadata?.name),
      ["controller-manager", "scheduler", "etcd-0"],
    );
    const read = (await call(core, "readComponentStatus", { name: "etcd-0" })) as clientNode.V1ComponentStatus;
    assert.deepEqual(
      read.conditions?.map(({ type, status, message }) => ({ type, status, message })),
      [{ type: "Healthy", status: "True", message: "ok" }],
    );
  });

  test("pods are bound, evicted and connected to, accounts get tokens, namespaces are finalized", async () => {
    const core = apis.get("v1")!;
    const sample = samples.find(({ kind }) => kind === "Pod")!;
    for (const name of ["one", "two", "three"]) {
      await call(core, "createNamespacedPod", { namespace, body: { ...sample, metadata: { name } } });
    }
    const target = { kind: "Node", name: "none" };
    await call(core, "createNamespacedBinding", { namespace, body: { metadata: { name: "one" }, target } });
    const two = { namespace, name: "two" };
    await call(core, "createNamespacedPodBinding", { ...two, body: { metadata: { name: "two" }, target } });
    const bound = (await call(core, "readNamespacedPod", two)) as clientNode.V1Pod;
    assert.equal(bound.spec?.nodeName, "none");
    await call(core, "createNamespacedPodEviction", { ...two, body: { metadata: { name: "two" } } });
    const evicted = (await call(core, "readNamespacedPod", two)) as clientNode.V1Pod;
    assert.ok(evicted.metadata?.deletionTimestamp instanceof Date);
    // A pod that has no node has no log: 204, which the package does not expect.
    const log = call(core, "readNamespacedPodLog", { namespace, name: "three" });
    await assert.rejects(log, /No Content-Type defined/);
    const request = (await call(core, "createNamespacedServiceAccountToken", {
      namespace,
      name: "default",
      body: { spec: { audiences: [], expirationSeconds: 600 } },
    })) as clientNode.AuthenticationV1TokenRequest;
    assert.match(request.status?.token ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);
    await call(core, "createNamespace", { body: { metadata: { name: "leaving" } } });
    const leaving = (await call(core, "readNamespace", { name: "leaving" })) as clientNode.V1Namespace;
    const finalized = (await call(core, "replaceNamespaceFinalize", {
      name: "leaving",
      body: { ...leaving, spec: { finalizers: [] } },
    })) as clientNode.V1Namespace;
    assert.deepEqual(finalized.spec?.finalizers ?? [], []);
  });

  test("what would go through to a pod, a service or a node says that there is nobody behind", async () => {
    const core = apis.get("v1")!;
    await call(core, "createNode", { body: { metadata: { name: "three" } } });
    await call(core, "createNamespacedService", {
      namespace,
      body: { metadata: { name: "three" }, spec: { ports: [{ port: 80 }] } },
    });
    await call(core, "createNamespacedEndpoints", { namespace, body: { metadata: { name: "three" } } });
    for (const method of methodsOf(core).filter((name) => name.startsWith("connect"))) {
      const failure: unknown = await call(core, method, { namespace, name: "three", path: "x", command: "true" }).then(
        () => assert.fail(method),
        (error: unknown) => error,
      );
      assert.ok(failure instanceof ApiException, `${method}: ${failure}`);
      assert.ok([400, 500, 503].includes(failure.code), `${method}: ${failure.code}`);
    }
  });

  test("no method of a class that is answered was left out", async () => {
    const left: string[] = [];
    for (const api of apis.values()) {
      for (const method of methodsOf(api)) {
        if (!called.has(`${names.get(api)}.${method}`)) left.push(`${names.get(api)}.${method}`);
      }
    }
    assert.deepEqual(left, []);
  });

  test("whatever was answered reads strictly: no field that Kubernetes does not have, none that is lost", () => {
    const definitions = new Map<string, string>();
    for (const [name, { kinds }] of Object.entries(compactDefinitions())) {
      for (const kind of kinds ?? []) definitions.set(kind, name);
    }
    const seen = new Set<string>();
    for (const text of answers.filter((answer) => answer.startsWith("{"))) {
      const answer = JSON.parse(text) as JsonObject & { readonly apiVersion: string; readonly kind: string };
      const group = answer.apiVersion.includes("/") ? answer.apiVersion : `/${answer.apiVersion}`;
      const name = definitions.get(`${group}/${answer.kind}`);
      assert.ok(name !== undefined, `${answer.apiVersion} ${answer.kind} is no kind of Kubernetes`);
      const { object, unknownFields } = decodeObject(definition(name), JSON.parse(text));
      assert.deepEqual(unknownFields, [], text);
      assert.deepEqual(object, answer);
      seen.add(name);
    }
    assert.ok(seen.size > 2 * samples.length, `${seen.size} kinds`);
  });
});

interface Items {
  readonly items: readonly Sample[];
}

/** Writes again what somebody else, such as the server itself, has changed in between. */
async function retried<T>(write: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i++) {
    try {
      return await write();
    } catch (error) {
      if ((error as { code?: number }).code !== 409 || i === 5) throw error;
    }
  }
}

/** Resolves once the object is gone, or on its way and held by a finalizer. */
async function gone(api: Api, method: string, one: object): Promise<void> {
  for (let i = 0; i < 100; i++) {
    try {
      const { metadata } = (await api[method]!(one)) as Sample;
      if (metadata?.deletionTimestamp !== undefined) return;
    } catch (error) {
      assert.equal((error as { code?: number }).code, 404, method);
      return;
    }
    await delay(20);
  }
  assert.fail(`${method}: still there`);
}

/** What was sent comes back, whatever has joined it. */
function assertContains(actual: unknown, sent: unknown, place: string): void {
  if (sent instanceof Date) {
    assert.equal(new Date(actual as Date).getTime(), sent.getTime(), place);
  } else if (Array.isArray(sent)) {
    assert.ok(sent.length === 0 || (Array.isArray(actual) && actual.length === sent.length), place);
    sent.forEach((item, i) => {
      assertContains((actual as unknown[])[i], item, `${place}[${i}]`);
    });
  } else if (typeof sent === "object" && sent !== null) {
    for (const [key, value] of Object.entries(sent)) {
      assertContains((actual as Record<string, unknown> | undefined)?.[key], value, `${place}.${key}`);
    }
  } else {
    assert.equal(actual, sent, place);
  }
}
