import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, create, expect, failure, onBothProtocols, seen } from "../support/conformance.ts";

// Behaviour: registry/generic/registry Store.Delete, endpoints/handlers/delete.go, apis/meta/v1/validation.

onBothProtocols("deletions", (subject) => {
  test("preconditions are of that very object, in that very state", async () => {
    const { admin } = subject();
    const { metadata } = await create(admin, "pinned");
    const path = `${configMaps}/pinned`;
    const remove = (preconditions: object, code: number, answer?: object) =>
      expect(admin, { method: "DELETE", path, body: { preconditions } }, code, answer);
    const conflict = (what: string, wanted: string, found: string) =>
      failure(
        409,
        "Conflict",
        `Operation cannot be fulfilled on ConfigMap "pinned": the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found}). The object might have been ${what === "UID" ? "deleted and then recreated" : "modified"}`,
        { name: "pinned", kind: "ConfigMap" },
      );
    await remove({ uid: "other" }, 409, conflict("UID", "other", metadata.uid));
    await remove({ resourceVersion: "1" }, 409, conflict("ResourceVersion", "1", metadata.resourceVersion));
    await remove({ uid: metadata.uid, resourceVersion: metadata.resourceVersion }, 200);
  });

  test("options that go against each other, or mean nothing, are refused", async () => {
    const { admin } = subject();
    await create(admin, "kept");
    const refused = async (body: object, message: string) => {
      const answer = await expect(admin, { method: "DELETE", path: `${configMaps}/kept`, body }, 422);
      assert.equal(seen(answer).message, `DeleteOptions.meta.k8s.io "" is invalid: ${message}`);
    };
    await refused(
      { orphanDependents: true, propagationPolicy: "Orphan" },
      'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    );
    await refused(
      { propagationPolicy: "Never" },
      'propagationPolicy: Unsupported value: "Never": supported values: "Foreground", "Background", "Orphan", "nil"',
    );
    await refused({ dryRun: ["Some"] }, 'dryRun: Unsupported value: ["Some"]: supported values: "All"');
    await expect(admin, { path: `${configMaps}/kept` }, 200);
  });

  test("a dry run of a deletion answers like one and deletes nothing", async () => {
    const { admin } = subject();
    const made = await create(admin, "tried");
    const answer = await expect(admin, { method: "DELETE", path: `${configMaps}/tried?dryRun=All` }, 200);
    assert.equal(seen(answer).kind, "Status");
    await expect(admin, { path: `${configMaps}/tried` }, 200, made);
  });

  test("a deletion of a collection deletes what it selects, each by the options that were given", async () => {
    const { admin } = subject();
    const path = "/api/v1/namespaces/default/secrets";
    for (const name of ["a", "b", "c"]) {
      const metadata = { name, labels: { of: name === "c" ? "other" : "some" } };
      await expect(admin, { method: "POST", path, body: { metadata } }, 201);
    }
    const body = { propagationPolicy: "Orphan" };
    const list = await expect(admin, { method: "DELETE", path: `${path}?labelSelector=of%3Dsome`, body }, 200);
    assert.deepEqual(
      [seen(list).kind, seen(list).items!.map(({ metadata }) => metadata.name)],
      ["SecretList", ["a", "b"]],
    );
    for (const name of ["a", "b"]) {
      const { metadata } = seen(await expect(admin, { path: `${path}/${name}` }, 200));
      assert.deepEqual(metadata.finalizers, ["orphan"]);
    }
    assert.equal(seen(await expect(admin, { path: `${path}/c` }, 200)).metadata.deletionTimestamp, undefined);
  });
});
