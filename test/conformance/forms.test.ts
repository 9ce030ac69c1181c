import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { configMaps, create, expect, failure, onBothProtocols, seen } from "../support/conformance.ts";

const as = (what: string, version = "v1"): { accept: string } => ({
  accept: `application/json;as=${what};g=meta.k8s.io;v=${version}`,
});

interface Table {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: object;
  readonly columnDefinitions: readonly {
    readonly name: string;
    readonly type: string;
    readonly format: string;
    readonly priority: number;
  }[];
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    readonly object: {
      readonly kind: string;
      readonly apiVersion: string;
      readonly metadata: { readonly name: string };
    } | null;
  }[];
}

onBothProtocols("forms of an answer", (subject) => {
  test("a table of one object or of a list, with metadata, the whole object, or nothing in each row", async () => {
    const { admin } = subject();
    const { metadata } = await create(admin, "table", {
      metadata: { labels: { of: "table" } },
      data: { a: "1", b: "2" },
    });
    const table = async (path: string): Promise<Table> =>
      (await expect(admin, { path, headers: as("Table") }, 200)).json as Table;
    const one = await table(`${configMaps}/table`);
    assert.deepEqual(
      [one.kind, one.apiVersion, one.metadata],
      ["Table", "meta.k8s.io/v1", { resourceVersion: metadata.resourceVersion }],
    );
    assert.deepEqual(
      one.columnDefinitions.map(({ name, type, format, priority }) => [name, type, format, priority]),
      [
        ["Name", "string", "name", 0],
        ["Data", "string", "", 0],
        ["Age", "string", "", 0],
      ],
    );
    assert.deepEqual(one.rows[0]?.cells.slice(0, 2), ["table", 2]);
    assert.deepEqual(one.rows[0]?.object, { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata });
    const list = `${configMaps}?labelSelector=of%3Dtable`;
    assert.deepEqual(
      (await table(`${list}&includeObject=None`)).rows.map(({ object }) => object),
      [null],
    );
    assert.deepEqual(
      (await table(`${list}&includeObject=Object`)).rows.map(({ object }) => object?.kind),
      ["ConfigMap"],
    );
  });

  test("partial metadata of one object and of a list", async () => {
    const { admin } = subject();
    const { metadata } = await create(admin, "partial", { metadata: { labels: { of: "partial" } }, data: { a: "1" } });
    await expect(admin, { path: `${configMaps}/partial`, headers: as("PartialObjectMetadata") }, 200, {
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata,
    });
    const list = await expect(
      admin,
      { path: `${configMaps}?labelSelector=of%3Dpartial`, headers: as("PartialObjectMetadataList") },
      200,
    );
    assert.deepEqual(seen(list), {
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: metadata.resourceVersion },
      items: [{ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata }],
    });
  });

  test("who takes no form that there is learns of them: from the router, or of custom resources from their handler", async () => {
    const { admin, https, as } = subject();
    const forms = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    const streams = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    const routed = `406: Not Acceptable\n\nAvailable representations: ${forms}`;
    const handled = `only the following media types are accepted: ${forms}`;
    const refused = async (path: string, accept: string, message: string) => {
      const { json } = await expect(admin, { path, headers: { accept } }, 406);
      assert.equal((json as { message: string }).message, message);
    };
    for (const path of ["/api/", "/api/v1", "/apis/apps/v1", `${configMaps}/a`]) {
      for (const accept of ["application", "application/xml, text/html;q=0.9", "application/*"]) {
        await refused(path, accept, routed);
      }
    }
    await refused(configMaps, "text/plain", `${routed}, ${streams}`);
    await refused("/apis", "application", handled);
    await refused("/apis/apps", "text/html", handled);
    // Who nobody is learns that first.
    const nobody = as({ ca: https.ca });
    await expect(nobody, { path: configMaps, headers: { accept: "text/html" } }, 403);
    // A log is text.
    await expect(admin, { path: "/api/v1/namespaces/default/pods/x/log", headers: { accept: "text/plain" } }, 404);
  });

  test("a failure is a Status, whatever form was asked for", async () => {
    const { admin } = subject();
    const missing = failure(404, "NotFound", 'configmaps "missing" not found', { name: "missing", kind: "configmaps" });
    await expect(admin, { path: `${configMaps}/missing`, headers: as("Table") }, 404, missing);
    const yaml = await expect(admin, { path: `${configMaps}/missing`, headers: { accept: "application/yaml" } }, 404);
    assert.match(yaml.text, /^apiVersion: v1\ncode: 404\n/);
    assert.equal(yaml.headers["content-type"], "application/yaml");
  });

  test("protobuf is sent and read", async () => {
    const { admin } = subject();
    const { metadata } = await create(admin, "proto", { data: { a: "1" } });
    const headers = { accept: "application/vnd.kubernetes.protobuf" };
    const { body, headers: got } = await expect(admin, { path: `${configMaps}/proto`, headers }, 200);
    assert.equal(got["content-type"], "application/vnd.kubernetes.protobuf");
    assert.equal(body.subarray(0, 4).toString("latin1"), "k8s\0");
    const put = await expect(
      admin,
      {
        method: "PUT",
        path: `${configMaps}/proto`,
        body,
        headers: { "content-type": "application/vnd.kubernetes.protobuf" },
      },
      200,
    );
    assert.deepEqual([seen(put).metadata.uid, seen(put).data], [metadata.uid, { a: "1" }]);
  });

  test("JSON is indented for people: where they ask for it, and for tools that they read", async () => {
    const { admin } = subject();
    await create(admin, "pretty", { data: { a: "1" } });
    const path = `${configMaps}/pretty`;
    const isIndented = async (where: string, userAgent = "kubectl/v1.36", code = 200): Promise<boolean> => {
      const { text, json } = await expect(admin, { path: where, headers: { "user-agent": userAgent } }, code);
      assert.ok(text === JSON.stringify(json, null, 2) || text === `${JSON.stringify(json)}\n`, text);
      return text.includes("\n  ");
    };
    assert.equal(await isIndented(path), false);
    assert.equal(await isIndented(`${path}?pretty=true`), true);
    assert.equal(await isIndented(configMaps, "curl/8.5.0"), true);
    assert.equal(await isIndented(`${path}?pretty=false`, "Mozilla/5.0 (X11)"), false);
    assert.equal(await isIndented(`${configMaps}/none`, "Wget/1.21", 404), true);
    assert.equal(await isIndented("/version"), true);
    const watch = await admin.watch(`${configMaps}?watch=true&fieldSelector=metadata.name%3Dpretty&pretty=true`);
    assert.equal(((await watch.next()) as { type: string }).type, "ADDED");
    watch.cancel();
  });

  test("what is long is compressed for who takes gzip, and for nobody else", async () => {
    const { admin } = subject();
    const text = "x".repeat(200_000);
    await create(admin, "long", { data: { text } });
    for (const path of [`${configMaps}/long`, `${configMaps}?fieldSelector=metadata.name%3Dlong`]) {
      const plain = await expect(admin, { path }, 200);
      assert.equal(plain.headers["content-encoding"], undefined);
      const packed = await expect(admin, { path, headers: { "accept-encoding": "gzip" } }, 200);
      assert.equal(packed.headers["content-encoding"], "gzip");
      assert.ok(packed.body.length < 20_000);
      assert.deepEqual(gunzipSync(packed.body), plain.body);
      const refused = await expect(admin, { path, headers: { "accept-encoding": "gzip;q=0" } }, 200);
      assert.equal(refused.headers["content-encoding"], undefined);
    }
  });

  test("health, version, discovery and the server's keys are where upstream has them", async () => {
    const { admin, https, as: client } = subject();
    const nobody = client({ ca: https.ca });
    for (const path of ["/healthz", "/livez", "/readyz", "/readyz?exclude=etcd"]) {
      await expect(nobody, { path }, 200, "ok");
    }
    for (const path of ["/livez/ping", "/readyz/informer-sync"]) {
      await expect(admin, { path }, 200, "ok");
    }
    const verbose = await expect(nobody, { path: "/readyz?verbose=1" }, 200);
    assert.match(verbose.text, /^\[\+\]ping ok\n(?:\[\+\]\S+ ok\n)+readyz check passed\n$/);
    const version = (await expect(nobody, { path: "/version" }, 200)).json as {
      major: string;
      minor: string;
      gitVersion: string;
    };
    assert.deepEqual([version.major, version.minor], ["1", "36"]);
    assert.match(version.gitVersion, /^v1\.36\./);
    await expect(nobody, { path: "/metrics" }, 403);
    assert.match((await expect(admin, { path: "/metrics" }, 200)).text, /^apiserver_request_total\{/m);
    assert.deepEqual(((await expect(admin, { path: "/api" }, 200)).json as { versions: string[] }).versions, ["v1"]);
    const aggregated = await expect(
      admin,
      { path: "/apis", headers: { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" } },
      200,
    );
    assert.equal(
      aggregated.headers["content-type"],
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    );
    const etag = aggregated.headers["etag"] as string;
    await expect(
      admin,
      {
        path: "/apis",
        headers: {
          accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
          "if-none-match": etag,
        },
      },
      304,
      "",
    );
    const keys = (await expect(admin, { path: "/openid/v1/jwks" }, 200)).json as { keys: { alg: string }[] };
    assert.deepEqual(
      keys.keys.map(({ alg }) => alg),
      ["ES256"],
    );
    await expect(admin, { path: "/openapi/v2" }, 200);
    await expect(admin, { path: "/openapi/v3" }, 200);
  });
});
