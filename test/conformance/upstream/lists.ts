import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeProtobuf } from "../../../api/protobuf.ts";
import { isRefused } from "../../support/api-operations.ts";
import type { ThingList, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const total = 120;
const nameOf = (i: number): string => `template-${String(i).padStart(4, "0")}`;

async function makeTemplates(templates: TypedResource, count: number): Promise<void> {
  const template = { spec: { containers: [{ name: "test", image: "test2" }] } };
  await Promise.all(
    Array.from({ length: count }, (_, i) => templates.create({ metadata: { name: nameOf(i) }, template })),
  );
}

/** Reads page after page and holds each to what a page promises; the answer is how many were found. */
async function pagesFrom(templates: TypedResource, limit: number, { from = "", found = 0 } = {}): Promise<number> {
  let token = from;
  let version: string | undefined;
  do {
    const page: ThingList = await templates.list(token === "" ? { limit } : { limit, continue: token });
    assert.ok(page.items.length <= limit);
    version ??= page.metadata.resourceVersion;
    assert.equal(page.metadata.resourceVersion, version);
    for (const { metadata } of page.items) assert.equal(metadata.name, nameOf(found++));
    token = page.metadata.continue ?? "";
    assert.equal(page.metadata.remainingItemCount, token === "" ? undefined : total - found);
  } while (token !== "");
  return found;
}

describeUpstream(
  "Lists and watches",
  (use) => {
    let templates: TypedResource;
    test("should return chunks of results for list calls", async () => {
      templates = use.typed("podtemplates", await use.makeNamespace());
      await makeTemplates(templates, total);
      for (let i = 0; i < 3; i++) assert.equal(await pagesFrom(templates, 17), total);
      assert.equal((await templates.list({ limit: total + 1 })).items.length, total);
    });

    test("should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent", async () => {
      const limit = total / 10;
      const first = await templates.list({ limit });
      const token = first.metadata.continue!;
      assert.equal((await templates.list({ limit, continue: token })).items.length, limit);
      // Somebody writes, and the revision of the first page goes.
      const configMaps = use.typed("configmaps", "default");
      const { metadata } = await configMaps.create({ metadata: { name: "later" } });
      await use.https.storage.compact(Number(metadata.resourceVersion));
      const refusal = await isRefused(templates.list({ limit, continue: token }), 410);
      assert.equal(refusal.status["reason"], "Expired");
      const inconsistent = (refusal.status.metadata as unknown as { continue: string }).continue;
      assert.ok(inconsistent !== "" && inconsistent !== token);
      const second = await templates.list({ limit, continue: inconsistent });
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      assert.deepEqual([second.items.length, second.items[0]?.metadata.name], [limit, nameOf(limit)]);
      assert.equal(second.metadata.remainingItemCount, total - 2 * limit);
      const from = second.metadata.continue!;
      assert.equal(await pagesFrom(templates, limit, { from, found: 2 * limit }), total);
    });

    const tables = { accept: "application/json;as=Table;v=v1beta1;g=meta.k8s.io" };
    interface Table {
      readonly apiVersion: string;
      readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
      readonly columnDefinitions: readonly { readonly name: string }[];
      readonly rows: readonly { readonly cells: readonly unknown[] }[];
    }
    const table = async (path: string): Promise<Table> => {
      const answer = await use.admin.call({ path, headers: tables });
      assert.equal(answer.status, 200, answer.text);
      return answer.json as Table;
    };

    test("should return pod details", async () => {
      const namespace = await use.makeNamespace();
      const pods = use.typed("pods", namespace);
      await pods.create({
        metadata: { name: "pod-1" },
        spec: { restartPolicy: "Never", containers: [{ name: "agnhost", image: "agnhost" }] },
      });
      const { columnDefinitions, rows, apiVersion } = await table(`${pods.path}/pod-1`);
      assert.equal(apiVersion, "meta.k8s.io/v1beta1");
      assert.ok(columnDefinitions.length > 2);
      assert.deepEqual([rows.length, rows[0]?.cells.length], [1, columnDefinitions.length]);
      assert.deepEqual([columnDefinitions[0]?.name, rows[0]?.cells[0]], ["Name", "pod-1"]);
    });

    test("should return chunks of table results for list calls", async () => {
      const first = await table(`${templates.path}?limit=2`);
      assert.deepEqual(
        first.rows.map(({ cells }) => cells[0]),
        [nameOf(0), nameOf(1)],
      );
      assert.ok(first.metadata.resourceVersion);
      const token = encodeURIComponent(first.metadata.continue ?? "");
      assert.equal((await table(`${templates.path}?continue=${token}`)).rows[0]?.cells[0], nameOf(2));
    });

    test("should return generic metadata details across all namespaces for nodes", async () => {
      await use.typed("nodes").create({ metadata: { name: "node-1" } });
      const { columnDefinitions, rows, metadata } = await table("/api/v1/nodes");
      assert.equal(rows[0]?.cells.length, columnDefinitions.length);
      assert.ok(columnDefinitions[0]?.name === "Name" && metadata.resourceVersion);
    });

    test("should return a 406 for a backend which does not implement metadata", async () => {
      const body = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { nonResourceAttributes: { path: "/", verb: "get" } },
      };
      const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      const answer = await use.admin.call({ method: "POST", path, headers: { accept }, body });
      assert.equal(answer.status, 406);
      assert.deepEqual(
        [(answer.json as { code: number }).code, (answer.json as { reason: string }).reason],
        [406, "NotAcceptable"],
      );
    });

    for (const accept of [
      "application/json",
      "application/vnd.kubernetes.protobuf",
      "application/vnd.kubernetes.protobuf,application/json",
      "application/json,application/vnd.kubernetes.protobuf",
    ]) {
      test(`watch and report errors with accept "${accept}"`, async () => {
        const { path } = use.typed("configmaps", await use.makeNamespace());
        const query = `watch=true&fieldSelector=metadata.name%3Da`;
        const isJson = accept.startsWith("application/json");
        const type = isJson ? "application/json" : "application/vnd.kubernetes.protobuf;stream=watch";
        const bytes = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
          for await (const chunk of chunks) yield chunk;
        };
        const watch = await use.admin.watch(`${path}?${query}`, { accept }, bytes);
        assert.deepEqual([watch.status, watch.headers["content-type"]], [200, type]);
        await use.admin.call({ method: "POST", path, body: { metadata: { name: "a" } } });
        const chunk = (await watch.next()) as Buffer;
        if (isJson) assert.equal((JSON.parse(chunk.toString()) as { type: string }).type, "ADDED");
        else assert.match(chunk.toString("latin1"), /ADDED.*k8s\0.*ConfigMap/s);
        watch.cancel();
        // Refused before it began: the answer is a Status in the first form that is taken.
        const refused = await use.admin.call({ path: `${path}?watch=true&resourceVersion=x`, headers: { accept } });
        const status = isJson ? refused.json : decodeProtobuf(refused.body);
        assert.equal((status as { reason: string }).reason, "Invalid");
      });
    }
  },
  { controllers: false },
);
