import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWebhook, type WebhookServerForTests } from "../../../apiserver/webhook-client/testing/webhook-server.ts";
import { isRefused } from "../../support/api-operations.ts";
import { definitionOf, establish, withdraw } from "../../support/custom-resources.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, ThingList, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const preserve = { "x-kubernetes-preserve-unknown-fields": true };
const text = { type: "string" };
const targetOf = (kind: string, version = "v1", group = "example.com") => ({
  group,
  version,
  kind,
  plural: `${kind.toLowerCase()}s`,
});
const named = ({ items }: ThingList): readonly string[] => items.map(({ metadata }) => metadata.name).sort();

describeUpstream(
  "CustomResourceDefinition resources",
  (use) => {
    const definitions = (): TypedResource => use.typed("customresourcedefinitions");

    test("creating/deleting custom resource definition objects works", async () => {
      for (const form of ["typed", "dynamic"] as const) {
        const resource = use[form]("customresourcedefinitions");
        await resource.create(definitionOf("Simple", [{ name: "v1", schema: preserve }], { scope: "Cluster" }));
        await eventually(async () => {
          const { status } = await resource.get("simples.example.com");
          assert.ok(
            (status.conditions as Thing[]).some(({ type, status }) => type === "Established" && status === "True"),
          );
        });
        await resource.delete("simples.example.com");
        await eventually(() => isRefused(resource.get("simples.example.com"), 404));
      }
    });

    test("listing custom resource definition objects works", async () => {
      const made = new Map<string, Thing>();
      for (let i = 0; i < 10; i++) {
        const definition = definitionOf(`Listed${i}`, [{ name: "v1", schema: preserve }]) as { metadata: object };
        const metadata = { ...definition.metadata, labels: { listed: "yes" } };
        const created = await definitions().create({ ...definition, metadata });
        made.set(created.metadata.name, created);
      }
      await definitions().create(definitionOf("Unlisted", [{ name: "v1", schema: preserve }]));
      const own = { labelSelector: "listed=yes" };
      const { items } = await definitions().list(own);
      assert.equal(items.length, 10);
      for (const { metadata, spec } of items) assert.deepEqual(spec, made.get(metadata.name)?.["spec"]);
      await definitions().deleteCollection(own);
      await eventually(async () => assert.deepEqual((await definitions().list(own)).items, []));
      await definitions().get("unlisteds.example.com");
    });

    test("getting/updating/patching custom resource definition status sub-resource works", async () => {
      await establish(use.admin, definitionOf("Told", [{ name: "v1", schema: preserve }], { scope: "Cluster" }));
      const name = "tolds.example.com";
      const { spec } = await definitions().get(name);
      // Go's zero value of a condition, all but its message.
      const condition = { type: "", status: "", lastTransitionTime: null, message: "updated" };
      for (const form of ["typed", "dynamic"] as const) {
        const resource = use[form]("customresourcedefinitions");
        assert.deepEqual((await use.dynamic("customresourcedefinitions").get(`${name}/status`))["spec"], spec);
        const updated = await resource.change(name, ({ status }) => void status.conditions.push(condition), "status");
        const added = (updated["status"].conditions as Thing[]).find(({ message }) => message === "updated")!;
        assert.deepEqual([added["type"] ?? "", added["status"] ?? "", added["reason"]], ["", "", undefined]);
        const value = [{ message: "patched" }];
        const patch = [{ op: "add", path: "/status/conditions", value }];
        const patched = await resource.patch(name, "json", patch, { subresource: "status" });
        const messages = (patched["status"].conditions as Thing[]).map(({ message }) => message);
        assert.deepEqual(messages, ["patched"]);
      }
    });

    test("custom resource defaulting for requests and from storage works", async () => {
      const properties = { a: text, b: text };
      await establish(
        use.admin,
        definitionOf("Default", [{ name: "v1", schema: { ...preserve, properties } }], { scope: "Cluster" }),
      );
      const resource = use.dynamic(targetOf("Default"));
      const first = await resource.create({ metadata: { name: "cr-1" } });
      const path = "/spec/versions/0/schema/openAPIV3Schema/properties";
      const addA = [{ op: "add", path: `${path}/a/default`, value: "A" }];
      await definitions().patch("defaults.example.com", "json", addA);
      await eventually(async () => assert.equal((await resource.get("cr-1"))["a"], "A"));
      const second = await resource.create({ metadata: { name: "cr-2" } });
      assert.equal(second["a"], "A");
      await definitions().patch("defaults.example.com", "json", [
        { op: "remove", path: `${path}/a/default` },
        { op: "add", path: `${path}/b/default`, value: "B" },
      ]);
      await eventually(async () => {
        const { a, b } = await resource.get("cr-2");
        assert.deepEqual([a, b], ["A", "B"]);
      });
      assert.equal((await resource.get("cr-1"))["a"], undefined);
      assert.ok(BigInt(second.metadata.resourceVersion) > BigInt(first.metadata.resourceVersion));
    });

    test("should include custom resource definition resources in discovery documents", async () => {
      const { json } = await use.admin.call({ path: "/apis/apiextensions.k8s.io/v1" });
      const { groupVersion, resources } = json as { groupVersion: string; resources: readonly { name: string }[] };
      assert.equal(groupVersion, "apiextensions.k8s.io/v1");
      assert.ok(resources.some(({ name }) => name === "customresourcedefinitions"));
    });

    test("watch on custom resource definition objects", async () => {
      await establish(use.admin, definitionOf("Watched", [{ name: "v1", schema: preserve }], { scope: "Cluster" }));
      const resource = use.dynamic(targetOf("Watched"));
      const watches = [];
      for (const name of ["name1", "name2"]) {
        watches.push(await resource.watch({ fieldSelector: `metadata.name=${name}`, timeoutSeconds: 600 }));
      }
      const made: Thing[] = [];
      for (const name of ["name1", "name2"]) {
        made.push(await resource.create({ metadata: { name }, content: { key: "value" } }));
        await resource.patch(name, "json", [{ op: "add", path: "/dummy", value: "test" }]);
        await resource.delete(name);
      }
      for (const [i, watch] of watches.entries()) {
        assert.deepEqual(await watch.expect("ADDED"), made[i]);
        assert.equal((await watch.expect("MODIFIED"))["dummy"], "test");
        await watch.expect("DELETED");
        watch.stop();
      }
    });

    const rules = {
      spec: {
        type: "object",
        "x-kubernetes-validations": [
          { rule: "self.x + self.y > 0" },
          {
            rule: "self.firstArray.isSorted() && self.secondArray.isSorted() && ((self.firstArray.sum() + self.secondArray.sum()) % 2 == 0)",
          },
          { rule: "self.largeArray.all(x, self.largeArray.all(y, y == x))" },
        ],
        properties: {
          x: { type: "integer" },
          y: { type: "integer" },
          firstArray: { type: "array", maxItems: 1000, items: { type: "integer" } },
          secondArray: { type: "array", maxItems: 1000, items: { type: "integer" } },
          largeArray: { type: "array", maxItems: 725, items: { type: "integer" } },
        },
      },
      status: {
        type: "object",
        "x-kubernetes-validations": [{ rule: "self.health == 'ok' || self.health == 'unhealthy'" }],
        properties: { health: text },
      },
    };
    let ruled: TypedResource;

    test("MUST NOT fail validation for create of a custom resource that satisfies the x-kubernetes-validations rules", async () => {
      await establish(use.admin, definitionOf("Ruled", [{ name: "v1", schema: { properties: rules } }]));
      ruled = use.dynamic(targetOf("Ruled"), "default");
      const arrays = { firstArray: [3, 4], secondArray: [5, 10], largeArray: [2, 2] };
      await ruled.create({ metadata: { name: "cr-1" }, spec: { x: 1, y: 0, ...arrays } });
    });

    test("MUST fail validation for create of a custom resource that does not satisfy the x-kubernetes-validations rules", async () => {
      await isRefused(ruled.create({ metadata: { name: "cr-2" }, spec: { x: 0, y: 0 } }), 422, /failed rule/);
    });

    test("MUST fail create of a custom resource that exceeds the runtime cost limit for x-kubernetes-validations rule execution", async () => {
      const spec = { largeArray: Array.from({ length: 725 }, () => 20) };
      await isRefused(ruled.create({ metadata: { name: "cr-3" }, spec }), 422, /call cost exceeds limit/);
    });

    for (const [title, spec, message] of [
      [
        "MUST fail create of a custom resource definition that contains a x-kubernetes-validations rule that refers to a property that do not exist",
        { "x-kubernetes-validations": [{ rule: "self.z == 100" }], properties: { x: { type: "integer" } } },
        /undefined field 'z'/,
      ],
      [
        "MUST fail create of a custom resource definition that contains an x-kubernetes-validations rule that contains a syntax error",
        { "x-kubernetes-validations": [{ rule: "self = 42" }] },
        /Syntax error/,
      ],
      [
        "MUST fail create of a custom resource definition that contains an x-kubernetes-validations rule that exceeds the estimated cost limit",
        {
          properties: {
            x: {
              type: "array",
              items: {
                type: "array",
                items: text,
                "x-kubernetes-validations": [{ rule: "self.all(s, s == 'string constant')" }],
              },
            },
          },
        },
        /exceeds budget/,
      ],
    ] as const) {
      test(title, async () => {
        const schema = { properties: { spec: { type: "object", ...spec } } };
        await isRefused(definitions().create(definitionOf("Wrong", [{ name: "v1", schema }])), 422, message);
      });
    }

    test("MUST fail update of a custom resource that does not satisfy a x-kubernetes-validations transition rule", async () => {
      const num = { type: "integer", "x-kubernetes-validations": [{ rule: "self > oldSelf" }] };
      const schema = { properties: { spec: { type: "object", properties: { num } } } };
      await establish(use.admin, definitionOf("Rising", [{ name: "v1", schema }]));
      const rising = use.dynamic(targetOf("Rising"), "default");
      const created = await rising.create({ metadata: { name: "cr" }, spec: { num: 10 } });
      const { name, resourceVersion } = created.metadata;
      const lower = { metadata: { name, resourceVersion }, spec: { num: 9 } } as unknown as Thing;
      await isRefused(rising.update(lower), 422, /failed rule/);
    });
  },
  { controllers: false },
);

