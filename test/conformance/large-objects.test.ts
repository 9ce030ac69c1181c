import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, expect, onBothProtocols } from "../support/conformance.ts";

const tooLarge = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: "etcdserver: request is too large",
  code: 500,
};

/** What the store does not take for its size, 1.5 MiB, though a request may have twice as much. */
onBothProtocols("objects that are too large", (subject) => {
  const quota = "/api/v1/namespaces/default/resourcequotas";
  /** Kinds whose validation has no limit of its own. */
  const hard = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${"g".repeat(60)}.${"h".repeat(60)}/r${i}`, "1"]));

  test("a write of one is refused in the store's words, and another one goes on", async () => {
    const { admin } = subject();
    const body = { metadata: { name: "large" }, spec: { hard: hard(12_000) } };
    assert.ok(JSON.stringify(body).length < 3 * 1024 * 1024);
    const refused = await expect(admin, { method: "POST", path: quota, body }, 500);
    assert.deepEqual(refused.json, tooLarge);
    await expect(admin, { path: `${quota}/large` }, 404);
    await expect(admin, { method: "POST", path: configMaps, body: { metadata: { name: "small" } } }, 201);
    await expect(admin, { method: "DELETE", path: `${configMaps}/small` }, 200);
  });

  test("managed fields are given up where the object fits without them, but not by who applies", async () => {
    const { admin } = subject();
    // Each name is written twice: as a field and as one that is owned.
    const body = { metadata: { name: "managed" }, spec: { hard: hard(7_000) } };
    const made = await expect(admin, { method: "POST", path: quota, body }, 201);
    assert.equal(
      (made.json as { readonly metadata: { readonly managedFields?: object } }).metadata.managedFields,
      undefined,
    );
    const applied = { apiVersion: "v1", kind: "ResourceQuota", ...body, metadata: { name: "applied" } };
    const refused = await expect(
      admin,
      {
        method: "PATCH",
        path: `${quota}/applied?fieldManager=a`,
        headers: { "content-type": "application/apply-patch+yaml" },
        body: applied,
      },
      500,
    );
    assert.deepEqual(refused.json, tooLarge);
    const grown = { ...body, metadata: { ...body.metadata, labels: { a: "b" } } };
    const updated = await expect(admin, { method: "PUT", path: `${quota}/managed`, body: grown }, 200);
    assert.equal(
      (updated.json as { readonly metadata: { readonly managedFields?: object } }).metadata.managedFields,
      undefined,
    );
    await expect(admin, { method: "DELETE", path: `${quota}/managed` }, 200);
  });
});
