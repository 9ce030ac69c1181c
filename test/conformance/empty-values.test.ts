import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, failure, onBothProtocols } from "../support/conformance.ts";
import type { HttpClient } from "../support/http.ts";

interface Seen {
  readonly metadata: { readonly generation: number; readonly resourceVersion: string };
}

const policies = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
const webhooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

async function seen(client: HttpClient, method: string, path: string, body: object): Promise<Seen> {
  return (await expect(client, { method, path, body }, method === "POST" ? 201 : 200)).json as Seen;
}

/** What Go's nil and an empty list have to do with each other, on the way from a request to the store. */
onBothProtocols("empty lists and maps", (subject) => {
  test("an empty list raises the generation where upstream compares by reflect.DeepEqual, each time it is sent", async () => {
    const { admin } = subject();
    const cases: readonly [path: string, plain: object, emptied: object][] = [
      [policies, { spec: { podSelector: {} } }, { spec: { podSelector: {}, ingress: [] } }],
      [policies, { spec: { podSelector: {} } }, { spec: { podSelector: { matchLabels: {} } } }],
      [webhooks, {}, { webhooks: [] }],
    ];
    for (const [path, plain, emptied] of cases) {
      const body = (more: object) => ({ metadata: { name: "emptied" }, ...more });
      const made = await seen(admin, "POST", path, body(emptied));
      const { resourceVersion } = made.metadata;
      const at = (more: object) => ({ ...body(more), metadata: { name: "emptied", resourceVersion } });
      assert.equal(made.metadata.generation, 1);
      const same = await seen(admin, "PUT", `${path}/emptied`, at(plain));
      assert.deepEqual(same, made);
      const raised = await seen(admin, "PUT", `${path}/emptied`, at(emptied));
      assert.equal(raised.metadata.generation, 2);
      assert.notEqual(raised.metadata.resourceVersion, resourceVersion);
      assert.deepEqual({ ...raised, metadata: 0 }, { ...made, metadata: 0 });
      await expect(admin, { method: "DELETE", path: `${path}/emptied` }, 200);
    }
  });

  test("a Deployment is what it was, which upstream compares by meaning", async () => {
    const { admin } = subject();
    const path = "/apis/apps/v1/namespaces/default/deployments";
    const body = (more: object) => ({
      metadata: { name: "emptied" },
      spec: {
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "a", image: "b", ...more }] } },
      },
    });
    const made = await seen(admin, "POST", path, body({}));
    assert.deepEqual(
      await seen(admin, "PUT", `${path}/emptied`, body({ env: [], args: [], resources: { limits: {} } })),
      made,
    );
    await expect(admin, { method: "DELETE", path: `${path}/emptied` }, 200);
  });

  test("a node whose allocatable resources are said to be none does not get its capacity", async () => {
    const { admin } = subject();
    const made = await expect(
      admin,
      {
        method: "POST",
        path: "/api/v1/nodes?dryRun=All",
        body: { metadata: { name: "emptied" }, status: { capacity: { cpu: "1" }, allocatable: {} } },
      },
      201,
    );
    assert.equal((made.json as { readonly status: { readonly allocatable?: object } }).status.allocatable, undefined);
  });

  test("a pod that says its overhead is nothing has one", async () => {
    const { admin } = subject();
    await admin.call({
      method: "POST",
      path: "/api/v1/namespaces/default/serviceaccounts",
      body: { metadata: { name: "default" } },
    });
    const body = { metadata: { name: "emptied" }, spec: { containers: [{ name: "a", image: "b" }], overhead: {} } };
    const path = "/api/v1/namespaces/default/pods?dryRun=All";
    const { json } = await expect(admin, { method: "POST", path, body }, 403);
    const why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
    const details = { name: "emptied", kind: "pods" };
    assert.deepEqual(json, failure(403, "Forbidden", `pods "emptied" is forbidden: ${why}`, details));
  });
});