interface ConversionReview {
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Thing[] };
}

/** Between `hostPort` of v1 and `host` and `port` of v2. */
function convert(object: Thing, apiVersion: string): object {
  const { hostPort, host, port, ...rest } = object as Thing & Record<string, string>;
  assert.notEqual(object.apiVersion, apiVersion);
  if (apiVersion.endsWith("/v1")) {
    return { ...rest, apiVersion, ...(host || port ? { hostPort: `${host ?? ""}:${port ?? ""}` } : {}) };
  }
  const [first, second] = (hostPort ?? "").split(":");
  return { ...rest, apiVersion, ...(hostPort ? { host: first, port: second } : {}) };
}

describeUpstream(
  "CustomResourceConversionWebhook",
  (use) => {
    let webhook: WebhookServerForTests;
    before(async () => {
      webhook = await startWebhook(({ body }) => {
        const { request } = body as ConversionReview;
        const convertedObjects = request.objects.map((object) => convert(object, request.desiredAPIVersion));
        const response = { uid: request.uid, convertedObjects, result: { metadata: {}, status: "Success" } };
        return { kind: "ConversionReview", apiVersion: "apiextensions.k8s.io/v1", response };
      });
    });
    after(() => webhook.close());

    const versions = (stored: string) =>
      [
        { name: "v1", properties: { hostPort: text }, selectableFields: [{ jsonPath: ".hostPort" }] },
        {
          name: "v2",
          properties: { host: text, port: text },
          selectableFields: [{ jsonPath: ".host" }, { jsonPath: ".port" }],
        },
      ].map(({ name, properties, selectableFields }) => ({
        name,
        served: true,
        storage: name === stored,
        selectableFields,
        schema: { openAPIV3Schema: { type: "object", properties } },
      }));
    const define = async (kind: string): Promise<void> => {
      const clientConfig = { url: `${webhook.url}/crdconvert`, caBundle: webhook.caBundle };
      const conversion = {
        strategy: "Webhook",
        webhook: { clientConfig, conversionReviewVersions: ["v1", "v1beta1"] },
      };
      const definition = definitionOf(kind, [{ name: "v1" }], { conversion }) as { spec: object };
      await establish(use.admin, { ...definition, spec: { ...definition.spec, versions: versions("v1") } });
    };
    const asV1 = (object: Thing): void => {
      assert.deepEqual([object.apiVersion, object["hostPort"]], ["example.com/v1", "localhost:8080"]);
      assert.deepEqual([object["host"], object["port"]], [undefined, undefined]);
    };
    const asV2 = (object: Thing): void => {
      assert.deepEqual([object.apiVersion, object["hostPort"]], ["example.com/v2", undefined]);
      assert.deepEqual([object["host"], object["port"]], ["localhost", "8080"]);
    };

    test("should be able to convert from CR v1 to CR v2", async () => {
      await define("Converted");
      await use
        .dynamic(targetOf("Converted"), "default")
        .create({ metadata: { name: "cr-1" }, hostPort: "localhost:8080" });
      asV2(await use.dynamic(targetOf("Converted", "v2"), "default").get("cr-1"));
    });

    test("should be able to convert a non homogeneous list of CRs", async () => {
      await define("Mixed");
      const [v1, v2] = [use.dynamic(targetOf("Mixed"), "default"), use.dynamic(targetOf("Mixed", "v2"), "default")];
      await v1.create({ metadata: { name: "cr-instance-1" }, hostPort: "localhost:8080" });
      await use
        .typed("customresourcedefinitions")
        .change("mixeds.example.com", ({ spec }) => Object.assign(spec, { versions: versions("v2") }));
      await v1.create({ metadata: { name: "cr-instance-2" }, hostPort: "localhost:8080" });
      for (const [resource, isRight] of [
        [v1, asV1],
        [v2, asV2],
      ] as const) {
        const list = await resource.list();
        assert.deepEqual(named(list), ["cr-instance-1", "cr-instance-2"]);
        for (const object of list.items) isRight(object);
      }
    });

    test("CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector", async () => {
      await define("Selected");
      const [v1, v2] = [
        use.dynamic(targetOf("Selected"), "default"),
        use.dynamic(targetOf("Selected", "v2"), "default"),
      ];
      const selections = [
        [v2, "host=host1", ["a", "b"]],
        [v2, "host=host1,port=80", ["a"]],
        [v1, "hostPort=host1:80", ["a"]],
      ] as const;
      const watches = await Promise.all(
        selections.map(([resource, fieldSelector]) => resource.watch({ fieldSelector })),
      );
      await v2.create({ metadata: { name: "a" }, host: "host1", port: "80" });
      await v2.create({ metadata: { name: "b" }, host: "host1", port: "8080" });
      await v2.create({ metadata: { name: "c" }, host: "host2" });
      for (const [resource, fieldSelector, names] of selections) {
        assert.deepEqual(named(await resource.list({ fieldSelector })), names);
      }
      assert.deepEqual(named(await v1.list({ fieldSelector: "hostPort=host1:8080" })), ["b"]);
      assert.deepEqual(named(await v1.list({ fieldSelector: "hostPort!=host1:80" })), ["b", "c"]);
      await isRefused(v1.list({ fieldSelector: "host=host1" }), 400, /field label not supported: host$/);
      await v2.deleteCollection({ fieldSelector: "host=host1,port=80" }, { gracePeriodSeconds: 0 });
      await v2.change("b", (draft) => Object.assign(draft, { host: "host2" }));
      for (const [i, [resource, fieldSelector, names]] of selections.entries()) {
        assert.deepEqual(named(await resource.list({ fieldSelector })), []);
        for (const type of ["ADDED", "DELETED"]) {
          for (const name of names) {
            const { metadata, apiVersion } = await watches[i]!.expect(type);
            assert.deepEqual(
              [metadata.name, apiVersion],
              [name, resource === v1 ? "example.com/v1" : "example.com/v2"],
            );
          }
        }
        watches[i]!.stop();
      }
      await withdraw(use.admin, "selecteds.example.com");
    });
  },
  { controllers: false },
);
