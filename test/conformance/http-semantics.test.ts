import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, create, expect, onBothProtocols, revision, seen } from "../support/conformance.ts";
import type { Answer } from "../support/http.ts";

// Behaviour: test/integration/apiserver (apiserver_test, max_request_body_bytes, subresource_auth).

const replicaSets = "/apis/apps/v1/namespaces/default/replicasets";
const asTable = { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" };
const replicaSet = (name: string, more: object = {}) => ({
  metadata: { name, ...more },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
});

onBothProtocols("semantics of HTTP", (subject) => {
  test("no answer may be kept by a cache that others share", async () => {
    const { admin } = subject();
    const paths = ["/", "/healthz", "/openapi/v2", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1"];
    for (const path of [...paths, "/api/v1/namespaces", "/apis/apps/v1/deployments"]) {
      const { headers } = await expect(admin, { path }, 200);
      assert.equal(headers["cache-control"], "no-cache, private", path);
    }
  });

  test("a deletion that goes on is Accepted where its dependents are to go first, and OK otherwise", async () => {
    const { admin } = subject();
    const remove = async (name: string, more: object, body: object | undefined, code: number) => {
      await expect(admin, { method: "POST", path: replicaSets, body: replicaSet(name, more) }, 201);
      const call = { method: "DELETE", path: `${replicaSets}/${name}` };
      await expect(admin, body === undefined ? call : { ...call, body }, code);
    };
    const held = { finalizers: ["kube.io/dummy"] };
    const cascade = { kind: "DeleteOptions", apiVersion: "v1", orphanDependents: false };
    await remove("plain", {}, undefined, 200);
    await remove("held", held, undefined, 200);
    await remove("cascaded", {}, cascade, 200);
    await remove("held-and-cascaded", held, cascade, 202);
  });

  test("limit, continue, resourceVersion and its match go together or are refused, in every combination", async () => {
    const { admin, https } = subject();
    await expect(admin, { method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: "combined" } } }, 201);
    const path = "/api/v1/namespaces/combined/secrets";
    for (let i = 0; i < 10; i++) {
      await expect(admin, { method: "POST", path, body: { metadata: { name: `s${i}` } } }, 201);
    }
    await https.storage.compact(await revision(admin));
    const first = seen(await expect(admin, { path: `${path}?limit=6` }, 200));
    const tokens = ["", first.metadata.continue!, "invalidContinueToken"];
    for (const limit of [0, 6]) {
      for (const [t, token] of tokens.entries()) {
        for (const version of ["", "0", "1", "invalid"]) {
          for (const match of ["", "NotOlderThan", "Exact", "InvalidMatch"]) {
            const query = new URLSearchParams({ limit: String(limit), continue: token, resourceVersion: version });
            query.set("resourceVersionMatch", match);
            const answer = seen(await admin.call({ path: `${path}?${query}` }));
            const wanted = expectedList({ limit, token: t, version, match });
            const shown = `limit ${limit}, token ${t}, version ${version}, match ${match}: ${String(answer.message)}`;
            if (typeof wanted === "number") assert.equal(answer.items?.length, wanted, shown);
            else assert.match(String(answer.message), wanted, shown);
          }
        }
      }
    }
  });

  test("what is larger than three mebibytes is refused unread", async () => {
    const { admin } = subject();
    await create(admin, "large");
    const body = "x".repeat(3 * 1024 * 1024 + 1);
    const tooLarge = async (method: string, path: string, type: string) => {
      const answer = await expect(admin, { method, path, headers: { "content-type": type }, body }, 413);
      assert.equal((answer.json as { reason: string }).reason, "RequestEntityTooLarge");
    };
    await tooLarge("POST", configMaps, "application/json");
    await tooLarge("POST", configMaps, "application/yaml");
    await tooLarge("PUT", `${configMaps}/large`, "application/json");
    await tooLarge("DELETE", `${configMaps}/large`, "application/json");
    await tooLarge("PATCH", `${configMaps}/large`, "application/json-patch+json");
  });

  test("a million brackets are a bad request, whatever they are written in", async () => {
    const { admin } = subject();
    await create(admin, "nested");
    const open = "[".repeat(1_500_000);
    const whole = `${open}${"]".repeat(1_500_000)}`;
    const send = async (method: string, type: string, body: string) => {
      const path = method === "POST" ? configMaps : `${configMaps}/nested?fieldManager=m`;
      await expect(admin, { method, path, headers: { "content-type": type }, body }, 400);
    };
    await send("POST", "application/json", `{"values":${whole}}`);
    await send("POST", "application/json", `{"values":${open}`);
    await send("POST", "application/yaml", `values: ${whole}`);
    await send("POST", "application/yaml", `values: ${open}`);
    await send("PATCH", "application/json-patch+json", `[{"op":"add","path":"/foo","value":${whole}}]`);
    await send("PATCH", "application/merge-patch+json", `{"value":${whole}}`);
    await send("PATCH", "application/strategic-merge-patch+json", `{"value":${whole}}`);
    await send("PATCH", "application/apply-patch+yaml", `{"value":${whole}}`);
  });

  test("subresources are shown as tables", async () => {
    const { admin } = subject();
    await expect(admin, { method: "POST", path: replicaSets, body: replicaSet("tabled") }, 201);
    for (const subresource of ["status", "scale"]) {
      const table = await expect(admin, { path: `${replicaSets}/tabled/${subresource}`, headers: asTable }, 200);
      assert.equal(seen(table).kind, "Table", subresource);
    }
  });

  test("an owner that is named twice is named once, with a warning that says when", async () => {
    const { admin } = subject();
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: "0a" };
    const warning = (after: string) =>
      `299 - ".metadata.ownerReferences contains duplicate entries${after}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: 0a"`;
    const told = ({ headers, json }: Answer) => [
      headers["warning"],
      (json as { metadata: { ownerReferences?: object[] } }).metadata.ownerReferences,
    ];
    const twice = { metadata: { name: "twice", ownerReferences: [owner, owner] } };
    const made = await expect(admin, { method: "POST", path: configMaps, body: twice }, 201);
    assert.deepEqual(told(made), [warning(""), [owner]]);
    const put = await expect(admin, { method: "PUT", path: `${configMaps}/twice`, body: twice }, 200);
    assert.deepEqual(told(put), [warning(""), [owner]]);
    const headers = { "content-type": "application/json-patch+json" };
    const body = JSON.stringify([{ op: "add", path: "/metadata/ownerReferences/-", value: owner }]);
    const patched = await expect(admin, { method: "PATCH", path: `${configMaps}/twice`, headers, body }, 200);
    assert.deepEqual(told(patched), [warning(" after mutating admission happens"), [owner]]);
  });

  test("who may get a pod's connections may not open them", async () => {
    const { admin, as, https } = subject();
    const own = "/api/v1/namespaces/default";
    await expect(
      admin,
      { method: "POST", path: `${own}/serviceaccounts`, body: { metadata: { name: "default" } } },
      201,
    );
    const pod = { metadata: { name: "closed" }, spec: { containers: [{ name: "c", image: "i" }] } };
    await expect(admin, { method: "POST", path: `${own}/pods`, body: pod }, 201);
    const roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    const resources = ["pods/exec", "pods/attach", "pods/portforward"];
    const rules = [{ apiGroups: [""], resources, verbs: ["get"] }];
    await expect(admin, { method: "POST", path: `${roles}/roles`, body: { metadata: { name: "getter" }, rules } }, 201);
    const binding = {
      metadata: { name: "getter" },
      subjects: [{ kind: "User", name: "getter", apiGroup: "rbac.authorization.k8s.io" }],
      roleRef: { kind: "Role", name: "getter", apiGroup: "rbac.authorization.k8s.io" },
    };
    await expect(admin, { method: "POST", path: `${roles}/rolebindings`, body: binding }, 201);
    const getter = as(https.issue({ commonName: "getter" }));
    for (const subresource of ["exec", "attach", "portforward"]) {
      const path = `${own}/pods/closed/${subresource}?command=x&stdout=true`;
      await expect(getter, { path }, 403);
      const { status } = await admin.call({ path });
      assert.ok(status >= 400 && status !== 403, `${subresource} ${status}`);
    }
  });

  test("requests are counted by verb, scope and code (test/integration/metrics)", async () => {
    const { admin } = subject();
    const namespaces = "/api/v1/namespaces";
    await expect(admin, { method: "POST", path: namespaces, body: { metadata: { name: "counted" } } }, 201);
    await expect(admin, { path: `${namespaces}/counted` }, 200);
    await expect(admin, { path: namespaces }, 200);
    const { text } = await expect(admin, { path: "/metrics" }, 200);
    const counted = (code: number, scope: string, verb: string) =>
      `apiserver_request_total{code="${code}",component="apiserver",dry_run="",group="",resource="namespaces",scope="${scope}",subresource="",verb="${verb}",version="v1"} `;
    for (const line of [
      counted(201, "resource", "POST"),
      counted(200, "resource", "GET"),
      counted(200, "cluster", "LIST"),
    ]) {
      assert.ok(text.includes(line), line);
    }
  });
});

interface Listing {
  readonly limit: number;
  /** 0: none, 1: a good one, 2: a bad one. */
  readonly token: number;
  /** "1" is compacted. */
  readonly version: string;
  readonly match: string;
}

/** How many items, or what the refusal says (TestListOptions). */
function expectedList({ limit, token, version, match }: Listing): number | RegExp {
  if (version === "" && match !== "") return /resourceVersionMatch is forbidden unless resourceVersion is provided/;
  if (token > 0 && match !== "") return /resourceVersionMatch is forbidden when continue is provided/;
  if (match === "InvalidMatch") return /supported values: "Exact", "NotOlderThan", ""/;
  if (match === "Exact" && version === "0") return /resourceVersionMatch "exact" is forbidden for resourceVersion "0"/;
  if (token === 2) return /continue key is not valid/;
  if (token === 1 && version !== "" && version !== "0") {
    return /specifying resource version is not allowed when using continue/;
  }
  if (version === "invalid") return /Invalid value/;
  if (version === "1" && (match === "Exact" || (limit > 0 && match === ""))) {
    return /The resourceVersion for the provided list is too old/;
  }
  if (token === 1) return 4;
  return limit > 0 && version !== "0" ? 6 : 10;
}
