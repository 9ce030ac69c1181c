import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  startWebhook,
  type Answer as WebhookAnswer,
  type WebhookServerForTests,
} from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { configMaps, expect, failure, seen } from "../support/conformance.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const configurations = "/apis/admissionregistration.k8s.io/v1";

interface Review {
  readonly request: Readonly<Record<string, unknown>> & { readonly uid: string; readonly name?: string };
}

const reviewOf = (body: unknown): Review["request"] => (body as Review).request;

/** An answer of a webhook that works. */
const says =
  (response: object): WebhookAnswer =>
  ({ body }) => ({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    response: { uid: reviewOf(body).uid, ...response },
  });

const patches = (...operations: object[]): object => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});

describe("admission webhooks", { timeout: 120_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let webhook: WebhookServerForTests;

  before(async () => {
    [https, webhook] = await Promise.all([startHttpsServer(), startWebhook(says({ allowed: true }))]);
    admin = clientOf.h2(https.port, https.admin);
  });
  after(async () => {
    admin?.close();
    await https?.close();
    await webhook?.close();
  });
  afterEach(async () => {
    for (const plural of ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]) {
      await expect(admin, { method: "DELETE", path: `${configurations}/${plural}` }, 200);
    }
    webhook.calls.length = 0;
  });

  const rule = { operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] };
  const hook = (change: object = {}): object => ({
    name: "hook.example.com",
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    clientConfig: { url: `${webhook.url}/review`, caBundle: webhook.caBundle },
    rules: [rule],
    ...change,
  });
  const register = async (kind: "Mutating" | "Validating", name: string, ...webhooks: object[]): Promise<void> => {
    const path = `${configurations}/${kind.toLowerCase()}webhookconfigurations`;
    await expect(admin, { method: "POST", path, body: { metadata: { name }, webhooks } }, 201);
  };
  const post = (name: string, more: object = {}, query = "") => ({
    method: "POST",
    path: configMaps + query,
    body: { metadata: { name }, ...more },
  });

  test("a validating webhook is sent an AdmissionReview in exactly upstream's form", async () => {
    await register("Validating", "form", hook());
    await expect(admin, post("form", { data: { a: "b" } }, "?fieldManager=me&fieldValidation=Strict"), 201);
    const { path, body } = webhook.calls[0]!;
    assert.equal(path, "/review?timeout=10s");
    const { request } = body as Review;
    const { uid, object, ...rest } = request;
    assert.match(uid, /^[0-9a-f-]{36}$/);
    const { extra } = rest["userInfo"] as { extra: Record<string, string[]> };
    assert.deepEqual(Object.keys(extra), ["authentication.kubernetes.io/credential-id"]);
    assert.deepEqual([(object as { kind: string }).kind, (object as { data: object }).data], ["ConfigMap", { a: "b" }]);
    assert.deepEqual(
      { ...(body as object), request: rest },
      {
        kind: "AdmissionReview",
        apiVersion: "admission.k8s.io/v1",
        request: {
          kind: { group: "", version: "v1", kind: "ConfigMap" },
          resource: { group: "", version: "v1", resource: "configmaps" },
          requestKind: { group: "", version: "v1", kind: "ConfigMap" },
          requestResource: { group: "", version: "v1", resource: "configmaps" },
          name: "form",
          namespace: "default",
          operation: "CREATE",
          userInfo: { username: "admin", groups: ["system:masters", "system:authenticated"], extra },
          oldObject: null,
          dryRun: false,
          options: {
            kind: "CreateOptions",
            apiVersion: "meta.k8s.io/v1",
            fieldManager: "me",
            fieldValidation: "Strict",
          },
        },
      },
    );
    webhook.calls.length = 0;
    await expect(admin, { method: "DELETE", path: `${configMaps}/form` }, 200);
    const deletion = reviewOf(webhook.calls[0]!.body);
    assert.deepEqual([deletion["operation"], deletion["object"]], ["DELETE", null]);
    assert.equal((deletion["oldObject"] as { metadata: { name: string } }).metadata.name, "form");
  });

  test("a refusal is passed on with its code, reason and words", async () => {
    await register("Validating", "no", hook());
    const refused = async (status: object | undefined, code: number, expected: object): Promise<void> => {
      webhook.answer = says({ allowed: false, ...(status === undefined ? {} : { status }) });
      await expect(admin, post("no"), code, expected);
    };
    const denied = 'admission webhook "hook.example.com" denied the request';
    await refused(
      { message: "not here", code: 418, reason: "Teapot" },
      418,
      failure(418, "Teapot", `${denied}: not here`),
    );
    await refused({ reason: "Conflict" }, 400, failure(400, "Conflict", `${denied}: Conflict`));
    const bare = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code: 400 };
    await refused(undefined, 400, { ...bare, message: `${denied} without explanation` });
    webhook.answer = says({ allowed: true });
  });

  test("a webhook that cannot be asked closes the way, or is passed over, as its failure policy says", async () => {
    const nobody = { url: "https://127.0.0.1:1/x" };
    await register("Validating", "gone", hook({ clientConfig: nobody, timeoutSeconds: 3 }));
    const text =
      'failed calling webhook "hook.example.com": failed to call webhook: Post "https://127.0.0.1:1/x?timeout=3s": dial tcp 127.0.0.1:1: connect: connection refused';
    const message = `Internal error occurred: ${text}`;
    const expected = failure(500, "InternalError", message, { causes: [{ message: text }] });
    await expect(admin, post("gone"), 500, expected);
    await expect(admin, { method: "DELETE", path: `${configurations}/validatingwebhookconfigurations/gone` }, 200);
    await register("Validating", "open", hook({ clientConfig: nobody, failurePolicy: "Ignore" }));
    await register("Mutating", "open", hook({ clientConfig: nobody, failurePolicy: "Ignore" }));
    await expect(admin, post("open"), 201);
    const service = { service: { namespace: "default", name: "none" } };
    await register("Validating", "service", hook({ clientConfig: service }));
    const refused = await expect(admin, post("service"), 500);
    assert.match(
      refused.text,
      /Post \\"https:\/\/none\.default\.svc:443\/\?timeout=10s\\": service \\"none\\" not found"/,
    );
  });

  test("answers that are none are failures to call, whatever is wrong with them", async () => {
    await register("Mutating", "garbage", hook());
    const says500 = async (answer: WebhookAnswer, expected: string): Promise<void> => {
      webhook.answer = answer;
      const { json } = await expect(admin, post("garbage"), 500);
      const prefix = 'Internal error occurred: failed calling webhook "hook.example.com": ';
      assert.equal((json as { message: string }).message, prefix + expected);
    };
    const text =
      (body: string): WebhookAnswer =>
      (_call, response) =>
        void response.end(body);
    await says500(text(""), "failed to call webhook: 0-length response with status code: 200 and content type: ");
    await says500(
      text("<html>"),
      "failed to call webhook: couldn't get version/kind; json parse error: invalid character '<' looking for beginning of value",
    );
    await says500(text("{}"), "received invalid webhook response: webhook response was absent");
    await says500(text('{"response":{"uid":"x"}}'), "").catch(() => undefined);
    const review =
      (response: object, head: object = {}): WebhookAnswer =>
      ({ body }) => ({
        kind: "AdmissionReview",
        apiVersion: "admission.k8s.io/v1",
        response: { uid: reviewOf(body).uid, allowed: true, ...response },
        ...head,
      });
    await says500(
      review({}, { kind: undefined, apiVersion: undefined }),
      "received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
    );
    await says500(
      review({ patch: Buffer.from("[]").toString("base64") }),
      "received invalid webhook response: webhook returned response.patch but not response.patchType",
    );
    await says500(
      review({ allowed: "yes" }),
      "failed to call webhook: json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool",
    );
    await says500(
      review({ patchType: "JSONPatch", patch: Buffer.from("{}").toString("base64") }),
      "received undecodable patch in webhook response: json: cannot unmarshal object into Go value of type jsonpatch.Patch",
    );
    await says500(
      (_call, response) => void response.writeHead(302, { location: "/elsewhere" }).end(),
      "failed to call webhook: the server responded with the status code 302 but did not return more information",
    );
    await says500(
      (_call, response) => void response.writeHead(200).end(Buffer.alloc(17 << 20, 0x20)),
      "failed to call webhook: unexpected error when reading response body. Please retry. Original error: the answer is longer than 16777216 bytes",
    );
    webhook.answer = says({ allowed: true });
  });

  test("a stuck webhook costs its own time and no more", async () => {
    webhook.answer = () => undefined;
    await register("Validating", "stuck", hook({ timeoutSeconds: 1 }));
    const start = Date.now();
    const { text } = await expect(admin, post("stuck"), 500);
    assert.ok(Date.now() - start < 3_000);
    assert.match(text, /review\?timeout=1s\\": context deadline exceeded/);
    webhook.answer = says({ allowed: true });
  });

  test("a mutating webhook's patch changes what is stored, and validation sees what it left", async () => {
    webhook.answer = says(patches({ op: "add", path: "/data", value: { added: "yes" } }));
    await register("Mutating", "patch", hook());
    const made = await expect(admin, post("patched"), 201);
    assert.deepEqual(seen(made).data, { added: "yes" });
    webhook.answer = says(patches({ op: "add", path: "/metadata/labels", value: { "-bad-": "x" } }));
    const invalid = await expect(admin, post("invalid"), 422);
    assert.match(invalid.text, /metadata\.labels: Invalid value: \\"-bad-\\"/);
    webhook.answer = says(patches({ op: "add", path: "/metadata/namespace", value: "kube-system" }));
    await expect(admin, post("moved"), 400);
    webhook.answer = says(patches({ op: "remove", path: "/nothing/here" }));
    const { json } = await expect(admin, post("nowhere"), 500);
    assert.match((json as { message: string }).message, /^Internal error occurred: .*nothing/);
    webhook.answer = says(patches({ op: "replace", path: "/metadata", value: "text" }));
    await expect(admin, post("text"), 500);
    webhook.answer = says(patches({ op: "remove", path: "/metadata" }));
    await expect(admin, post("nameless"), 422);
    webhook.answer = says(patches({ op: "add", path: "/data", value: {} }));
    const deletion = await expect(admin, { method: "DELETE", path: `${configMaps}/patched` }, 500);
    assert.match(
      deletion.text,
      /admission webhook \\"hook\.example\.com\\" attempted to modify the object, which is not supported for this operation/,
    );
    webhook.answer = says({ allowed: true });
  });

  test("mutating webhooks run by the names of their configurations, each on what the last one left", async () => {
    const order: unknown[] = [];
    webhook.answer = (call, response) => {
      const { data = {} } = reviewOf(call.body)["object"] as { data?: Record<string, string> };
      order.push([call.path.slice(0, 2), { ...data }]);
      const key = call.path[1]!;
      return says(patches({ op: "add", path: "/data", value: { ...data, [key]: "1" } }))(call, response);
    };
    const at = (path: string, change: object = {}): object =>
      hook({ clientConfig: { url: `${webhook.url}/${path}`, caBundle: webhook.caBundle }, ...change });
    await register("Mutating", "b", at("b"));
    await register("Mutating", "a", at("a", { reinvocationPolicy: "IfNeeded" }));
    const made = await expect(admin, post("order"), 201);
    assert.deepEqual(seen(made).data, { a: "1", b: "1" });
    // The first is asked again about what the second has changed.
    assert.deepEqual(order, [
      ["/a", {}],
      ["/b", { a: "1" }],
      ["/a", { a: "1", b: "1" }],
    ]);
    webhook.answer = says({ allowed: true });
  });

  test("selectors, scopes, sub-resources and conditions choose what is asked about", async () => {
    const ask = async (change: object, call: object): Promise<number> => {
      await register("Validating", "chosen", hook(change));
      webhook.calls.length = 0;
      await expect(admin, call as Parameters<HttpClient["call"]>[0], (call as { code?: number }).code ?? 201);
      await expect(admin, { method: "DELETE", path: `${configurations}/validatingwebhookconfigurations/chosen` }, 200);
      return webhook.calls.length;
    };
    let n = 0;
    const make = (labels = {}): object => ({
      ...post(`chosen-${n++}`),
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
    await register("Validating", "broken", hook(when("object.none.at.all == 1")));
    const { json } = await expect(admin, make() as Parameters<HttpClient["call"]>[0], 403);
    assert.match(
      (json as { message: string }).message,
      /^configmaps "chosen-\d+" is forbidden: expression 'object\.none\.at\.all == 1' resulted in error: no such key: none$/,
    );
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
    await register("Validating", "equivalent", hook({ rules: [core] }));
    await expect(admin, { method: "POST", path: events, body: event("one") }, 201);
    const review = reviewOf(webhook.calls[0]!.body);
    assert.deepEqual(review["kind"], { group: "", version: "v1", kind: "Event" });
    assert.deepEqual(review["resource"], { group: "", version: "v1", resource: "events" });
    assert.deepEqual(review["requestKind"], { group: "events.k8s.io", version: "v1", kind: "Event" });
    const object = review["object"] as { apiVersion: string; involvedObject: { name: string } };
    assert.deepEqual([object.apiVersion, object.involvedObject.name], ["v1", "p"]);
    await expect(
      admin,
      { method: "DELETE", path: `${configurations}/validatingwebhookconfigurations/equivalent` },
      200,
    );
    webhook.calls.length = 0;
    await register("Validating", "exact", hook({ rules: [core], matchPolicy: "Exact" }));
    await expect(admin, { method: "POST", path: events, body: event("two") }, 201);
    assert.equal(webhook.calls.length, 0);
    // What a webhook changes in its version is stored in the one that was written.
    webhook.answer = says(patches({ op: "replace", path: "/involvedObject/name", value: "q" }));
    await register("Mutating", "equivalent", hook({ rules: [core] }));
    const made = await expect(admin, { method: "POST", path: events, body: event("three") }, 201);
    assert.equal((made.json as { regarding: { name: string } }).regarding.name, "q");
    webhook.answer = says({ allowed: true });
  });

  test("a dry run asks only webhooks that say it does no harm", async () => {
    await register("Validating", "dry", hook({ sideEffects: "NoneOnDryRun" }));
    await expect(admin, post("dry", {}, "?dryRun=All"), 201);
    assert.equal(reviewOf(webhook.calls[0]!.body)["dryRun"], true);
  });

  test("warnings reach the client", async () => {
    webhook.answer = says({ allowed: true, warnings: ["think again"] });
    await register("Validating", "warns", hook());
    const { headers } = await expect(admin, post("warned"), 201);
    assert.equal(headers["warning"], '299 - "think again"');
    webhook.answer = says({ allowed: true });
  });

  test("no webhook stands in the way of taking webhooks away", async () => {
    const everything = { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] };
    webhook.answer = says({ allowed: false });
    await register("Validating", "all", hook({ rules: [everything] }));
    await register("Mutating", "all", hook({ rules: [everything] }));
    await expect(admin, post("blocked"), 400);
    await expect(admin, { method: "DELETE", path: `${configurations}/validatingwebhookconfigurations/all` }, 200);
    await expect(admin, { method: "DELETE", path: `${configurations}/mutatingwebhookconfigurations/all` }, 200);
    webhook.answer = says({ allowed: true });
    await expect(admin, post("unblocked"), 201);
  });

  test("a webhook that writes to this server while it is asked waits for itself until its time is over", async () => {
    await register("Validating", "deadlock", hook({ timeoutSeconds: 1 }));
    let depth = 0;
    webhook.answer = async (call, response) => {
      if (depth++ < 3) await admin.call(post(`inner-${depth}`));
      return says({ allowed: true })(call, response);
    };
    const start = Date.now();
    const answer = await admin.call(post("outer"));
    assert.ok([201, 500].includes(answer.status), answer.text);
    assert.ok(Date.now() - start < 5_000);
    webhook.answer = says({ allowed: true });
  });

  test("a scale is shown as a Scale, and can be changed as one", async () => {
    const deployments = "/apis/apps/v1/namespaces/default/deployments";
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    const spec = { replicas: 1, selector: { matchLabels: { a: "b" } }, template };
    await expect(admin, { method: "POST", path: deployments, body: { metadata: { name: "d" }, spec } }, 201);
    webhook.answer = says(patches({ op: "replace", path: "/spec/replicas", value: 7 }));
    const scale = { ...rule, apiGroups: ["apps"], resources: ["deployments/scale"] };
    await register("Mutating", "scale", hook({ rules: [scale] }));
    const headers = { "content-type": "application/merge-patch+json" };
    const patch = { method: "PATCH", path: `${deployments}/d/scale`, headers, body: '{"spec":{"replicas":3}}' };
    const answer = await expect(admin, patch, 200);
    assert.deepEqual((answer.json as { spec: object }).spec, { replicas: 7 });
    const review = reviewOf(webhook.calls[0]!.body);
    assert.deepEqual(review["kind"], { group: "autoscaling", version: "v1", kind: "Scale" });
    assert.deepEqual(review["resource"], { group: "apps", version: "v1", resource: "deployments" });
    assert.deepEqual([review["subResource"], (review["object"] as { spec: object }).spec], ["scale", { replicas: 3 }]);
    webhook.answer = says({ allowed: true });
  });

  test("a pod's binding to a node is asked about, as the Binding that it is", async () => {
    const pods = "/api/v1/namespaces/default/pods";
    const spec = { containers: [{ name: "c", image: "i" }] };
    await expect(
      admin,
      { method: "POST", path: "/api/v1/namespaces/default/serviceaccounts", body: { metadata: { name: "default" } } },
      201,
    );
    await expect(admin, { method: "POST", path: pods, body: { metadata: { name: "p" }, spec } }, 201);
    await register("Validating", "binds", hook({ rules: [{ ...rule, resources: ["pods/binding"] }] }));
    webhook.answer = says({ allowed: false, status: { message: "not there" } });
    const binding = { metadata: { name: "p" }, target: { kind: "Node", name: "n" } };
    const bind = { method: "POST", path: `${pods}/p/binding`, body: binding };
    assert.match((await expect(admin, bind, 400)).text, /denied the request: not there/);
    assert.deepEqual(reviewOf(webhook.calls[0]!.body)["kind"], { group: "", version: "v1", kind: "Binding" });
    webhook.answer = says({ allowed: true });
    await expect(admin, bind, 201);
  });

  test("calls are counted under upstream's names", async () => {
    const { text } = await expect(admin, { path: "/metrics" }, 200);
    assert.match(
      text,
      /apiserver_admission_webhook_request_total\{code="200",name="hook\.example\.com",operation="CREATE",rejected="false",type="validating"\} \d+/,
    );
    assert.match(
      text,
      /apiserver_admission_webhook_rejection_count\{error_type="calling_webhook_error",name="hook\.example\.com",operation="CREATE",rejection_code="503",type="admit"\} \d+/,
    );
    assert.match(text, /apiserver_admission_webhook_fail_open_count\{name="hook\.example\.com",type="admit"\} \d+/);
  });
});
