import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, onBothProtocols } from "../support/conformance.ts";

// Behaviour: KEP-4827, KEP-4828, apiserver/pkg/server/{statusz,flagz}; component-base/metrics/prometheus/slis.

const structured = (kind: string, version = "v1beta1", type = "json") => ({
  accept: `application/${type};v=${version};g=config.k8s.io;as=${kind}`,
});

onBothProtocols(
  "pages of the server itself",
  (subject) => {
    test("statusz tells people what runs and since when, and programs the same as an object", async () => {
      const { admin } = subject();
      for (const accept of [undefined, "*/*", "text/plain", "application/json, */*"]) {
        const call = { path: "/statusz", ...(accept === undefined ? {} : { headers: { accept } }) };
        const { headers, text } = await expect(admin, call, 200);
        assert.equal(headers["content-type"], "text/plain; charset=utf-8");
        assert.match(text, /^\napiserver statusz\nWarning: This endpoint is not meant to be machine parseable/);
        assert.match(text, /^Up: 0 hr 00 min \d\d sec$/m);
      }
      const { json } = await expect(admin, { path: "/statusz", headers: structured("Statusz") }, 200);
      const status = json as Record<string, unknown>;
      assert.deepEqual(
        [status["kind"], status["apiVersion"], status["metadata"], status["emulationVersion"]],
        ["Statusz", "config.k8s.io/v1beta1", { name: "apiserver" }, "1.36"],
      );
      assert.deepEqual(status["paths"], [
        "/flagz",
        "/healthz",
        "/livez",
        "/metrics",
        "/readyz",
        "/statusz",
        "/version",
      ]);
      assert.match(String(status["startTime"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

    test("flagz tells what the server was started with", async () => {
      const { admin } = subject();
      assert.match((await expect(admin, { path: "/flagz" }, 200)).text, /^data-dir: \/d$/m);
      await expect(admin, { path: "/flagz", headers: structured("Flagz") }, 200, {
        kind: "Flagz",
        apiVersion: "config.k8s.io/v1beta1",
        metadata: { name: "apiserver" },
        flags: { "data-dir": "/d" },
      });
      const old = await expect(admin, { path: "/flagz", headers: structured("Flagz", "v1alpha1", "yaml") }, 200);
      assert.equal(
        old.headers["warning"],
        '299 - "This version of the flagz endpoint is deprecated. Please use a newer version."',
      );
      assert.match(old.text, /^apiVersion: config\.k8s\.io\/v1alpha1$/m);
    });

    test("an object of another kind, or of none, is not to be had", async () => {
      const { admin } = subject();
      for (const headers of [{ accept: "application/json" }, structured("Statusz"), structured("Flagz", "v2")]) {
        const { json } = await expect(admin, { path: "/flagz", headers }, 406);
        assert.equal(
          (json as { message: string }).message,
          "only the following media types are accepted: application/json, application/yaml, text/plain",
        );
      }
    });

    test("who may not look is not shown", async () => {
      const { as, https } = subject();
      const ann = as(https.issue({ commonName: "ann" }));
      for (const path of ["/statusz", "/flagz", "/metrics/slis"]) await expect(ann, { path }, 403);
      const watcher = as(https.issue({ commonName: "w", organizations: ["system:monitoring"] }));
      for (const path of ["/statusz", "/flagz", "/metrics/slis"]) await expect(watcher, { path }, 200);
    });

    test("what health checks say is counted", async () => {
      const { admin } = subject();
      await expect(admin, { path: "/livez" }, 200);
      const { text } = await expect(admin, { path: "/metrics/slis" }, 200);
      assert.match(text, /^kubernetes_healthcheck\{name="etcd",type="livez"\} 1$/m);
      assert.match(text, /^kubernetes_healthchecks_total\{name="etcd",status="success",type="livez"\} [1-9]\d*$/m);
    });
  },
  { more: { flags: { "data-dir": "/d" } } },
);
