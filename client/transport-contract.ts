import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiError, isAlreadyExists, isConflict, isInvalid, isNotFound } from "../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { Transport, WatchEvent } from "../apimachinery/resource/transport.ts";
import { type Client, createClient } from "./client.ts";
import type { ResourceIdentity } from "./options.ts";

export interface TransportSubject {
  readonly transport: Transport;
  /** Ends the server. The contract closes the transport. */
  stop(): Promise<void>;
}

interface ConfigMap extends ApiObject {
  readonly data?: Readonly<Record<string, string>>;
}

const configMaps: ResourceIdentity = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  scope: "Namespaced",
};

/**
 * What every `Transport` must do, against any server that has ConfigMaps in the namespace `default`: the same answers and the
 * same errors, within the process as over a wire. Call it in a test file.
 */
export function testTransport(name: string, start: () => Promise<TransportSubject>): void {
  describe(name, { timeout: 30_000 }, () => {
    let subject: TransportSubject;
    let client: Client;
    before(async () => {
      subject = await start();
      client = createClient(subject.transport);
    });
    after(async () => {
      await client?.close();
      await subject?.stop();
    });
    const maps = () => client.resource<ConfigMap>(configMaps, "default");
    testObjects(maps);
    testFailures(maps, () => client);
    testLists(maps);
    testWatches(maps, () => client);
  });
}

type Maps = () => ReturnType<typeof mapsOf>;
const mapsOf = (client: Client) => client.resource<ConfigMap>(configMaps, "default");

function testObjects(maps: Maps): void {
  test("what is created is read back the same", async () => {
    const created = await maps().create({ metadata: { name: "object" }, data: { a: "1" } });
    assert.deepEqual([created.kind, created.apiVersion, created.metadata.namespace], ["ConfigMap", "v1", "default"]);
    assert.ok(created.metadata.uid && created.metadata.resourceVersion && created.metadata.creationTimestamp);
    assert.deepEqual(await maps().get("object"), created);
  });

  test("an update and each kind of patch change the object and its version", async () => {
    const created = await maps().create({ metadata: { name: "changing" }, data: { a: "1" } });
    const updated = await maps().update({ ...created, data: { a: "2" } });
    assert.notEqual(updated.metadata.resourceVersion, created.metadata.resourceVersion);
    const merged = await maps().patch("changing", { type: "merge", body: { data: { b: "3" } } });
    assert.deepEqual(merged.data, { a: "2", b: "3" });
    const replaced = await maps().patch("changing", {
      type: "json",
      body: [{ op: "replace", path: "/data/a", value: "4" }],
    });
    assert.deepEqual(replaced.data, { a: "4", b: "3" });
    const strategic = await maps().patch("changing", { type: "strategic", body: { data: { b: null } } });
    assert.deepEqual(strategic.data, { a: "4" });
    const applied = await maps().apply(
      { metadata: { name: "changing" }, data: { c: "5" } },
      { fieldManager: "contract", force: true },
    );
    assert.equal(applied.data?.["c"], "5");
  });

  test("a dry run answers and keeps nothing", async () => {
    const answer = await maps().create({ metadata: { name: "dry" } }, { dryRun: true });
    assert.equal(answer.metadata.name, "dry");
    await assert.rejects(maps().get("dry"), isNotFound);
  });

  test("what is deleted is gone, and the answer is a success", async () => {
    const { metadata } = await maps().create({ metadata: { name: "gone" } });
    const answer = await maps().delete("gone", { preconditions: { uid: metadata.uid ?? "" } });
    assert.equal(answer.kind, "Status");
    assert.equal((answer as { status?: string }).status, "Success");
    await assert.rejects(maps().get("gone"), isNotFound);
  });
}

