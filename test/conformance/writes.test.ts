import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, create, expect, failure, onBothProtocols, revision, seen } from "../support/conformance.ts";

const merge = { "content-type": "application/merge-patch+json" };
const deployments = "/apis/apps/v1/namespaces/default/deployments";
const deployment = (name: string): object => ({
  metadata: { name },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
});

onBothProtocols("writes", (subject) => {
  test("what lives in no namespace may name one, and loses it", async () => {
    const { admin } = subject();
    const nodes = "/api/v1/nodes";
    const body = { metadata: { name: "placed", namespace: "somewhere" } };
    const made = seen(await expect(admin, { method: "POST", path: nodes, body }, 201));
    assert.equal(made.metadata.namespace, undefined);
    const put = { method: "PUT", path: `${nodes}/placed`, body };
    assert.equal(seen(await expect(admin, put, 200)).metadata.namespace, undefined);
    await expect(admin, { method: "DELETE", path: `${nodes}/placed` }, 200);
  });

  test("a create answers 201 with the object as it is stored, and who owns its fields", async () => {
    const { admin } = subject();
    const answer = await expect(
      admin,
      {
        method: "POST",
        path: `${configMaps}?fieldManager=me`,
        body: {
          metadata: { name: "whole", uid: "x", creationTimestamp: "2000-01-01T00:00:00Z", generation: 7 },
          data: { a: "1" },
        },
      },
      201,
    );
    assert.equal(answer.headers["content-type"], "application/json");
    assert.equal(answer.headers["cache-control"], "no-cache, private");
    const { metadata, ...rest } = seen(answer);
    const { uid, resourceVersion, creationTimestamp, managedFields, ...others } = metadata;
    assert.deepEqual(rest, { kind: "ConfigMap", apiVersion: "v1", data: { a: "1" } });
    // Nobody counts the generations of these, so what was sent is kept.
    assert.deepEqual(others, { name: "whole", namespace: "default", generation: 7 });
    assert.match(uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(Date.parse(creationTimestamp) > Date.parse("2020-01-01"));
    assert.equal(Number(resourceVersion), await revision(admin));
    const [entry] = managedFields as unknown as { time: string }[];
    const { time, ...owned } = entry!;
    assert.equal(time, creationTimestamp);
    assert.deepEqual(owned, {
      manager: "me",
      operation: "Update",
      apiVersion: "v1",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:data": { ".": {}, "f:a": {} } },
    });
  });

  test("generateName makes a name of five letters behind it", async () => {
    const { admin } = subject();
    const made = seen(
      await expect(admin, { method: "POST", path: configMaps, body: { metadata: { generateName: "gen-" } } }, 201),
    );
    assert.match(made.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test("fieldValidation: Ignore is silent, Warn says so in headers, Strict refuses", async () => {
    const { admin } = subject();
    const headers = { "content-type": "application/json" };
    const body = '{"metadata":{"name":"fv","name":"fv"},"dataa":{},"data":{"a":"1"}}';
    const post = (validation: string, code: number, answer?: object) =>
      expect(admin, { method: "POST", path: `${configMaps}?dryRun=All${validation}`, headers, body }, code, answer);
    assert.equal((await post("&fieldValidation=Ignore", 201)).headers["warning"], undefined);
    for (const validation of ["", "&fieldValidation=Warn"]) {
      assert.equal(
        (await post(validation, 201)).headers["warning"],
        '299 - "duplicate field \\"metadata.name\\"", 299 - "unknown field \\"dataa\\""',
      );
    }
    await post(
      "&fieldValidation=Strict",
      400,
      failure(
        400,
        "BadRequest",
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "metadata.name", unknown field "dataa"',
      ),
    );
  });

  test("YAML is read and written", async () => {
    const { admin } = subject();
    const body = "metadata:\n  name: from-yaml\ndata:\n  a: |\n    two\n    lines\n";
    const headers = { "content-type": "application/yaml", accept: "application/yaml" };
    const answer = await expect(admin, { method: "POST", path: configMaps, body, headers }, 201);
    assert.equal(answer.headers["content-type"], "application/yaml");
    assert.match(answer.text, /^apiVersion: v1\ndata:\n {2}a: \|\n {4}two\n {4}lines\nkind: ConfigMap\n/);
    assert.deepEqual(seen(await expect(admin, { path: `${configMaps}/from-yaml` }, 200)).data, { a: "two\nlines\n" });
  });

  test("a dry run answers like a write and leaves nothing: no object, no revision, no address", async () => {
    const { admin } = subject();
    const kept = await create(admin, "kept", { data: { a: "1" } });
    const before = await revision(admin);
    const dry = (method: string, path: string, code: number, body?: object, headers?: Record<string, string>) =>
      expect(
        admin,
        {
          method,
          path: `${path}?dryRun=All`,
          ...(body === undefined ? {} : { body: headers === undefined ? body : JSON.stringify(body) }),
          ...(headers === undefined ? {} : { headers }),
        },
        code,
      );
    await dry("POST", configMaps, 201, { metadata: { name: "dry" } });
    assert.deepEqual(
      seen(await dry("PUT", `${configMaps}/kept`, 200, { metadata: { name: "kept" }, data: { a: "2" } })).data,
      { a: "2" },
    );
    assert.deepEqual(seen(await dry("PATCH", `${configMaps}/kept`, 200, { data: { a: "3" } }, merge)).data, { a: "3" });
    await dry("DELETE", `${configMaps}/kept`, 200);
    const services = "/api/v1/namespaces/default/services";
    const service = { metadata: { name: "dry" }, spec: { ports: [{ port: 80 }], clusterIP: "10.96.77.7" } };
    for (let i = 0; i < 3; i++) {
      assert.equal(seen(await dry("POST", services, 201, service)).spec?.["clusterIP"], "10.96.77.7");
    }
    assert.equal(await revision(admin), before);
    assert.deepEqual(seen(await expect(admin, { path: `${configMaps}/kept` }, 200)), kept);
    await expect(admin, { path: `${configMaps}/dry` }, 404);
    await expect(admin, { method: "POST", path: services, body: service }, 201);
  });

  test("a write that changes nothing is none: the revision stays", async () => {
    const { admin } = subject();
    const object = await create(admin, "same", { data: { a: "1" } });
    await expect(admin, { method: "PUT", path: `${configMaps}/same`, body: object }, 200, object);
    const patched = await expect(
      admin,
      { method: "PATCH", path: `${configMaps}/same`, body: '{"data":{"a":"1"}}', headers: merge },
      200,
    );
    assert.deepEqual(seen(patched), object);
  });

  test("the status is written by its subresource alone, the rest by the object alone", async () => {
    const { admin } = subject();
    const made = seen(
      await expect(
        admin,
        { method: "POST", path: deployments, body: { ...deployment("halves"), status: { replicas: 9 } } },
        201,
      ),
    );
    assert.deepEqual([made.metadata.generation, made.status], [1, {}]);
    const status = { ...made, spec: { ...made.spec, replicas: 7 }, status: { replicas: 1, observedGeneration: 1 } };
    const after = seen(await expect(admin, { method: "PUT", path: `${deployments}/halves/status`, body: status }, 200));
    assert.deepEqual(
      [after.metadata.generation, after.spec?.["replicas"], after.status],
      [1, 2, { observedGeneration: 1, replicas: 1 }],
    );
    const changed = seen(
      await expect(
        admin,
        {
          method: "PATCH",
          path: `${deployments}/halves`,
          body: '{"spec":{"replicas":3},"status":{"replicas":8}}',
          headers: merge,
        },
        200,
      ),
    );
    assert.deepEqual(
      [changed.metadata.generation, changed.spec?.["replicas"], changed.status],
      [2, 3, { observedGeneration: 1, replicas: 1 }],
    );
    assert.deepEqual(
      changed.metadata.managedFields?.map(({ operation, subresource = "" }) => `${operation} ${subresource}`).sort(),
      ["Update ", "Update status"],
    );
  });

  test("scale is an autoscaling/v1 Scale of whatever has replicas", async () => {
    const { admin } = subject();
    const made = seen(await expect(admin, { method: "POST", path: deployments, body: deployment("scaled") }, 201));
    const { name, namespace, uid, creationTimestamp } = made.metadata;
    const scale = (resourceVersion: string, replicas: number): object => ({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
      spec: { replicas },
      status: { replicas: 0, selector: "app=scaled" },
    });
    await expect(admin, { path: `${deployments}/scaled/scale` }, 200, scale(made.metadata.resourceVersion, 2));
    const put = await expect(
      admin,
      {
        method: "PUT",
        path: `${deployments}/scaled/scale`,
        body: { metadata: { name, namespace }, spec: { replicas: 5 } },
      },
      200,
    );
    assert.deepEqual(seen(put), scale(seen(put).metadata.resourceVersion, 5));
    const patch = await expect(
      admin,
      { method: "PATCH", path: `${deployments}/scaled/scale`, body: '{"spec":{"replicas":6}}', headers: merge },
      200,
    );
    assert.equal(seen(patch).spec?.["replicas"], 6);
    const now = seen(await expect(admin, { path: `${deployments}/scaled` }, 200));
    assert.deepEqual([now.spec?.["replicas"], now.metadata.generation], [6, 3]);
  });

  test("server-side apply creates, merges, meets conflicts and forces", async () => {
    const { admin } = subject();
    const apply = (manager: string, data: object, code: number, force = false, answer?: object) =>
      expect(
        admin,
        {
          method: "PATCH",
          path: `${configMaps}/applied?fieldManager=${manager}${force ? "&force=true" : ""}`,
          body: JSON.stringify({ kind: "ConfigMap", apiVersion: "v1", metadata: { name: "applied" }, data }),
          headers: { "content-type": "application/apply-patch+yaml" },
        },
        code,
        answer,
      );
    await apply("one", { a: "1", b: "1" }, 201);
    await apply("two", { c: "2" }, 200);
    await apply(
      "two",
      { a: "2", c: "2" },
      409,
      false,
      failure(409, "Conflict", 'Apply failed with 1 conflict: conflict with "one": .data.a', {
        causes: [{ reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.a" }],
      }),
    );
    await apply("two", { a: "2", c: "2" }, 200, true);
    const end = seen(await apply("one", {}, 200));
    assert.deepEqual(end.data, { a: "2", c: "2" });
  });

  test("a deletion waits for finalizers, keeps its time, and ends with the last of them", async () => {
    const { admin } = subject();
    await create(admin, "held", { metadata: { finalizers: ["example.com/a", "example.com/b"] } });
    const marked = seen(await expect(admin, { method: "DELETE", path: `${configMaps}/held` }, 200));
    assert.deepEqual([marked.kind, marked.metadata.deletionGracePeriodSeconds], ["ConfigMap", 0]);
    const again = seen(await expect(admin, { method: "DELETE", path: `${configMaps}/held` }, 200));
    assert.equal(again.metadata.deletionTimestamp, marked.metadata.deletionTimestamp);
    const patch = (finalizers: readonly string[] | null, code: number) =>
      expect(
        admin,
        {
          method: "PATCH",
          path: `${configMaps}/held`,
          body: JSON.stringify({ metadata: { finalizers } }),
          headers: merge,
        },
        code,
      );
    await patch(["example.com/a", "example.com/c"], 422);
    await patch(["example.com/a"], 200);
    await patch(null, 200);
    await expect(admin, { path: `${configMaps}/held` }, 404);
  });

  test("Foreground and Orphan leave their finalizer, Background leaves nothing", async () => {
    const { admin } = subject();
    for (const [policy, finalizer] of [
      ["Foreground", "foregroundDeletion"],
      ["Orphan", "orphan"],
    ] as const) {
      const name = policy.toLowerCase();
      await create(admin, name);
      const marked = seen(
        await expect(
          admin,
          { method: "DELETE", path: `${configMaps}/${name}`, body: { propagationPolicy: policy } },
          200,
        ),
      );
      assert.deepEqual(marked.metadata.finalizers, [finalizer]);
    }
    const { metadata } = await create(admin, "background");
    await expect(admin, { method: "DELETE", path: `${configMaps}/background?propagationPolicy=Background` }, 200, {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Success",
      details: { name: "background", kind: "configmaps", uid: metadata.uid },
    });
  });
});
