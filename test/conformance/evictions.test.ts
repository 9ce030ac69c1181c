import assert from "node:assert/strict";
import { before, test } from "node:test";
import { expect, failure, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import { makeNamespace } from "../support/namespace.ts";

// Behaviour: pkg/registry/core/pod/storage/eviction.go, test/integration/evictions.

const budgets = "/apis/policy/v1/namespaces/evicted/poddisruptionbudgets";
const success = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
const refusal = (message: string, retryAfterSeconds?: number) =>
  failure(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: "DisruptionBudget", message }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });

interface BudgetStatus {
  readonly disruptionsAllowed: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly [more: string]: unknown;
}

onBothProtocols("evictions", (subject) => {
  let own: string;
  before(async () => {
    own = await makeNamespace(subject().admin, "evicted");
  });

  /** A pod that a node has taken, in that phase. */
  async function runs(name: string, phase: string, ready: boolean): Promise<Seen> {
    const { admin } = subject();
    const metadata = { name, labels: { app: name } };
    const body = { metadata, spec: { nodeName: "n", containers: [{ name: "c", image: "i" }] } };
    await expect(admin, { method: "POST", path: `${own}/pods`, body }, 201);
    const status = { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] };
    return seen(await merge(`${own}/pods/${name}/status`, { status }));
  }

  async function guards(app: string, status: BudgetStatus | undefined, spec: object = {}): Promise<void> {
    const selector = { matchLabels: { app } };
    const body = { metadata: { name: app }, spec: { minAvailable: 1, selector, ...spec } };
    await expect(subject().admin, { method: "POST", path: budgets, body }, 201);
    if (status === undefined) return;
    const whole = { observedGeneration: 1, expectedPods: 1, ...status };
    await merge(`${budgets}/${app}/status`, { status: whole });
  }

  function merge(path: string, body: object) {
    const headers = { "content-type": "application/merge-patch+json" };
    return expect(subject().admin, { method: "PATCH", path, headers, body: JSON.stringify(body) }, 200);
  }

  function evict(name: string, code: number, answer?: object, more: object = {}, query = "") {
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name }, ...more };
    return expect(
      subject().admin,
      { method: "POST", path: `${own}/pods/${name}/eviction${query}`, body },
      code,
      answer,
    );
  }

  test("a pod without a budget goes, noting why", async () => {
    const { admin } = subject();
    await runs("free", "Running", true);
    await evict("free", 201, success);
    const { metadata, status } = seen(await expect(admin, { path: `${own}/pods/free` }, 200));
    assert.equal(metadata.deletionGracePeriodSeconds, 30);
    const conditions = status!["conditions"] as readonly { readonly type: string; readonly [more: string]: string }[];
    const noted = conditions.find(({ type }) => type === "DisruptionTarget")!;
    assert.deepEqual(noted, {
      type: "DisruptionTarget",
      status: "True",
      lastTransitionTime: noted["lastTransitionTime"],
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    });
  });

  test("a budget gives what it allows, notes whom it gave it to, and is then used up", async () => {
    const { admin } = subject();
    await runs("guarded", "Running", true);
    await guards("guarded", { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 });
    await evict("guarded", 201, success, {}, "?dryRun=All");
    const left = async () => seen(await expect(admin, { path: `${budgets}/guarded` }, 200)).status!;
    assert.equal((await left())["disruptionsAllowed"], 1);
    await evict("guarded", 201, success);
    const { disruptionsAllowed, disruptedPods, conditions } = await left();
    assert.deepEqual([disruptionsAllowed, Object.keys(disruptedPods as object)], [0, ["guarded"]]);
    const [condition] = conditions as { type: string; status: string; reason: string }[];
    assert.deepEqual(
      [condition!.type, condition!.status, condition!.reason],
      ["DisruptionAllowed", "False", "InsufficientPods"],
    );
  });

  test("a budget that allows none says what it needs", async () => {
    await runs("needed", "Running", true);
    await guards("needed", { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 });
    await evict("needed", 429, refusal("The disruption budget needed needs 1 healthy pods and has 1 currently"));
    const message = 'found no controllers for pod "x"';
    const condition = { type: "DisruptionAllowed", status: "False", reason: "SyncFailed", message };
    const conditions = [{ ...condition, lastTransitionTime: "2026-01-01T00:00:00Z" }];
    await merge(`${budgets}/needed/status`, { status: { conditions } });
    const failed = `The disruption budget needed does not allow evicting pods currently because it failed sync: ${message}`;
    await evict("needed", 429, refusal(failed));
  });

  test("a budget that has not been counted is to be asked again later", async () => {
    await runs("uncounted", "Running", true);
    await guards("uncounted", undefined);
    const answer = refusal("The disruption budget uncounted is still being processed by the server.", 10);
    const { headers } = await evict("uncounted", 429, answer);
    assert.equal(headers["retry-after"], "10");
  });

  test("pods that serve nobody go, whatever the budget", async () => {
    for (const phase of ["Pending", "Succeeded", "Failed"]) {
      const name = phase.toLowerCase();
      await runs(name, phase, false);
      await guards(name, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 1 });
      await evict(name, 201, success);
    }
  });

  test("a pod that is not ready goes where the budget has what it needs, or lets such pods go", async () => {
    await runs("spare", "Running", false);
    await guards("spare", { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 });
    await evict("spare", 201, success);
    await runs("broken", "Running", false);
    await guards("broken", { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 1 });
    await evict("broken", 429, refusal("The disruption budget broken needs 1 healthy pods and has 0 currently"));
    await merge(`${budgets}/broken`, { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } });
    await evict("broken", 201, success);
  });

  test("two budgets for one pod are none", async () => {
    await runs("twice", "Running", true);
    await guards("twice", { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 });
    const selector = { matchLabels: { app: "twice" } };
    const second = { metadata: { name: "second" }, spec: { minAvailable: 1, selector } };
    await expect(subject().admin, { method: "POST", path: budgets, body: second }, 201);
    const text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    const answer = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: text, code: 500 };
    await evict("twice", 500, answer);
  });

  test("preconditions, names and pods that are not there", async () => {
    const pod = await runs("pinned", "Running", true);
    const other = { deleteOptions: { preconditions: { uid: "other" } } };
    const text = `the UID in the precondition (other) does not match the UID in record (${pod.metadata.uid}). The object might have been deleted and then recreated`;
    await evict(
      "pinned",
      409,
      failure(409, "Conflict", `Operation cannot be fulfilled on Pod "pinned": ${text}`, {
        name: "pinned",
        kind: "Pod",
      }),
      other,
    );
    await evict("pinned", 400, failure(400, "BadRequest", "name in URL does not match name in Eviction object"), {
      metadata: { name: "other" },
    });
    await evict("none", 404, failure(404, "NotFound", 'pods "none" not found', { name: "none", kind: "pods" }));
    await evict("pinned", 201, success, { deleteOptions: { preconditions: { uid: pod.metadata.uid } } });
  });
});
