import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const container = { name: "nginx", image: "registry.k8s.io/pause:3.10" };

describeUpstream("Namespaces", (use) => {
  const goes = (name: string): Promise<unknown> =>
    eventually(() => isRefused(use.typed("namespaces").get(name), 404), { timeoutMs: 15_000 });

  for (const [resource, spec] of [
    ["pods", { containers: [container], terminationGracePeriodSeconds: 1 }],
    ["services", { selector: { foo: "bar" }, ports: [{ port: 80, targetPort: 80 }] }],
  ] as const) {
    test(`should ensure that all ${resource} are removed when a namespace is deleted`, async () => {
      const name = await use.makeNamespace();
      await use.typed(resource, name).create({ metadata: { name: "inside" }, spec });
      const marked = await use.typed("namespaces").delete(name);
      assert.equal(marked["status"].phase, "Terminating");
      await isRefused(
        use.typed("configmaps", name).create({ metadata: { name: "late" } }),
        403,
        /because it is being terminated$/,
      );
      await goes(name);
      await use.typed("namespaces").create({ metadata: { name } });
      await isRefused(use.typed(resource, name).get("inside"), 404);
    });
  }

  test("should patch a Namespace", async () => {
    const namespaces = use.typed("namespaces");
    const name = await use.makeNamespace();
    const before = await namespaces.get(name);
    const patched = await namespaces.patch(name, "strategic", { metadata: { labels: { testLabel: "testValue" } } });
    assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(before.metadata.resourceVersion));
    assert.equal((await namespaces.get(name)).metadata.labels?.["testLabel"], "testValue");
  });

  test("should apply changes to a namespace status", async () => {
    const name = await use.makeNamespace();
    const namespaces = use.typed("namespaces");
    assert.equal((await use.dynamic("namespaces").get(`${name}/status`))["status"].phase, "Active");
    const condition = { type: "StatusPatch", status: "True", reason: "E2E", message: "Patched by an e2e test" };
    const patch = { metadata: { annotations: { "e2e-patched-ns-status": name } }, status: { conditions: [condition] } };
    const patched = await namespaces.patch(name, "merge", patch, { subresource: "status" });
    assert.equal(patched.metadata.annotations?.["e2e-patched-ns-status"], name);
    assert.partialDeepStrictEqual(patched["status"].conditions, [condition]);
    const next = { ...condition, type: "StatusUpdate", message: "Updated by an e2e test" };
    const updated = await namespaces.change(name, (draft) => void draft["status"].conditions.push(next), "status");
    assert.partialDeepStrictEqual(updated["status"].conditions, [condition, next]);
  });

  test("should apply an update to a Namespace", async () => {
    const name = await use.makeNamespace();
    const label = (draft: Thing): object => Object.assign(draft.metadata.labels ?? {}, { [name]: "updated" });
    assert.equal((await use.typed("namespaces").change(name, label)).metadata.labels?.[name], "updated");
  });

  test("should apply a finalizer to a Namespace", async () => {
    const name = await use.makeNamespace();
    const namespaces = use.typed("namespaces");
    const fake = "e2e.example.com/fakeFinalizer";
    const held = await namespaces.change(name, ({ spec }) => void spec.finalizers.push(fake), "finalize");
    assert.deepEqual(held["spec"].finalizers, ["kubernetes", fake]);
    const free = await namespaces.change(name, ({ spec }) => void spec.finalizers.pop(), "finalize");
    assert.deepEqual(free["spec"].finalizers, ["kubernetes"]);
  });

  test("namespace deletion should delete pod first", async () => {
    const name = await use.makeNamespace();
    const pods = use.typed("pods", name);
    const metadata = { name: "test-pod", finalizers: ["e2e.example.com/finalizer"] };
    await pods.create({ metadata, spec: { containers: [container], terminationGracePeriodSeconds: 0 } });
    await use.typed("configmaps", name).create({ metadata: { name: "test-configmap" }, data: { key: "value" } });
    await use.typed("namespaces").delete(name);
    await eventually(async () => {
      const { status } = await use.typed("namespaces").get(name);
      assert.equal(status.phase, "Terminating");
      const types = (status.conditions as readonly Thing[] | undefined)?.map(({ type }) => type) ?? [];
      assert.ok(types.includes("NamespaceDeletionContentFailure"), types.join());
    });
    assert.equal((await use.typed("configmaps", name).get("test-configmap"))["data"].key, "value");
    assert.ok((await pods.get("test-pod")).metadata.deletionTimestamp);
    await pods.change("test-pod", (draft) => Object.assign(draft.metadata, { finalizers: [] }));
    await goes(name);
  });
});
