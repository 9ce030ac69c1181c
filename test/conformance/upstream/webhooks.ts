import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { startWebhook, type WebhookServerForTests } from "../../../apiserver/webhook-client/testing/webhook-server.ts";
import { isRefused } from "../../support/api-operations.ts";
import { definitionOf, establish } from "../../support/custom-resources.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { answersOfUpstream } from "../../support/upstream-webhook.ts";

const rule = (resource: string, operations = ["CREATE"], more: object = {}): object => ({
  operations,
  apiGroups: [""],
  apiVersions: ["v1"],
  resources: [resource],
  ...more,
});

describeUpstream(
  "AdmissionWebhook",
  (use) => {
    let webhook: WebhookServerForTests;
    let namespace: string;
    before(async () => {
      webhook = await startWebhook(answersOfUpstream);
      namespace = await use.makeNamespace({ "webhooks-of-test": "true" });
    });
    after(() => webhook.close());
    const both = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"];
    afterEach(async () => {
      for (const resource of both) await use.typed(resource).deleteCollection();
    });

    const hook = (name: string, path: string, rules: readonly object[], more: object = {}): object => ({
      name: `${name}.k8s.io`,
      rules,
      clientConfig: { url: `${webhook.url}${path}`, caBundle: webhook.caBundle },
      sideEffects: "None",
      admissionReviewVersions: ["v1", "v1beta1"],
      namespaceSelector: { matchLabels: { "webhooks-of-test": "true" } },
      ...more,
    });
    const register = (kind: "validating" | "mutating", name: string, webhooks: readonly object[], labels = {}) =>
      use.typed(`${kind}webhookconfigurations`).create({ metadata: { name, labels }, webhooks });
    const configMaps = () => use.typed("configmaps", namespace);
    const pod = (name: string, container: string, labels: object = {}): object => ({
      metadata: { name, labels },
      spec: { containers: [{ name: container, image: "pause" }] },
    });
    const disallowed = { "webhook-e2e-test": "webhook-disallow" };
    const denyConfigMaps = (operations = ["CREATE", "UPDATE", "DELETE"]): object =>
      hook("deny-unwanted-configmap-data", "/configmaps", [rule("configmaps", operations)]);

    test("should include webhook resources in discovery documents", async () => {
      const { json } = await use.admin.call({ path: "/apis/admissionregistration.k8s.io/v1" });
      const names = (json as { resources: readonly { name: string }[] }).resources.map(({ name }) => name);
      for (const resource of both) assert.ok(names.includes(resource));
    });

    test("should be able to deny pod and configmap creation", async () => {
      const skipped = { matchExpressions: [{ key: "skip-webhook-admission", operator: "NotIn", values: ["yes"] }] };
      const deny = hook("deny-pods", "/pods", [rule("pods")], { timeoutSeconds: 1 });
      await register("validating", "deny", [deny, { ...denyConfigMaps(), namespaceSelector: skipped }]);
      const pods = use.typed("pods", namespace);
      await isRefused(
        pods.create(pod("disallowed-pod", "webhook-disallow", disallowed)),
        400,
        /^admission webhook "deny-pods.k8s.io" denied the request: the pod contains unwanted label; the pod contains unwanted container name$/,
      );
      const hanging = pods.create(pod("hanging-pod", "wait-forever", { "webhook-e2e-test": "wait-forever" }));
      await isRefused(hanging, 500, /webhook.*deadline/);
      await isRefused(pods.get("hanging-pod"), 404);
      const unwanted = /the configmap contains unwanted key and value/;
      await isRefused(configMaps().create({ metadata: { name: "disallowed" }, data: disallowed }), 400, unwanted);
      await configMaps().create({ metadata: { name: "allowed" }, data: { admit: "this" } });
      const spoil = ({ data }: Thing): object => Object.assign(data, disallowed);
      await isRefused(configMaps().change("allowed", spoil), 400, unwanted);
      await isRefused(configMaps().patch("allowed", "strategic", { data: disallowed }), 400, unwanted);
      const other = await use.makeNamespace({ "skip-webhook-admission": "yes" });
      await use.typed("configmaps", other).create({ metadata: { name: "disallowed" }, data: disallowed });
    });

    test("should be able to deny attaching pod", async () => {
      await register("validating", "attach", [
        hook("deny-attaching-pod", "/pods/attach", [rule("pods/attach", ["CONNECT"])]),
      ]);
      const pods = use.typed("pods", namespace);
      await pods.create(pod("to-be-attached-pod", "container1"));
      const path = `${pods.path}/to-be-attached-pod/attach?container=container1&stdin=true`;
      const attached = await use.admin.call({ method: "POST", path });
      assert.equal(attached.status, 400);
      assert.match(attached.text, /attaching to pod 'to-be-attached-pod' is not allowed/);
    });

    const preserve = { "x-kubernetes-preserve-unknown-fields": true };
    const define = async (kind: string, versions: readonly string[], schema: object = preserve): Promise<string> => {
      const definition = definitionOf(
        kind,
        versions.map((name) => ({ name, schema })),
      );
      await establish(use.admin, definition);
      return `${kind.toLowerCase()}s`;
    };
    const custom = (plural: string, kind: string, version = "v1") =>
      use.dynamic({ group: "example.com", version, kind, plural }, namespace);
    const ofCustom = (plural: string, operations: string[]): object =>
      rule(plural, operations, { apiGroups: ["example.com"], apiVersions: ["v1", "v2"] });

    test("should be able to deny custom resource creation, update and deletion", async () => {
      const plural = await define("Denied", ["v1"]);
      const rules = [ofCustom(plural, ["CREATE", "UPDATE", "DELETE"])];
      await register("validating", "custom", [hook("deny-unwanted-custom-resource-data", "/custom-resource", rules)]);
      const resource = custom(plural, "Denied");
      const unwanted = /the custom resource contains unwanted data/;
      await isRefused(resource.create({ metadata: { name: "cr-1" }, data: disallowed }), 400, unwanted);
      await resource.create({ metadata: { name: "cr-2" }, data: { "webhook-e2e-test": "webhook-nondeletable" } });
      const set = (value: string) => (draft: Thing) => Object.assign(draft["data"], { "webhook-e2e-test": value });
      await isRefused(resource.change("cr-2", set("webhook-disallow")), 400, unwanted);
      await isRefused(resource.delete("cr-2"), 400, /cannot be deleted because it contains unwanted key and value/);
      await resource.change("cr-2", set("webhook-allow"));
      await resource.delete("cr-2");
    });

    test("should unconditionally reject operations on fail closed webhook", async () => {
      const clientConfig = { service: { namespace, name: "e2e-test-webhook", path: "/configmaps", port: 8443 } };
      await register("validating", "closed", [
        hook("fail-closed", "/configmaps", [rule("configmaps")], { failurePolicy: "Fail", clientConfig }),
      ]);
      const { status } = await isRefused(configMaps().create({ metadata: { name: "foo" } }), 500);
      assert.equal(status["reason"], "InternalError");
    });

    test("should mutate configmap", async () => {
      const stage = (i: number): object =>
        hook(`adding-configmap-data-stage-${i}`, "/mutating-configmaps", [rule("configmaps")]);
      await register("mutating", "stages", [stage(1), stage(2)]);
      const { data } = await configMaps().create({ metadata: { name: "staged" }, data: { "mutation-start": "yes" } });
      assert.deepEqual(data, { "mutation-start": "yes", "mutation-stage-1": "yes", "mutation-stage-2": "yes" });
    });

    test("should mutate pod and apply defaults after mutation", async () => {
      await register("mutating", "init", [hook("adding-init-container", "/mutating-pods", [rule("pods")])]);
      const { spec } = await use.typed("pods", namespace).create(pod("mutated-pod", "example"));
      assert.equal(spec.initContainers.length, 1);
      assert.partialDeepStrictEqual(spec.initContainers[0], {
        name: "webhook-added-init-container",
        terminationMessagePolicy: "File",
      });
    });

    test("should not be able to mutate or prevent deletion of webhook configuration objects", async () => {
      const about = (operation: string): object => ({
        operations: [operation],
        apiGroups: ["admissionregistration.k8s.io"],
        apiVersions: ["*"],
        resources: both,
      });
      const everywhere = { namespaceSelector: {}, failurePolicy: "Fail" };
      await register("validating", "blocking", [hook("deny-deletions", "/always-deny", [about("DELETE")], everywhere)]);
      await register("mutating", "blocking", [hook("add-label", "/add-label", [about("CREATE")], everywhere)]);
      for (const kind of ["validating", "mutating"] as const) {
        const clientConfig = { service: { namespace, name: "e2e-test-webhook", path: "", port: 8443 } };
        const dummy = hook("dummy-webhook", "", [rule("invalid")], { clientConfig, failurePolicy: "Ignore" });
        const { metadata } = await register(kind, "dummy", [dummy]);
        assert.equal(metadata.labels, undefined);
        await use.typed(`${kind}webhookconfigurations`).delete("dummy");
      }
    });

    const stagesOf = (plural: string): readonly object[] => [
      hook("mutate-stage-1", "/mutating-custom-resource", [ofCustom(plural, ["CREATE", "UPDATE"])]),
      hook("mutate-stage-2", "/mutating-custom-resource", [ofCustom(plural, ["CREATE"])]),
    ];
    const start = { metadata: { name: "cr" }, data: { "mutation-start": "yes" } };
    const whole = { "mutation-start": "yes", "mutation-stage-1": "yes", "mutation-stage-2": "yes" };

    test("should mutate custom resource", async () => {
      const plural = await define("Mutated", ["v1"]);
      await register("mutating", "custom", stagesOf(plural));
      assert.deepEqual((await custom(plural, "Mutated").create(start))["data"], whole);
    });

    test("should mutate custom resource with pruning", async () => {
      const text = { type: "string" };
      const properties = { "mutation-start": text, "mutation-stage-1": text };
      const plural = await define("Pruned", ["v1", "v2"], { properties: { data: { type: "object", properties } } });
      await register("mutating", "custom", stagesOf(plural));
      const { data } = await custom(plural, "Pruned").create(start);
      assert.deepEqual(data, { "mutation-start": "yes", "mutation-stage-1": "yes" });
    });

    test("should mutate custom resource with different stored version", async () => {
      const plural = await define("Moved", ["v1", "v2"]);
      await register("mutating", "custom", stagesOf(plural));
      await custom(plural, "Moved").create(start);
      const versions = ["v1", "v2"].map((name) => ({
        name,
        storage: name === "v2",
        served: true,
        schema: { openAPIV3Schema: { ...preserve, type: "object" } },
      }));
      const definitions = use.typed("customresourcedefinitions");
      await definitions.patch(`${plural}.example.com`, "strategic", { spec: { versions } });
      const second = custom(plural, "Moved", "v2");
      const patched = await second.patch("cr", "json", [{ op: "add", path: "/dummy", value: "test" }]);
      assert.deepEqual([patched["data"], patched["dummy"]], [whole, "test"]);
    });

    test("should deny crd creation", async () => {
      const rules = [
        rule("customresourcedefinitions", ["CREATE"], { apiGroups: ["apiextensions.k8s.io"], apiVersions: ["*"] }),
      ];
      const objectSelector = { matchLabels: { "webhooks-of-test": "true" } };
      const deny = hook("deny-crd-with-unwanted-label", "/crd", rules, { namespaceSelector: {}, objectSelector });
      await register("validating", "crd", [deny]);
      const definition = definitionOf("Unwanted", [{ name: "v1", schema: preserve }]) as { metadata: object };
      const labels = { "webhooks-of-test": "true", ...disallowed };
      await isRefused(
        use.typed("customresourcedefinitions").create({ ...definition, metadata: { ...definition.metadata, labels } }),
        400,
        /the crd contains unwanted label/,
      );
    });

    test("should honor timeout", async () => {
      const slow = (more: object): readonly object[] => [
        hook("allow-configmap-with-delay", "/always-allow-delay-5s", [rule("configmaps")], more),
      ];
      const make = (name: string): Promise<Thing> => configMaps().create({ metadata: { name } });
      await register("validating", "early", slow({ failurePolicy: "Fail", timeoutSeconds: 1 }));
      const early = /\/always-allow-delay-5s\?timeout=1s.*context deadline exceeded/;
      await isRefused(make("slow-1"), 500, early);
      await use.typed("validatingwebhookconfigurations").delete("early");
      for (const [i, more] of [
        { failurePolicy: "Ignore", timeoutSeconds: 1 },
        { failurePolicy: "Fail", timeoutSeconds: 10 },
        { failurePolicy: "Fail" },
      ].entries()) {
        await register("validating", "patient", slow(more));
        await make(`slow-2-${i}`);
        await use.typed("validatingwebhookconfigurations").delete("patient");
      }
    });

    const replaced = [{ op: "replace", path: "/webhooks/0/rules/0/operations", value: ["CREATE"] }];
    let made = 0;
    const isDenied = () =>
      isRefused(configMaps().create({ metadata: { name: `try-${++made}` }, data: disallowed }), 400, /denied/);
    const isMutated = async (): Promise<boolean> => {
      const object = { metadata: { name: `try-${++made}` }, data: { "mutation-start": "yes" } };
      return (await configMaps().create(object))["data"]["mutation-stage-1"] === "yes";
    };

    test("patching/updating a validating webhook should work", async () => {
      const { metadata } = await register("validating", "deny", [denyConfigMaps()]);
      await isDenied();
      const configurations = use.typed("validatingwebhookconfigurations");
      await configurations.change("deny", ({ webhooks }) =>
        Object.assign(webhooks[0].rules[0], { operations: ["UPDATE"] }),
      );
      await configMaps().create({ metadata: { name: "tolerated" }, data: disallowed });
      const patched = await configurations.patch("deny", "json", replaced);
      assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(metadata.resourceVersion));
      await isDenied();
    });

    test("patching/updating a mutating webhook should work", async () => {
      await register("mutating", "add", [hook("add", "/mutating-configmaps", [rule("configmaps")])]);
      const configurations = use.typed("mutatingwebhookconfigurations");
      await configurations.change("add", ({ webhooks }) =>
        Object.assign(webhooks[0].rules[0], { operations: ["UPDATE"] }),
      );
      assert.equal(await isMutated(), false);
      await configurations.patch("add", "json", replaced);
      assert.equal(await isMutated(), true);
    });

    test("listing validating webhooks should work", async () => {
      for (let i = 0; i < 10; i++) await register("validating", `deny-${i}`, [denyConfigMaps()], { listed: "yes" });
      const configurations = use.typed("validatingwebhookconfigurations");
      const own = { labelSelector: "listed=yes" };
      assert.equal((await configurations.list(own)).items.length, 10);
      await isDenied();
      await configurations.deleteCollection(own);
      await configMaps().create({ metadata: { name: "after-all" }, data: disallowed });
    });

    test("listing mutating webhooks should work", async () => {
      const one = (): readonly object[] => [hook("add", "/mutating-configmaps", [rule("configmaps")])];
      for (let i = 0; i < 10; i++) await register("mutating", `add-${i}`, one(), { listed: "yes" });
      const configurations = use.typed("mutatingwebhookconfigurations");
      const own = { labelSelector: "listed=yes" };
      assert.equal((await configurations.list(own)).items.length, 10);
      assert.equal(await isMutated(), true);
      await configurations.deleteCollection(own);
      assert.equal(await isMutated(), false);
    });

    for (const kind of ["validating", "mutating"] as const) {
      const condition = (i: number, namespace: string): object => ({
        name: `expression-${i}`,
        expression: `object.metadata.namespace == '${namespace}'`,
      });
      const withConditions = (matchConditions: readonly object[]): readonly object[] => [
        hook("conditions", "/always-allow", [rule("configmaps")], { matchConditions }),
      ];
      test(`should be able to create and update ${kind} webhook configurations with match conditions`, async () => {
        const configurations = use.typed(`${kind}webhookconfigurations`);
        const first = [condition(1, "production")];
        await register(kind, "conditions", withConditions(first));
        assert.deepEqual((await configurations.get("conditions"))["webhooks"][0].matchConditions, first);
        const next = [...first, condition(2, "staging")];
        await configurations.change("conditions", ({ webhooks }) =>
          Object.assign(webhooks[0], { matchConditions: next }),
        );
        assert.deepEqual((await configurations.get("conditions"))["webhooks"][0].matchConditions, next);
      });

      test(`should reject ${kind} webhook configurations with invalid match conditions`, async () => {
        const invalid = [{ name: "invalid-expression-1", expression: "... [] bad expression" }];
        await isRefused(register(kind, "invalid", withConditions(invalid)), 422, /compilation failed/);
      });
    }

    test("should mutate everything except 'skip-me' configmaps", async () => {
      const matchConditions = [{ name: "skip-me", expression: "object.metadata.name != 'skip-me'" }];
      await register("mutating", "all", [
        hook("all", "/mutating-configmaps", [rule("configmaps")], { matchConditions }),
      ]);
      assert.equal(await isMutated(), true);
      const object = { metadata: { name: "skip-me" }, data: { "mutation-start": "yes" } };
      assert.deepEqual((await configMaps().create(object))["data"], { "mutation-start": "yes" });
    });
  },
  { controllers: false },
);
