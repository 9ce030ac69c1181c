import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, failure, onBothProtocols, seen } from "../support/conformance.ts";
import { definitionOf, establish, withdraw } from "../support/custom-resources.ts";

// Upstream's routers one behind the other: apiserver/pkg/server/handler.go, apiextensions-apiserver/pkg/apiserver
// customresource_handler.go, apiserver/pkg/util/notfoundhandler.

const statusOf = failure(404, "NotFound", "the server could not find the requested resource", {});
const open = { "x-kubernetes-preserve-unknown-fields": true };
const subresources = { status: {} };

onBothProtocols("paths that nobody serves", (subject) => {
  const isText = async (path: string, method = "GET"): Promise<void> => {
    const answer = await expect(subject().admin, { method, path, ...(method === "GET" ? {} : { body: {} }) }, 404);
    assert.equal(answer.text, "404 page not found\n", path);
    assert.deepEqual(
      [answer.headers["content-type"], answer.headers["x-content-type-options"]],
      ["text/plain; charset=utf-8", "nosniff"],
    );
  };

  test("are answered in text, as Go answers them", async () => {
    for (const path of [
      "/nowhere",
      "/apiserver",
      "/apis/foo.example",
      "/apis/foo.example/v1",
      "/apis/foo.example/v1/bars",
    ]) {
      await isText(path);
    }
    for (const path of [
      "/healthz/",
      "/metrics/more",
      "/livez/nothing",
      "/api-docs",
      "/openapi",
      "/openapi/v2/",
      "/apisx",
    ]) {
      await isText(path);
    }
    await isText("/apis/foo.example/v1/namespaces/default/bars/a", "PUT");
    await isText("/nowhere", "POST");
  });

  test("are a Status where the group is built in", async () => {
    const { admin } = subject();
    for (const path of [
      "/api/v1/nonsense",
      "/api/v9",
      "/apis/apps/v1/nonsense",
      "/apis/apps/v9",
      "/apis/apps/v9/deployments",
      "/apis/apiextensions.k8s.io/v1/nonsense",
      "/apis/apiregistration.k8s.io/v9",
      "/version/more",
    ]) {
      await expect(admin, { path }, 404, statusOf);
    }
  });

  test("are authorized before they are looked for", async () => {
    const { as, https } = subject();
    const nobody = as({ ca: https.ca });
    const path = "/apis/foo.example/v1/bars";
    const told = seen(await expect(nobody, { path }, 403));
    const who = 'User "system:anonymous" cannot list resource "bars" in API group "foo.example" at the cluster scope';
    assert.equal(told.message, `bars.foo.example is forbidden: ${who}`);
    const nowhere = seen(await expect(nobody, { path: "/nowhere" }, 403));
    assert.equal(nowhere.message, 'forbidden: User "system:anonymous" cannot get path "/nowhere"');
  });

  test("of custom resources are answered in text, but for their subresources and verbs", async () => {
    const { admin } = subject();
    await establish(
      admin,
      definitionOf("Widget", [
        { name: "v1", schema: open, subresources },
        { name: "v2", schema: open, served: false },
      ]),
    );
    await establish(admin, definitionOf("Planet", [{ name: "v1", schema: open }], { scope: "Cluster" }));
    const v1 = "/apis/example.com/v1";
    const widgets = `${v1}/namespaces/default/widgets`;
    for (const path of [
      `${v1}/nonsense`,
      `${v1}/namespaces/default/nonsense/a`,
      "/apis/example.com/v2",
      "/apis/example.com/v2/widgets",
      "/apis/example.com/v9/namespaces/default/widgets/a",
      `${v1}/widgets/a`,
      `${v1}/namespaces/default/planets`,
      `${v1}/namespaces/default/planets/a`,
    ]) {
      await isText(path);
    }
    await isText(`${v1}/widgets`, "POST");
    await isText(`${v1}/widgets`, "DELETE");
    await expect(admin, { path: `${v1}/widgets` }, 200);
    const details = { name: "a", group: "example.com", kind: "widgets" };
    const missing = failure(404, "NotFound", 'widgets.example.com "a" not found', details);
    await expect(admin, { path: `${widgets}/a` }, 404, missing);
    await expect(admin, { path: `${widgets}/a/nonsense` }, 404, missing);
    await expect(admin, { path: `${widgets}/a/scale` }, 404, missing);
    const words = 'delete is not supported on resources of kind "widgets.example.com"';
    const unsupported = failure(405, "MethodNotAllowed", words, { group: "example.com", kind: "widgets" });
    await expect(admin, { method: "DELETE", path: `${widgets}/a/status` }, 405, unsupported);
    await withdraw(admin, "widgets.example.com");
    await withdraw(admin, "planets.example.com");
    await isText(v1);
  });

  test("methods are asked for by upstream's router alone", async () => {
    const { admin } = subject();
    for (const path of [
      "/api",
      "/api/v1",
      "/apis/apps/v1",
      "/version",
      "/api/v1/nodes",
      "/.well-known/openid-configuration",
    ]) {
      assert.equal((await admin.call({ method: "HEAD", path })).status, 405, path);
      await expect(admin, { path }, 200);
      await expect(admin, { path: `${path}/` }, 200);
    }
    for (const path of ["/apis", "/apis/apps", "/openapi/v2", "/openapi/v3", "/healthz"]) {
      await expect(admin, { method: "POST", path, body: {} }, 200);
    }
    const none = await expect(admin, { path: "/openapi/v3/apis/foo.example/v1" }, 404, "");
    assert.equal(none.headers["content-type"], undefined);
    assert.deepEqual((await expect(admin, { path: "/index.html" }, 200)).json, (await admin.call({ path: "/" })).json);
  });
});