function testFailures(maps: Maps, client: () => Client): void {
  test("a missing object is an ApiError with the server's Status", async () => {
    await assert.rejects(maps().get("missing"), (error) => {
      assert.ok(error instanceof ApiError && isNotFound(error));
      assert.equal(error.message, 'configmaps "missing" not found');
      assert.deepEqual(error.status.details, { name: "missing", kind: "configmaps" });
      assert.deepEqual([error.code, error.status.status], [404, "Failure"]);
      return true;
    });
  });

  test("creating twice, a stale update and a bad name fail by their reasons", async () => {
    const created = await maps().create({ metadata: { name: "twice" } });
    await assert.rejects(maps().create({ metadata: { name: "twice" } }), isAlreadyExists);
    await maps().update({ ...created, data: { a: "1" } });
    await assert.rejects(maps().update({ ...created, data: { a: "2" } }), isConflict);
    await assert.rejects(maps().create({ metadata: { name: "Not Valid" } }), (error) => {
      assert.ok(isInvalid(error) && error instanceof ApiError);
      assert.equal(error.status.details?.causes?.[0]?.field, "metadata.name");
      return true;
    });
  });

  test("an unknown path is NotFound", async () => {
    await assert.rejects(client().get("/nowhere"), isNotFound);
  });

  test("an aborted request rejects with the signal's reason", async () => {
    const reason = new Error("no longer needed");
    await assert.rejects(maps().get("missing", { signal: AbortSignal.abort(reason) }), reason);
  });
}

function testLists(maps: Maps): void {
  test("pages together are the list", async () => {
    const names = ["page-a", "page-b", "page-c", "page-d", "page-e"];
    for (const name of names) await maps().create({ metadata: { name, labels: { of: "pages" } } });
    const pages: number[] = [];
    const found: (string | undefined)[] = [];
    for await (const page of maps().pages({ labelSelector: "of=pages", pageSize: 2 })) {
      pages.push(page.items.length);
      found.push(...page.items.map((item) => item.metadata.name));
    }
    assert.deepEqual(pages, [2, 2, 1]);
    assert.deepEqual(found, names);
    const whole = await maps().listAll({ labelSelector: "of=pages" });
    assert.deepEqual(
      whole.items.map((item) => [item.kind, item.metadata.name]),
      names.map((name) => ["ConfigMap", name]),
    );
    assert.ok(whole.metadata.resourceVersion);
  });

  test("an empty list has items all the same", async () => {
    const { items } = await maps().list({ labelSelector: "of=nothing" });
    assert.deepEqual(items, []);
  });
}

function testWatches(maps: Maps, client: () => Client): void {
  const take = async (events: AsyncIterable<WatchEvent<ConfigMap>>, count: number) => {
    const taken: string[] = [];
    for await (const event of events) {
      if (event.type === "BOOKMARK") continue;
      taken.push(`${event.type} ${event.object.metadata.name} ${event.object.data?.["a"]}`);
      if (taken.length === count) break;
    }
    return taken;
  };

  test("a watch from a version tells every change after it, in order", async () => {
    const { metadata } = await maps().list();
    const selector = { labelSelector: "of=watch", resourceVersion: metadata.resourceVersion ?? "" };
    const events = take(maps().watch(selector), 3);
    const created = await maps().create({ metadata: { name: "watched", labels: { of: "watch" } }, data: { a: "1" } });
    await maps().update({ ...created, data: { a: "2" } });
    await maps().delete("watched");
    assert.deepEqual(await events, ["ADDED watched 1", "MODIFIED watched 2", "DELETED watched 2"]);
    assert.deepEqual(await take(maps().watch(selector), 3), [
      "ADDED watched 1",
      "MODIFIED watched 2",
      "DELETED watched 2",
    ]);
  });

  test("aborting ends a watch without an error", async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const event of maps().watch({
      signal: controller.signal,
      sendInitialEvents: true,
      resourceVersionMatch: "NotOlderThan",
      allowWatchBookmarks: true,
    })) {
      seen.push(event.type);
      if (event.type === "BOOKMARK") controller.abort();
    }
    assert.equal(seen.at(-1), "BOOKMARK");
    for await (const event of maps().watch({ signal: controller.signal })) assert.fail(event.type);
  });

  test("a watch that cannot be opened fails with the server's Status", async () => {
    await assert.rejects(async () => {
      for await (const _ of client().transport.watch({
        method: "GET",
        path: "/nowhere",
        query: new URLSearchParams("watch=true"),
      }));
    }, isNotFound);
  });
}
