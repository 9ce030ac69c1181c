import assert from "node:assert/strict";
import { test } from "node:test";
import { expect } from "../support/conformance.ts";
import type { HttpClient } from "../support/http.ts";
import { configurations, describeWebhooks, patches, reviewOf, rule, says } from "../support/webhook-subject.ts";

describeWebhooks("what admission webhooks are asked about", (use) => {
  test("selectors, scopes, sub-resources and conditions choose what is asked about", async () => {
    const ask = async (change: object, call: object): Promise<number> => {
      await use.register("Validating", "chosen", use.hook(change));
      use.webhook.calls.length = 0;
      await expect(use.admin, call as Parameters<HttpClient["call"]>[0], (call as { code?: number }).code ?? 201);
      await expect(
        use.admin,
        { method: "DELETE", path: `${configurations}/validatingwebhookconfigurations/chosen` },
        200,
      );
      return use.webhook.calls.length;
    };
    let n = 0;
    const make = (labels = {}): object => ({
      ...use.post(`chosen-${n++}`),
      body: { metadata: { name: `chosen-${n}`, labels } },
    });
    assert.equal(await ask({ objectSelector: { matchLabels: { ask: "me" } } }, make()), 0);
    assert.equal(await ask({ objectSelector: { matchLabels: { ask: "me" } } }, make({ ask: "me" })), 1);
    const byName = (name: string): object => ({ matchLabels: { "kubernetes.io/metadata.name": name } });
    assert.equal(await ask({ namespaceSelector: byName("default") }, make()), 1);
    assert.equal(await ask({ namespaceSelector: byName("kube-system") }, make()), 0);
    assert.equal(await ask({ rules: [{ ...rule, scope: "Cluster" }] }, make()), 0);
    assert.equal(await ask({ rules: [{ ...rule, resources: ["*/status"] }] }, make()), 0);
    assert.equal(await ask({ rules: [{ ...rule, operations: ["UPDATE"] }] }, make()), 0);
    const when = (expression: string): object => ({ matchConditions: [{ name: "when", expression }] });
    assert.equal(await ask(when("object.metadata.name.startsWith('other')"), make()), 0);
    assert.equal(await ask(when("request.userInfo.username == 'admin' && oldObject == null"), make()), 1);
    assert.equal(await ask(when("authorizer.group('').resource('pods').check('delete').allowed()"), make()), 1);
    assert.equal(
      await ask(when("authorizer.serviceAccount('default', 'x').path('/x').check('get').allowed()"), make()),
      0,
    );
    await use.register("Validating", "broken", use.hook(when("object.none.at.all == 1")));
    const { json } = await expect(use.admin, make() as Parameters<HttpClient["call"]>[0], 403);
    assert.match(
      (json as { message: string }).message,
      /^configmaps "chosen-\d+" is forbidden: expression 'object\.none\.at\.all == 1' resulted in error: no such key: none$/,
    );
    const { text } = await expect(use.admin, { path: "/metrics" }, 200);
    const labels = '\\{kind="webhook",name="hook\\.example\\.com",operation="CREATE",type="validating"\\}';
    for (const [name, count] of [
      ["evaluation_seconds_count", 5],
      ["evaluation_errors_total", 1],
      ["exclusions_total", 2],
    ] as const) {
      assert.match(text, new RegExp(`apiserver_admission_match_condition_${name}${labels} ${count}\n`));
    }
  });

  test("a resource in another group or version is the same resource, unless the match is to be exact", async () => {
    const events = "/apis/events.k8s.io/v1/namespaces/default/events";
    const core = { ...rule, resources: ["events"] };
    const event = (name: string): object => ({
      metadata: { name },
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "example.com/c",
      reportingInstance: "c-1",
      action: "Do",
      reason: "Because",
      type: "Normal",
      regarding: { kind: "Pod", namespace: "default", name: "p" },
    });
    await use.register("Validating", "equivalent", use.hook({ rules: [core] }));
    await expect(use.admin, { method: "POST", path: events, body: event("one") }, 201);
    const review = reviewOf(use.webhook.calls[0]!.body);
    assert.deepEqual(review["kind"], { group: "", version: "v1", kind: "Event" });
    assert.deepEqual(review["resource"], { group: "", version: "v1", resource: "events" });
    assert.deepEqual(review["requestKind"], { group: "events.k8s.io", version: "v1", kind: "Event" });
    const object = review["object"] as { apiVersion: string; involvedObject: { name: string } };
    assert.deepEqual([object.apiVersion, object.involvedObject.name], ["v1", "p"]);
    await expect(
      use.admin,
      { method: "DELETE", path: `${configurations}/validatingwebhookconfigurations/equivalent` },
      200,
    );
    use.webhook.calls.length = 0;
    await use.register("Validating", "exact", use.hook({ rules: [core], matchPolicy: "Exact" }));
    await expect(use.admin, { method: "POST", path: events, body: event("two") }, 201);
    assert.equal(use.webhook.calls.length, 0);
    // What a webhook changes in its version is stored in the one that was written.
    use.webhook.answer = says(patches({ op: "replace", path: "/involvedObject/name", value: "q" }));
    await use.register("Mutating", "equivalent", use.hook({ rules: [core] }));
    const made = await expect(use.admin, { method: "POST", path: events, body: event("three") }, 201);
    assert.equal((made.json as { regarding: { name: string } }).regarding.name, "q");
  });

  test("no webhook stands in the way of taking webhooks away", async () => {
    const everything = { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] };
    use.webhook.answer = says({ allowed: false });
    await use.register("Validating", "all", use.hook({ rules: [everything] }));
    await use.register("Mutating", "all", use.hook({ rules: [everything] }));
    await expect(use.admin, use.post("blocked"), 400);
    await expect(use.admin, { method: "DELETE", path: `${configurations}/validatingwebhookconfigurations/all` }, 200);
    await expect(use.admin, { method: "DELETE", path: `${configurations}/mutatingwebhookconfigurations/all` }, 200);
    use.webhook.answer = says({ allowed: true });
    await expect(use.admin, use.post("unblocked"), 201);
  });

  test("a scale is shown as a Scale, and can be changed as one", async () => {
    const deployments = "/apis/apps/v1/namespaces/default/deployments";
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    const spec = { replicas: 1, selector: { matchLabels: { a: "b" } }, template };
    await expect(use.admin, { method: "POST", path: deployments, body: { metadata: { name: "d" }, spec } }, 201);
    use.webhook.answer = says(patches({ op: "replace", path: "/spec/replicas", value: 7 }));
    const scale = { ...rule, apiGroups: ["apps"], resources: ["deployments/scale"] };
    await use.register("Mutating", "scale", use.hook({ rules: [scale] }));
    const headers = { "content-type": "application/merge-patch+json" };
    const patch = { method: "PATCH", path: `${deployments}/d/scale`, headers, body: '{"spec":{"replicas":3}}' };
    const answer = await expect(use.admin, patch, 200);
    assert.deepEqual((answer.json as { spec: object }).spec, { replicas: 7 });
    const review = reviewOf(use.webhook.calls[0]!.body);
    assert.deepEqual(review["kind"], { group: "autoscaling", version: "v1", kind: "Scale" });
    assert.deepEqual(review["resource"], { group: "apps", version: "v1", resource: "deployments" });
    assert.deepEqual([review["subResource"], (review["object"] as { spec: object }).spec], ["scale", { replicas: 3 }]);
  });

  test("a pod's binding to a node is asked about, as the Binding that it is", async () => {
    const pods = "/api/v1/namespaces/default/pods";
    const spec = { containers: [{ name: "c", image: "i" }] };
    await expect(
      use.admin,
      { method: "POST", path: "/api/v1/namespaces/default/serviceaccounts", body: { metadata: { name: "default" } } },
      201,
    );
    await expect(use.admin, { method: "POST", path: pods, body: { metadata: { name: "p" }, spec } }, 201);
    await use.register("Validating", "binds", use.hook({ rules: [{ ...rule, resources: ["pods/binding"] }] }));
    use.webhook.answer = says({ allowed: false, status: { message: "not there" } });
    const binding = { metadata: { name: "p" }, target: { kind: "Node", name: "n" } };
    const bind = { method: "POST", path: `${pods}/p/binding`, body: binding };
    assert.match((await expect(use.admin, bind, 400)).text, /denied the request: not there/);
    assert.deepEqual(reviewOf(use.webhook.calls[0]!.body)["kind"], { group: "", version: "v1", kind: "Binding" });
    use.webhook.answer = says({ allowed: true });
    await expect(use.admin, bind, 201);
  });
});
