import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../base/mod.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import {
  configMaps,
  create,
  type Event,
  expect,
  failure,
  nextEvent,
  onBothProtocols,
  revision,
} from "../support/conformance.ts";
import { clientOf } from "../support/http.ts";
import { startHttpsServer } from "../support/https-server.ts";

const told = ({ type, object }: Event): string =>
  `${type} ${object.metadata.name ?? object.kind} ${object.data?.["a"] ?? ""}`.trim();

onBothProtocols("watches", (subject) => {
  test("a watch from a revision tells what came after it, then what comes", async () => {
    const { admin } = subject();
    const from = await revision(admin);
    const created = await create(admin, "w", { data: { a: "1" } });
    const watch = await admin.watch(`${configMaps}?watch=1&resourceVersion=${from}`);
    assert.equal(watch.headers["content-type"], "application/json");
    assert.deepEqual(await watch.next(), { type: "ADDED", object: created });
    await expect(
      admin,
      { method: "PUT", path: `${configMaps}/w`, body: { metadata: { name: "w" }, data: { a: "2" } } },
      200,
    );
    assert.equal(told(await nextEvent(watch)), "MODIFIED w 2");
    await expect(admin, { method: "DELETE", path: `${configMaps}/w` }, 200);
    const deleted = await nextEvent(watch);
    assert.equal(told(deleted), "DELETED w 2");
    assert.equal(Number(deleted.object.metadata.resourceVersion), await revision(admin));
    watch.cancel();
  });

  test("without a revision, or from 0, the state comes first as ADDED", async () => {
    const { admin } = subject();
    await create(admin, "state", { metadata: { labels: { of: "state" } } });
    for (const query of ["", "&resourceVersion=0"]) {
      const watch = await admin.watch(`${configMaps}?watch=true&labelSelector=of%3Dstate${query}`);
      assert.equal(told(await nextEvent(watch)), "ADDED state");
      watch.cancel();
    }
  });

  test("the older path /watch/ is a watch, of a collection or of one object", async () => {
    const { admin } = subject();
    await create(admin, "old-path");
    await create(admin, "old-path-2");
    const one = await admin.watch("/api/v1/watch/namespaces/default/configmaps/old-path-2");
    const all = await admin.watch("/api/v1/watch/configmaps?fieldSelector=metadata.name%3Dold-path");
    assert.equal(told(await nextEvent(one)), "ADDED old-path-2");
    assert.equal(told(await nextEvent(all)), "ADDED old-path");
    await expect(admin, { method: "DELETE", path: `${configMaps}/old-path` }, 200);
    await expect(admin, { method: "DELETE", path: `${configMaps}/old-path-2` }, 200);
    assert.equal(told(await nextEvent(one)), "DELETED old-path-2");
    assert.equal(told(await nextEvent(all)), "DELETED old-path");
    one.cancel();
    all.cancel();
  });

  test("with a selector, what begins or ceases to match is ADDED or DELETED", async () => {
    const { admin } = subject();
    const from = await revision(admin);
    const watch = await admin.watch(`${configMaps}?watch=1&resourceVersion=${from}&labelSelector=in%3Dyes`);
    await create(admin, "moves", { metadata: { labels: { in: "no" } } });
    const label = (value: string) =>
      expect(
        admin,
        {
          method: "PATCH",
          path: `${configMaps}/moves`,
          body: JSON.stringify({ metadata: { labels: { in: value } } }),
          headers: { "content-type": "application/merge-patch+json" },
        },
        200,
      );
    await label("yes");
    assert.equal(told(await nextEvent(watch)), "ADDED moves");
    await label("no");
    const gone = await nextEvent(watch);
    assert.deepEqual([told(gone), gone.object.metadata.labels], ["DELETED moves", { in: "yes" }]);
    assert.equal(Number(gone.object.metadata.resourceVersion), await revision(admin));
    await label("yes");
    assert.equal(told(await nextEvent(watch)), "ADDED moves");
    await expect(admin, { method: "DELETE", path: `${configMaps}/moves` }, 200);
    assert.equal(told(await nextEvent(watch)), "DELETED moves");
    watch.cancel();
  });

  test("sendInitialEvents ends the state with a bookmark that says so", async () => {
    const { admin } = subject();
    await create(admin, "initial", { metadata: { labels: { of: "initial" } } });
    const now = await revision(admin);
    const watch = await admin.watch(
      `${configMaps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=of%3Dinitial`,
    );
    assert.equal(told(await nextEvent(watch)), "ADDED initial");
    assert.deepEqual(await watch.next(), {
      type: "BOOKMARK",
      object: {
        kind: "ConfigMap",
        apiVersion: "v1",
        metadata: { resourceVersion: String(now), annotations: { "k8s.io/initial-events-end": "true" } },
      },
    });
    watch.cancel();
    const without = await admin.watch(
      `${configMaps}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=of%3Dinitial`,
    );
    await create(admin, "initial-2", { metadata: { labels: { of: "initial" } } });
    assert.equal(told(await nextEvent(without)), "ADDED initial-2");
    without.cancel();
  });

  test("timeoutSeconds ends a watch, with a bookmark before where one was allowed", async () => {
    const { admin } = subject();
    const from = await revision(admin);
    const watch = await admin.watch(
      `${configMaps}?watch=1&resourceVersion=${from}&timeoutSeconds=3&allowWatchBookmarks=true&labelSelector=a%3Db`,
    );
    await create(admin, "unseen");
    const now = await revision(admin);
    assert.deepEqual(await watch.rest(), [
      { type: "BOOKMARK", object: { kind: "ConfigMap", apiVersion: "v1", metadata: { resourceVersion: String(now) } } },
    ]);
  });

  test("a revision from before the server's memory is Expired: the answer is a Failure, no stream", async () => {
    const storage = memoryStorage({ clock: realClock });
    for (let i = 0; i < 9; i++) {
      await storage.put("/elsewhere", Buffer.from(String(i)));
    }
    const https = await startHttpsServer({ storage });
    const client = clientOf[subject().protocol](https.port, https.admin);
    try {
      const path = `${configMaps}?watch=1&resourceVersion=3`;
      await expect(client, { path }, 410, failure(410, "Expired", "too old resource version: 3 (10)"));
    } finally {
      client.close();
      await https.close();
      await storage.close();
    }
  });

  test("a watch from a revision to come waits for it in silence", async () => {
    const { admin } = subject();
    const from = await revision(admin);
    const watch = await admin.watch(`${configMaps}?watch=1&resourceVersion=${from + 1}`);
    assert.equal(watch.status, 200);
    await create(admin, "not-told");
    await create(admin, "told");
    assert.equal(told(await nextEvent(watch)), "ADDED told");
    watch.cancel();
  });

  test("tables and partial metadata are watched too; only the first table names its columns", async () => {
    const { admin } = subject();
    const from = await revision(admin);
    const path = `${configMaps}?watch=1&resourceVersion=${from}&allowWatchBookmarks=true`;
    const table = await admin.watch(path, { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" });
    const partial = await admin.watch(path, { accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" });
    const created = await create(admin, "seen-as", { data: { a: "1" } });
    await expect(admin, { method: "DELETE", path: `${configMaps}/seen-as` }, 200);
    const first = (await table.next()) as {
      type: string;
      object: { kind: string; columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] };
    };
    assert.deepEqual([first.type, first.object.kind], ["ADDED", "Table"]);
    assert.deepEqual(
      first.object.columnDefinitions.map(({ name }) => name),
      ["Name", "Data", "Age"],
    );
    assert.deepEqual(first.object.rows[0]?.cells.slice(0, 2), ["seen-as", 1]);
    const second = (await table.next()) as typeof first;
    assert.deepEqual([second.type, second.object.columnDefinitions], ["DELETED", null]);
    assert.deepEqual(await partial.next(), {
      type: "ADDED",
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: created.metadata },
    });
    table.cancel();
    partial.cancel();
  });

  test("a state of 40 MiB comes whole, however slowly it is read, and what happens meanwhile follows it", async () => {
    const { admin } = subject();
    const path = "/api/v1/namespaces/kube-system/configmaps";
    const text = "x".repeat(900_000);
    for (let i = 0; i < 45; i++) {
      await expect(
        admin,
        { method: "POST", path, body: { metadata: { name: `big-${i}`, labels: { of: "big" } }, data: { text } } },
        201,
      );
    }
    const watch = await admin.watch(
      `${path}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=of%3Dbig`,
    );
    const first = await nextEvent(watch);
    await expect(admin, { method: "DELETE", path: `${path}/big-7` }, 200);
    await expect(admin, { method: "POST", path, body: { metadata: { name: "later", labels: { of: "big" } } } }, 201);
    const types = [first.type];
    for (let i = 0; i < 47; i++) {
      types.push((await nextEvent(watch)).type);
    }
    assert.deepEqual(types, [...Array(45).fill("ADDED"), "BOOKMARK", "DELETED", "ADDED"]);
    watch.cancel();
    await expect(admin, { method: "DELETE", path: `${path}?labelSelector=of%3Dbig` }, 200);
  });
});
