import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, isConflict, isExpired } from "../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { Transport, TransportRequest, WatchEvent } from "../apimachinery/resource/transport.ts";
import { BoundedQueue } from "../base/queue.ts";
import { SeededRandom } from "../base/seeded-random.ts";
import { VirtualClock } from "../base/virtual-clock.ts";
import { createClient } from "./client.ts";
import type { List, ListOptions } from "./options.ts";
import { listPages, listWhole } from "./pager.ts";
import { resourcePath } from "./paths.ts";
import { retryOnConflict } from "./retry.ts";

interface Thing extends ApiObject {
  readonly spec?: { readonly replicas?: number };
}
const pods = { group: "", version: "v1", kind: "Pod", plural: "pods", scope: "Namespaced" } as const;
const deployments = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  scope: "Namespaced",
} as const;
const clusterRoles = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  scope: "Cluster",
} as const;

/** A transport that remembers what was asked, as `METHOD path?query` and the rest. */
function recording() {
  const requests: TransportRequest[] = [];
  const transport: Transport = {
    request: async (request) => {
      requests.push(request);
      return { status: 200, object: { items: [], metadata: {} }, warnings: [] };
    },
    watch(request) {
      requests.push(request);
      const nothing = new BoundedQueue<WatchEvent>(1);
      nothing.close();
      return nothing;
    },
    close: async () => {},
  };
  const lines = () =>
    requests.map(
      ({ method, path, query }) => `${method} ${path}${query ? `?${decodeURIComponent(String(query))}` : ""}`,
    );
  return { requests, lines, client: createClient(transport, { fieldManager: "tester" }) };
}

test("paths follow group, namespace, name and subresource", () => {
  const cases: [string, string][] = [
    [resourcePath(pods), "/api/v1/pods"],
    [resourcePath(pods, { namespace: "a" }), "/api/v1/namespaces/a/pods"],
    [
      resourcePath(deployments, { namespace: "a", name: "b", subresource: "scale" }),
      "/apis/apps/v1/namespaces/a/deployments/b/scale",
    ],
    [
      resourcePath(pods, { namespace: "a", name: "b", subresource: "proxy/x y/z" }),
      "/api/v1/namespaces/a/pods/b/proxy/x%20y/z",
    ],
    [
      resourcePath(clusterRoles, { namespace: "a", name: "system:node" }),
      "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
    ],
    [resourcePath(clusterRoles, { name: "a/b%c" }), "/apis/rbac.authorization.k8s.io/v1/clusterroles/a%2Fb%25c"],
  ];
  for (const [actual, expected] of cases) assert.equal(actual, expected);
});

test("each call becomes its request", async () => {
  const { client, lines, requests } = recording();
  const things = client.resource<Thing>(deployments, "ns");
  await things.get("web", { resourceVersion: "0" });
  await things.list({ limit: 5, continue: "token", labelSelector: "a=b", fieldSelector: "metadata.name=x" });
  await things.create(
    { metadata: { name: "web" }, spec: { replicas: 1 } },
    { dryRun: true, fieldValidation: "Strict" },
  );
  await things.update({ metadata: { name: "web" } }, { fieldManager: "other" });
  await things.updateStatus({ metadata: { name: "web" } });
  await things.patch(
    "web",
    { type: "json", body: [{ op: "remove", path: "/spec/replicas" }] },
    { subresource: "status" },
  );
  await things.patch("web", { type: "merge", body: { spec: null } });
  await things.patch("web", { type: "strategic", body: {} });
  await things.apply({ metadata: { name: "web" } }, { force: true });
  await things.delete("web");
  await things.delete("web", {
    gracePeriodSeconds: 0,
    propagationPolicy: "Foreground",
    preconditions: { uid: "u" },
    dryRun: true,
  });
  await things.deleteCollection({ labelSelector: "a=b", propagationPolicy: "Background" });
  await things.scale("web").update({ spec: { replicas: 3 } });
  for await (const _ of things.watch({ resourceVersion: "5", allowWatchBookmarks: true, timeoutSeconds: 300 }));
  await client.get("/version");
  const root = "/apis/apps/v1/namespaces/ns/deployments";
  assert.deepEqual(lines(), [
    `GET ${root}/web?resourceVersion=0`,
    `GET ${root}?labelSelector=a=b&fieldSelector=metadata.name=x&limit=5&continue=token`,
    `POST ${root}?fieldValidation=Strict&dryRun=All&fieldManager=tester`,
    `PUT ${root}/web?fieldManager=other`,
    `PUT ${root}/web/status?fieldManager=tester`,
    `PATCH ${root}/web/status?fieldManager=tester`,
    `PATCH ${root}/web?fieldManager=tester`,
    `PATCH ${root}/web?fieldManager=tester`,
    `PATCH ${root}/web?force=true&fieldManager=tester`,
    `DELETE ${root}/web`,
    `DELETE ${root}/web`,
    `DELETE ${root}?labelSelector=a=b`,
    `PUT ${root}/web/scale?fieldManager=tester`,
    `GET ${root}?resourceVersion=5&timeoutSeconds=300&allowWatchBookmarks=true&watch=true`,
    "GET /version",
  ]);
  assert.deepEqual(requests[2]?.body, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: { replicas: 1 },
  });
  assert.deepEqual(
    requests.flatMap(({ contentType }) => contentType ?? []),
    [
      "application/json-patch+json",
      "application/merge-patch+json",
      "application/strategic-merge-patch+json",
      "application/apply-patch+yaml",
    ],
  );
  assert.equal(requests[9]?.body, undefined);
  assert.deepEqual(requests[10]?.body, {
    kind: "DeleteOptions",
    apiVersion: "v1",
    gracePeriodSeconds: 0,
    preconditions: { uid: "u" },
    propagationPolicy: "Foreground",
    dryRun: ["All"],
  });
});

