import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, onBothProtocols, seen } from "../support/conformance.ts";
import { condition, definitionOf, definitionsPath, establish, withdraw } from "../support/custom-resources.ts";

// apiextensions-apiserver/test/integration of Kubernetes 1.36, in requests of our own: table_test.go, yaml_test.go, cabundle_test.go.

const open = { "x-kubernetes-preserve-unknown-fields": true };
const yaml = { accept: "application/yaml" };

interface Table {
  readonly kind: string;
  readonly apiVersion: string;
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

onBothProtocols("custom resources are shown", (subject) => {
  const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
  const columns = [
    age,
    { name: "Alpha", type: "string", jsonPath: ".spec.alpha" },
    {
      name: "Beta",
      type: "integer",
      description: "the beta field",
      format: "int64",
      priority: 42,
      jsonPath: ".spec.beta",
    },
    { name: "Gamma", type: "integer", description: "wrongly typed", jsonPath: ".spec.gamma" },
    { name: "Epsilon", type: "string", description: "an array of integers", jsonPath: ".spec.epsilon" },
  ];
  const zeta = { name: "Zeta", type: "integer", jsonPath: ".spec.zeta" };

  test("in the columns of each version (TestTableGet)", async () => {
    const { admin } = subject();
    const path = await establish(
      admin,
      definitionOf(
        "Table",
        [
          { name: "v1beta1", schema: open, storage: false, additionalPrinterColumns: columns },
          { name: "v1", schema: open, storage: true, additionalPrinterColumns: [...columns, zeta] },
        ],
        { scope: "Cluster" },
      ),
    );
    const spec = { alpha: "foo_123", beta: 10, gamma: "bar", delta: "hello", epsilon: [1, 2, 3], zeta: 5 };
    const body = { apiVersion: "example.com/v1", kind: "Table", metadata: { name: "foo" }, spec };
    await expect(admin, { method: "POST", path: path.replace("v1beta1", "v1"), body }, 201);
    for (const [version, more, cells] of [
      ["v1beta1", [], []],
      ["v1", [{ name: "Zeta", type: "integer", format: "", priority: 0 }], [5]],
    ] as const) {
      for (const tableVersion of ["v1beta1", "v1"]) {
        const headers = { accept: `application/json;as=Table;v=${tableVersion};g=meta.k8s.io, application/json` };
        const answer = await expect(admin, { path: path.replace("v1beta1", version), headers }, 200);
        const table = answer.json as Table;
        assert.deepEqual([table.kind, table.apiVersion], ["Table", `meta.k8s.io/${tableVersion}`]);
        const where = "Custom resource definition column (in JSONPath format): ";
        assert.deepEqual(table.columnDefinitions.slice(1), [
          { name: "Age", type: "date", format: "", description: `${where}.metadata.creationTimestamp`, priority: 0 },
          { name: "Alpha", type: "string", format: "", description: `${where}.spec.alpha`, priority: 0 },
          { name: "Beta", type: "integer", format: "int64", description: "the beta field", priority: 42 },
          { name: "Gamma", type: "integer", format: "", description: "wrongly typed", priority: 0 },
          { name: "Epsilon", type: "string", format: "", description: "an array of integers", priority: 0 },
          ...more.map((one) => ({ ...one, description: `${where}.spec.zeta` })),
        ]);
        const [name, since, ...rest] = table.rows[0]!.cells;
        assert.equal(name, "foo");
        assert.match(String(since), /^\d+s$/);
        assert.deepEqual(rest, ["foo_123", 10, null, "[1,2,3]", ...cells]);
      }
    }
    await withdraw(admin, "tables.example.com");
  });

  test("in columns that come later (TestColumnsPatch, TestPatchCleanTopLevelColumns)", async () => {
    const { admin } = subject();
    const versions = [
      { name: "v1beta1", schema: open },
      { name: "v1", schema: open },
    ];
    await establish(admin, definitionOf("Widget", versions));
    const later = versions.map((version, i) => ({
      ...version,
      additionalPrinterColumns: [{ ...age, name: i === 0 ? "Age" : "Age2" }],
    }));
    const { spec } = definitionOf("Widget", later) as { spec: { versions: object } };
    const headers = { "content-type": "application/merge-patch+json" };
    const place = `${definitionsPath}/widgets.example.com`;
    const body = { spec: { versions: spec.versions, additionalPrinterColumns: null } };
    await expect(admin, { method: "PATCH", path: place, headers, body }, 200);
    const accept = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const path = "/apis/example.com/v1/namespaces/default/widgets";
    const table = (await expect(admin, { path, headers: accept }, 200)).json as Table;
    assert.deepEqual(
      table.columnDefinitions.map(({ name }) => name),
      ["Name", "Age2"],
    );
    await withdraw(admin, "widgets.example.com");
  });

  test("as YAML, by their parts too (TestYAMLSubresource)", async () => {
    const { admin } = subject();
    const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
    const path = await establish(
      admin,
      definitionOf("Widget", [{ name: "v1", schema: open, subresources: { status: {}, scale } }], { scope: "Cluster" }),
    );
    const discovery = await expect(admin, { path: "/apis/example.com/v1", headers: yaml }, 200);
    assert.match(discovery.text, /^groupVersion: example\.com\/v1$/m);
    const text = (more: string): string =>
      `apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: mytest\n${more}\n`;
    const headers = { ...yaml, "content-type": "application/yaml" };
    const made = await expect(admin, { method: "POST", path, headers, body: text("spec:\n  replicas: 3") }, 201);
    const part = (name: string): string => `${path}/mytest/${name}`;
    assert.equal((await expect(admin, { path: part("status"), headers: yaml }, 200)).text, made.text);
    const uid = /uid: \S+/.exec(made.text)![0];
    const resourceVersion = /resourceVersion: "\d+"/.exec(made.text)![0];
    const changed = text("spec:\n  replicas: 5\nstatus:\n  replicas: 3").replace(
      "name: mytest",
      `name: mytest\n  ${uid}\n  ${resourceVersion}`,
    );
    const written = await expect(admin, { method: "PUT", path: part("status"), headers, body: changed }, 200);
    assert.match(written.text, /^spec:\n {2}replicas: 3\nstatus:\n {2}replicas: 3$/m);
    const scaled = await expect(admin, { path: part("scale"), headers: yaml }, 200);
    assert.match(scaled.text, /^apiVersion: autoscaling\/v1\nkind: Scale\n/);
    assert.match(scaled.text, /^spec:\n {2}replicas: 3\nstatus:\n {2}replicas: 3$/m);
    await withdraw(admin, "widgets.example.com");
  });

  test("whether their webhook's authority is said, or not (TestValidCABundle, TestMissingCABundle)", async () => {
    const { admin, https } = subject();
    const service = { namespace: "default", name: "example" };
    for (const caBundle of [{ caBundle: Buffer.from(https.ca).toString("base64") }, {}]) {
      const webhook = { clientConfig: { service, ...caBundle }, conversionReviewVersions: ["v1beta1"] };
      const conversion = { strategy: "Webhook", webhook };
      await establish(admin, definitionOf("Widget", [{ name: "v1", schema: open }], { conversion }));
      const { reason } = await condition(admin, "widgets.example.com", "Established", "True");
      assert.equal(reason, "InitialNamesAccepted");
      assert.deepEqual(seen(await expect(admin, { path: "/apis/example.com/v1/widgets" }, 200)).items, []);
      await withdraw(admin, "widgets.example.com");
    }
  });
});
