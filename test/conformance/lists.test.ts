import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configMaps,
  create,
  expect,
  failure,
  onBothProtocols,
  revision,
  type Seen,
  seen,
} from "../support/conformance.ts";
import type { HttpClient } from "../support/http.ts";

const names = (list: Seen): string[] => (list.items ?? []).map(({ metadata }) => metadata.name);

const list = async (client: HttpClient, query: string): Promise<Seen> =>
  seen(await expect(client, { path: `${configMaps}?${query}` }, 200));

const tooLarge = (wanted: number, current: number): object =>
  failure(504, "Timeout", `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });

onBothProtocols("lists", (subject) => {
  test("a list has kind, version and revision; its items name neither kind nor version", async () => {
    const { admin } = subject();
    const { metadata } = await create(admin, "shape", { metadata: { labels: { of: "shape" } }, data: { a: "1" } });
    const answer = await list(admin, "labelSelector=of%3Dshape");
    assert.deepEqual(Object.keys(answer), ["kind", "apiVersion", "metadata", "items"]);
    assert.deepEqual([answer.kind, answer.apiVersion], ["ConfigMapList", "v1"]);
    assert.deepEqual(answer.items, [{ metadata, data: { a: "1" } }]);
    const empty = await list(admin, "labelSelector=of%3Dnothing");
    assert.deepEqual(empty, {
      kind: "ConfigMapList",
      apiVersion: "v1",
      metadata: { resourceVersion: metadata.resourceVersion },
      items: [],
    });
  });

  test("each resourceVersion with each match shows the state it promises", async () => {
    const { admin } = subject();
    const select = "labelSelector=of%3Dversions";
    const labels = { of: "versions" };
    const first = await create(admin, "v1", { metadata: { labels } });
    const second = await create(admin, "v2", { metadata: { labels } });
    await expect(admin, { method: "DELETE", path: `${configMaps}/v1` }, 200);
    const now = await revision(admin);
    const at = Number(second.metadata.resourceVersion);
    const cases: readonly [query: string, items: string[], resourceVersion: number][] = [
      ["", ["v2"], now],
      ["resourceVersion=0", ["v2"], now],
      ["resourceVersion=0&resourceVersionMatch=NotOlderThan", ["v2"], now],
      [`resourceVersion=${at}`, ["v2"], now],
      [`resourceVersion=${at}&resourceVersionMatch=NotOlderThan`, ["v2"], now],
      [`resourceVersion=${at}&resourceVersionMatch=Exact`, ["v1", "v2"], at],
      [
        `resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`,
        ["v1"],
        Number(first.metadata.resourceVersion),
      ],
      [`resourceVersion=${now}&resourceVersionMatch=Exact`, ["v2"], now],
      ["limit=5", ["v2"], now],
      ["limit=5&resourceVersion=0", ["v2"], now],
      [`limit=5&resourceVersion=${at}&resourceVersionMatch=NotOlderThan`, ["v2"], now],
      [`limit=5&resourceVersion=${at}&resourceVersionMatch=Exact`, ["v1", "v2"], at],
    ];
    for (const [query, items, resourceVersion] of cases) {
      const answer = await list(admin, `${select}&${query}`);
      assert.deepEqual([names(answer), answer.metadata.resourceVersion], [items, String(resourceVersion)], query);
    }
  });

  test("a revision that has not come is waited for, then a Timeout that says where the server is", async () => {
    const { admin } = subject();
    const now = await revision(admin);
    const future = now + 1_000_000;
    const paths = [
      `${configMaps}?resourceVersion=${future}`,
      `${configMaps}?resourceVersion=${future}&resourceVersionMatch=Exact`,
      `${configMaps}/any?resourceVersion=${future}`,
      `${configMaps}?watch=1&resourceVersion=${future}&resourceVersionMatch=NotOlderThan&sendInitialEvents=true`,
    ];
    const answers = await Promise.all(paths.map((path) => expect(admin, { path }, 504, tooLarge(future, now))));
    for (const { headers } of answers) {
      assert.equal(headers["retry-after"], "1");
    }
  });

  test("a revision that is about to come is waited for", async () => {
    const { admin } = subject();
    const now = await revision(admin);
    const waiting = list(admin, `resourceVersion=${now + 1}&fieldSelector=metadata.name%3Dawaited`);
    await create(admin, "awaited");
    assert.deepEqual(names(await waiting), ["awaited"]);
  });

  test("pages are one state of the store, whatever is written meanwhile", async () => {
    const { admin } = subject();
    const path = "/api/v1/namespaces/kube-public/configmaps";
    for (const name of ["a", "b", "c", "d", "e"]) {
      await expect(admin, { method: "POST", path, body: { metadata: { name } } }, 201);
    }
    const page = async (query: string): Promise<Seen> => seen(await expect(admin, { path: `${path}?${query}` }, 200));
    const one = await page("limit=2");
    assert.deepEqual([names(one), one.metadata.remainingItemCount], [["a", "b"], 3]);
    await expect(admin, { method: "DELETE", path: `${path}/c` }, 200);
    await expect(admin, { method: "POST", path, body: { metadata: { name: "cc" } } }, 201);
    const two = await page(`limit=2&continue=${one.metadata.continue}`);
    assert.deepEqual([names(two), two.metadata.remainingItemCount], [["c", "d"], 1]);
    const three = await page(`limit=2&continue=${two.metadata.continue}`);
    assert.deepEqual([names(three), three.metadata.continue], [["e"], undefined]);
    assert.equal(new Set([one, two, three].map(({ metadata }) => metadata.resourceVersion)).size, 1);
    const again = await page(`limit=2&continue=${one.metadata.continue}&resourceVersion=0`);
    assert.deepEqual(names(again), ["c", "d"]);
    assert.equal((await page("limit=2&labelSelector=a!%3Db")).metadata.remainingItemCount, undefined);
  });

  test("once history is gone, a token is Expired and its answer brings one for the rest as it is now", async () => {
    const { admin, https } = subject();
    const path = "/api/v1/namespaces/kube-node-lease/configmaps";
    for (const name of ["a", "b", "c"]) {
      await expect(admin, { method: "POST", path, body: { metadata: { name } } }, 201);
    }
    const one = seen(await expect(admin, { path: `${path}?limit=1` }, 200));
    await expect(admin, { method: "DELETE", path: `${path}/b` }, 200);
    await https.storage.compact(await revision(admin));
    const refused = seen(await expect(admin, { path: `${path}?limit=1&continue=${one.metadata.continue}` }, 410));
    assert.deepEqual(
      { ...refused, metadata: {} },
      failure(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
      ),
    );
    const rest = seen(await expect(admin, { path: `${path}?continue=${refused.metadata.continue}` }, 200));
    assert.deepEqual(names(rest), ["c"]);
    await expect(
      admin,
      { path: `${path}?resourceVersion=${one.metadata.resourceVersion}&resourceVersionMatch=Exact` },
      410,
      failure(410, "Expired", "The resourceVersion for the provided list is too old."),
    );
  });

  test("label and field selectors choose", async () => {
    const { admin } = subject();
    await create(admin, "s1", { metadata: { labels: { app: "x", tier: "1" } } });
    await create(admin, "s2", { metadata: { labels: { app: "x", tier: "2" } } });
    await create(admin, "s3", { metadata: { labels: { app: "y" } } });
    const chosen = async (query: string) => names(await list(admin, query));
    assert.deepEqual(await chosen("labelSelector=app%3Dx"), ["s1", "s2"]);
    assert.deepEqual(await chosen("labelSelector=app%3Dx,tier!%3D1"), ["s2"]);
    assert.deepEqual(await chosen("labelSelector=app%20in%20(x,y),!tier"), ["s3"]);
    assert.deepEqual(await chosen("labelSelector=tier%3E1"), ["s2"]);
    assert.deepEqual(await chosen("fieldSelector=metadata.name%3Ds2"), ["s2"]);
    assert.deepEqual(await chosen("fieldSelector=metadata.name!%3Ds2&labelSelector=app%3Dx"), ["s1"]);
    assert.deepEqual(await chosen("fieldSelector=metadata.namespace%3Dother"), []);
  });

  test("deletecollection deletes what the list would show, and answers with it", async () => {
    const { admin } = subject();
    await create(admin, "d1", { metadata: { labels: { of: "deletion" } } });
    await create(admin, "d2", { metadata: { labels: { of: "deletion" }, finalizers: ["example.com/hold"] } });
    const path = `${configMaps}?labelSelector=of%3Ddeletion`;
    const dry = seen(await expect(admin, { method: "DELETE", path: `${path}&dryRun=All` }, 200));
    assert.deepEqual([dry.kind, names(dry)], ["ConfigMapList", ["d1", "d2"]]);
    assert.deepEqual(names(await list(admin, "labelSelector=of%3Ddeletion")), ["d1", "d2"]);
    await expect(admin, { method: "DELETE", path }, 200);
    const left = await list(admin, "labelSelector=of%3Ddeletion");
    assert.deepEqual(names(left), ["d2"]);
    assert.ok(left.items?.[0]?.metadata.deletionTimestamp);
  });
});