test("without a namespace, writes take the object's and the rest is refused before it is sent", async () => {
  const { client, lines } = recording();
  const things = client.resource<Thing>(pods);
  await things.create({ metadata: { name: "a", namespace: "own" } });
  await things.list();
  await assert.rejects(things.get("a"), /a Pod is of a namespace, and none was given/);
  await assert.rejects(things.create({ metadata: { name: "a" } }), /none was given/);
  await assert.rejects(things.namespace("x").get(""), /a Pod's name is required/);
  assert.deepEqual(lines(), ["POST /api/v1/namespaces/own/pods?fieldManager=tester", "GET /api/v1/pods"]);
});

test("items of a typed list get the kind that the server left out", async () => {
  const { client } = recording();
  const answer = { metadata: { resourceVersion: "3" }, items: [{ metadata: { name: "a" } }] };
  client.transport.request = async () => ({ status: 200, object: answer, warnings: [] });
  const { items } = await client.resource(deployments).list();
  assert.deepEqual(items, [{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" } }]);
});

test("an expired page ends pages with its error, yet a whole list starts over without pages", async () => {
  const asked: ListOptions[] = [];
  const list = async (options: ListOptions): Promise<List<number>> => {
    asked.push(options);
    if (options.limit === undefined) return { metadata: { resourceVersion: "9" }, items: [1, 2, 3] };
    if (options.continue !== undefined) throw ApiError.expired("The provided continue parameter is too old");
    return { metadata: { resourceVersion: "8", continue: "more" }, items: [1] };
  };
  await assert.rejects(async () => {
    for await (const _ of listPages(list));
  }, isExpired);
  asked.length = 0;
  assert.deepEqual(await listWhole(list, { resourceVersion: "0", labelSelector: "a" }), {
    metadata: { resourceVersion: "9" },
    items: [1, 2, 3],
  });
  assert.deepEqual(asked, [
    { resourceVersion: "0", labelSelector: "a", limit: 500 },
    { labelSelector: "a", limit: 500, continue: "more" },
    { resourceVersion: "0", labelSelector: "a" },
  ]);
});

test("a conflict is tried again, five times in all; other failures are not", async () => {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  let attempts = 0;
  const conflict = () => ApiError.conflict({ group: "", resource: "pods" }, "a");
  const answer = retryOnConflict(
    async () => {
      if (++attempts < 3) throw conflict();
      return "done";
    },
    { clock, random },
  );
  assert.equal(await clock.runUntil(answer), "done");
  attempts = 0;
  const failing = (error: () => Error) =>
    clock.runUntil(
      retryOnConflict(
        () => {
          attempts++;
          return Promise.reject(error());
        },
        { clock, random },
      ),
    );
  await assert.rejects(failing(conflict), isConflict);
  assert.equal(attempts, 5);
  await assert.rejects(
    failing(() => new Error("other")),
    /other/,
  );
  assert.equal(attempts, 6);
});
