import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, onBothProtocols } from "../support/conformance.ts";
import { definitionOf, establish, withdraw } from "../support/custom-resources.ts";

type Schemas = Readonly<Record<string, { readonly properties?: Readonly<Record<string, object>> } | undefined>>;
interface DocumentV2 {
  readonly definitions: Schemas;
  readonly paths: Readonly<Record<string, object>>;
}
interface DocumentV3 {
  readonly components: { readonly schemas: Schemas };
}

/** A kind of `apps.api.k8s.io/v1` has the name in OpenAPI that a built-in kind of `apps/v1` has. */
const kind = "Deployment";
const taken = "io.k8s.api.apps.v1.Deployment";
const own = { properties: { mine: { type: "string" } } };

onBothProtocols("names in OpenAPI", (subject) => {
  test("a custom kind with a built-in one's is renamed in v2, with all that leads to it, and not in its own v3 document", async () => {
    const { admin } = subject();
    const made = definitionOf(kind, [{ name: "v1", schema: own }], { group: "apps.api.k8s.io" }) as object;
    const metadata = {
      name: "deployments.apps.api.k8s.io",
      annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/78458" },
    };
    const before = (await expect(admin, { path: "/openapi/v2" }, 200)).json as DocumentV2;
    await establish(admin, { ...made, metadata });
    const v2 = (await expect(admin, { path: "/openapi/v2" }, 200)).json as DocumentV2;
    assert.deepEqual(v2.definitions[taken], before.definitions[taken]);
    assert.deepEqual(
      v2.definitions["io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"],
      before.definitions["io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"],
    );
    assert.deepEqual(v2.definitions[`${taken}_v2`]?.properties?.["mine"], { type: "string" });
    const list = v2.definitions[`${taken}List_v2`]?.properties?.["items"] as { readonly items?: object };
    assert.deepEqual(list.items, { $ref: `#/definitions/${taken}_v2` });
    const path = JSON.stringify(v2.paths["/apis/apps.api.k8s.io/v1/namespaces/{namespace}/deployments/{name}"]);
    assert.ok(path.includes(`"#/definitions/${taken}_v2"`) && !path.includes(`"#/definitions/${taken}"`));
    const builtIn = JSON.stringify(v2.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]);
    assert.ok(builtIn.includes(`"#/definitions/${taken}"`));
    for (const [, name] of JSON.stringify(v2).matchAll(/"#\/definitions\/([^"]+)"/g))
      assert.ok(v2.definitions[name!], name);
    const v3 = (await expect(admin, { path: "/openapi/v3/apis/apps.api.k8s.io/v1" }, 200)).json as DocumentV3;
    assert.deepEqual(v3.components.schemas[taken]?.properties?.["mine"], { type: "string" });
    await withdraw(admin, metadata.name);
    assert.deepEqual((await expect(admin, { path: "/openapi/v2" }, 200)).json, before);
  });

  test("two custom kinds of one version stand in one document, with what both need once", async () => {
    const { admin } = subject();
    const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
    const replicas = { type: "object", properties: { replicas: { type: "integer" } } };
    const version = {
      name: "v1",
      schema: { properties: { spec: replicas, status: replicas } },
      subresources: { status: {}, scale },
    };
    for (const one of ["FooSub", "BazSub"]) await establish(admin, definitionOf(one, [version]));
    const { components } = (await expect(admin, { path: "/openapi/v3/apis/example.com/v1" }, 200)).json as DocumentV3;
    for (const name of [
      "io.k8s.api.autoscaling.v1.Scale",
      "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
      "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
      "com.example.v1.FooSub",
      "com.example.v1.BazSub",
    ])
      assert.ok(components.schemas[name], name);
    for (const one of ["foosubs", "bazsubs"]) await withdraw(admin, `${one}.example.com`);
  });
});
