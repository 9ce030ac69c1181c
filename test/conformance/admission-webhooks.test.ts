import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer as WebhookAnswer } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { configMaps, expect, failure, seen } from "../support/conformance.ts";
import { configurations, describeWebhooks, patches, type Review, reviewOf, says } from "../support/webhook-subject.ts";

describeWebhooks("admission webhooks", (use) => {
  test("a validating webhook is sent an AdmissionReview in exactly upstream's form", async () => {
    await use.register("Validating", "form", use.hook());
    await expect(use.admin, use.post("form", { data: { a: "b" } }, "?fieldManager=me&fieldValidation=Strict"), 201);
    const { path, body } = use.webhook.calls[0]!;
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
    use.webhook.calls.length = 0;
    await expect(use.admin, { method: "DELETE", path: `${configMaps}/form` }, 200);
    const deletion = reviewOf(use.webhook.calls[0]!.body);
    assert.deepEqual([deletion["operation"], deletion["object"]], ["DELETE", null]);
    assert.equal((deletion["oldObject"] as { metadata: { name: string } }).metadata.name, "form");
  });

  test("a refusal is passed on with its code, reason and words", async () => {
    await use.register("Validating", "no", use.hook());
    const refused = async (status: object | undefined, code: number, expected: object): Promise<void> => {
      use.webhook.answer = says({ allowed: false, ...(status === undefined ? {} : { status }) });
      await expect(use.admin, use.post("no"), code, expected);
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
  });

  test("a webhook that cannot be asked closes the way, or is passed over, as its failure policy says", async () => {
    const nobody = { url: "https://127.0.0.1:1/x" };
    await use.register("Validating", "gone", use.hook({ clientConfig: nobody, timeoutSeconds: 3 }));
    const text =
      'failed calling webhook "hook.example.com": failed to call webhook: Post "https://127.0.0.1:1/x?timeout=3s": dial tcp 127.0.0.1:1: connect: connection refused';
    const message = `Internal error occurred: ${text}`;
    const expected = failure(500, "InternalError", message, { causes: [{ message: text }] });
    await expect(use.admin, use.post("gone"), 500, expected);
    await expect(use.admin, { method: "DELETE", path: `${configurations}/validatingwebhookconfigurations/gone` }, 200);
    await use.register("Validating", "open", use.hook({ clientConfig: nobody, failurePolicy: "Ignore" }));
    await use.register("Mutating", "open", use.hook({ clientConfig: nobody, failurePolicy: "Ignore" }));
    await expect(use.admin, use.post("open"), 201);
    const service = { service: { namespace: "default", name: "none" } };
    await use.register("Validating", "service", use.hook({ clientConfig: service }));
    const refused = await expect(use.admin, use.post("service"), 500);
    assert.match(
      refused.text,
      /Post \\"https:\/\/none\.default\.svc:443\/\?timeout=10s\\": service \\"none\\" not found"/,
    );
  });

  test("answers that are none are failures to call, whatever is wrong with them", async () => {
    await use.register("Mutating", "garbage", use.hook());
    const says500 = async (answer: WebhookAnswer, expected: string): Promise<void> => {
      use.webhook.answer = answer;
      const { json } = await expect(use.admin, use.post("garbage"), 500);
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
  });

  test("a stuck webhook costs its own time and no more", async () => {
    use.webhook.answer = () => undefined;
    await use.register("Validating", "stuck", use.hook({ timeoutSeconds: 1 }));
    const start = Date.now();
    const { text } = await expect(use.admin, use.post("stuck"), 500);
    assert.ok(Date.now() - start < 3_000);
    assert.match(text, /review\?timeout=1s\\": context deadline exceeded/);
  });

  test("a mutating webhook's patch changes what is stored, and validation sees what it left", async () => {
    use.webhook.answer = says(patches({ op: "add", path: "/data", value: { added: "yes" } }));
    await use.register("Mutating", "patch", use.hook());
    const made = await expect(use.admin, use.post("patched"), 201);
    assert.deepEqual(seen(made).data, { added: "yes" });
    use.webhook.answer = says(patches({ op: "add", path: "/metadata/labels", value: { "-bad-": "x" } }));
    const invalid = await expect(use.admin, use.post("invalid"), 422);
    assert.match(invalid.text, /metadata\.labels: Invalid value: \\"-bad-\\"/);
    use.webhook.answer = says(patches({ op: "add", path: "/metadata/namespace", value: "kube-system" }));
    await expect(use.admin, use.post("moved"), 400);
    use.webhook.answer = says(patches({ op: "remove", path: "/nothing/here" }));
    const { json } = await expect(use.admin, use.post("nowhere"), 500);
    assert.match((json as { message: string }).message, /^Internal error occurred: .*nothing/);
    use.webhook.answer = says(patches({ op: "replace", path: "/metadata", value: "text" }));
    await expect(use.admin, use.post("text"), 500);
    use.webhook.answer = says(patches({ op: "remove", path: "/metadata" }));
    await expect(use.admin, use.post("nameless"), 422);
    use.webhook.answer = says(patches({ op: "add", path: "/data", value: {} }));
    const deletion = await expect(use.admin, { method: "DELETE", path: `${configMaps}/patched` }, 500);
    assert.match(
      deletion.text,
      /admission webhook \\"hook\.example\.com\\" attempted to modify the object, which is not supported for this operation/,
    );
  });

  test("managed fields that a webhook makes unreadable stay as they were, with a warning", async () => {
    const entry = { manager: "me", operation: "Nonsense", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: {} };
    use.webhook.answer = says(patches({ op: "add", path: "/metadata/managedFields", value: [entry] }));
    await use.register("Mutating", "owner", use.hook());
    const answer = await expect(use.admin, use.post("owned", {}, "?fieldManager=me"), 201);
    assert.match(String(answer.headers["warning"]), /managedFields was in an invalid state after admission/);
    assert.equal(
      seen(answer).metadata.managedFields?.some(({ operation }) => operation === "Nonsense") ?? false,
      false,
    );
  });

  test("mutating webhooks run by the names of their configurations, each on what the last one left", async () => {
    const order: unknown[] = [];
    use.webhook.answer = (call, response) => {
      const { data = {} } = reviewOf(call.body)["object"] as { data?: Record<string, string> };
      order.push([call.path.slice(0, 2), { ...data }]);
      const key = call.path[1]!;
      return says(patches({ op: "add", path: "/data", value: { ...data, [key]: "1" } }))(call, response);
    };
    const at = (path: string, change: object = {}): object =>
      use.hook({ clientConfig: { url: `${use.webhook.url}/${path}`, caBundle: use.webhook.caBundle }, ...change });
    await use.register("Mutating", "b", at("b"));
    await use.register("Mutating", "a", at("a", { reinvocationPolicy: "IfNeeded" }));
    const made = await expect(use.admin, use.post("order"), 201);
    assert.deepEqual(seen(made).data, { a: "1", b: "1" });
    // The first is asked again about what the second has changed.
    assert.deepEqual(order, [
      ["/a", {}],
      ["/b", { a: "1" }],
      ["/a", { a: "1", b: "1" }],
    ]);
  });

  test("a dry run asks only webhooks that say it does no harm", async () => {
    await use.register("Validating", "dry", use.hook({ sideEffects: "NoneOnDryRun" }));
    await expect(use.admin, use.post("dry", {}, "?dryRun=All"), 201);
    assert.equal(reviewOf(use.webhook.calls[0]!.body)["dryRun"], true);
  });

  test("warnings reach the client", async () => {
    use.webhook.answer = says({ allowed: true, warnings: ["think again"] });
    await use.register("Validating", "warns", use.hook());
    const { headers } = await expect(use.admin, use.post("warned"), 201);
    assert.equal(headers["warning"], '299 - "think again"');
  });

  test("a webhook that writes to this server while it is asked waits for itself until its time is over", async () => {
    await use.register("Validating", "deadlock", use.hook({ timeoutSeconds: 1 }));
    let depth = 0;
    use.webhook.answer = async (call, response) => {
      if (depth++ < 3) await use.admin.call(use.post(`inner-${depth}`));
      return says({ allowed: true })(call, response);
    };
    const start = Date.now();
    const answer = await use.admin.call(use.post("outer"));
    assert.ok([201, 500].includes(answer.status), answer.text);
    assert.ok(Date.now() - start < 5_000);
  });

  test("calls are counted under upstream's names", async () => {
    const { text } = await expect(use.admin, { path: "/metrics" }, 200);
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
