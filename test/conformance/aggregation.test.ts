import assert from "node:assert/strict";
import { request as httpsRequest } from "node:https";
import { after, before, describe, it } from "node:test";
import { expect, failure } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type ExtensionServer, loopbackBackend, startExtensionServer } from "../support/extension-server.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const registration = "/apis/apiregistration.k8s.io/v1/apiservices";
const group = "wardle.example.com";
const aggregated = { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" };

interface Seen {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly groupPriorityMinimum: number; readonly versionPriority: number };
  readonly status: {
    readonly conditions?: readonly { readonly status: string; readonly reason: string; readonly message: string }[];
  };
}
interface Groups {
  readonly groups: readonly { readonly name: string; readonly preferredVersion: { readonly version: string } }[];
}
interface Discovery {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly freshness: string;
      readonly resources?: readonly object[];
    }[];
  }[];
}

describe("aggregation", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let extension: ExtensionServer;

  const condition = async (name = `v1.${group}`) => {
    const { json } = await expect(admin, { path: `${registration}/${name}` }, 200);
    const { status, reason, message } = (json as Seen).status.conditions?.[0] ?? {
      status: "",
      reason: "",
      message: "",
    };
    return [status, reason, message];
  };
  const becomes = (wanted: readonly string[]) =>
    eventually(async () => assert.deepEqual(await condition(), wanted), { timeoutMs: 15_000 });
  const create = (path: string, body: object) => expect(admin, { method: "POST", path, body }, 201);
  const patch = (path: string, body: object, status = 200) =>
    expect(admin, { method: "PATCH", path, headers: { "content-type": "application/merge-patch+json" }, body }, status);

  before(async () => {
    extension = await startExtensionServer(group, "api.wardle.svc");
    https = await startHttpsServer({ backend: loopbackBackend() });
    admin = clientOf.h2(https.port, https.admin);
  });
  after(async () => {
    admin.close();
    await https.close();
    await extension.close();
  });

  it("registers what the server answers itself, in upstream's order", async () => {
    const { json } = await expect(admin, { path: registration }, 200);
    const { items } = json as { readonly items: readonly Seen[] };
    const found = new Map(
      items.map(({ metadata, spec }) => [metadata.name, [spec.groupPriorityMinimum, spec.versionPriority]]),
    );
    assert.deepEqual(found.get("v1."), [18_000, 1]);
    assert.deepEqual(found.get("v1.apps"), [17_800, 15]);
    assert.deepEqual(found.get("v2.autoscaling"), [17_500, 30]);
    assert.deepEqual(found.get("v1.flowcontrol.apiserver.k8s.io"), [16_100, 21]);
    assert.ok(!found.has("v1.apiregistration.k8s.io"));
    assert.ok(
      items.every(({ metadata }) => metadata.labels?.["kube-aggregator.kubernetes.io/automanaged"] === "onstart"),
    );
    assert.deepEqual(await condition("v1.apps"), ["True", "Local", "Local APIServices are always available"]);
  });

  it("tells extension servers how to know their users", async () => {
    const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    const { json } = await expect(admin, { path }, 200);
    const { data } = json as { readonly data: Readonly<Record<string, string>> };
    assert.equal(data["client-ca-file"], https.ca);
    assert.match(data["requestheader-client-ca-file"]!, /BEGIN CERTIFICATE/);
    assert.equal(data["requestheader-allowed-names"], '["front-proxy-client"]');
    assert.equal(data["requestheader-username-headers"], '["X-Remote-User"]');
    assert.equal(data["requestheader-group-headers"], '["X-Remote-Group"]');
    assert.equal(data["requestheader-extra-headers-prefix"], '["X-Remote-Extra-"]');
    await expect(admin, { method: "DELETE", path }, 200);
    await eventually(() => expect(admin, { path }, 200));
  });

  it("refuses what makes no sense, in upstream's words", async () => {
    const body = {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v2.other" },
      spec: {
        version: "1",
        groupPriorityMinimum: 20_001,
        versionPriority: 0,
        insecureSkipTLSVerify: true,
        caBundle: "YQ==",
      },
    };
    const { json } = await expect(admin, { method: "POST", path: registration, body }, 422);
    assert.deepEqual(
      (json as { details: { causes: readonly object[] } }).details.causes.map((cause) =>
        Object.values(cause).slice(1).reverse().join(": "),
      ),
      [
        'metadata.name: Invalid value: "v2.other": must be `spec.version+"."+spec.group`: "1."',
        "spec.group: Required value: only v1 may have an empty group and it better be legacy kube",
        `spec.version: Invalid value: "1": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
        "spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000",
        "spec.versionPriority: Invalid value: 0: must be positive and less than 1000",
        'spec.caBundle: Invalid value: "1 bytes": local APIServices may not have a caBundle',
        "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify",
      ],
    );
  });

  it("says step by step why a service does not answer, and 503 to whoever asks it", async () => {
    await create("/api/v1/namespaces", { metadata: { name: "wardle" } });
    await create(registration, {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: `v1.${group}` },
      spec: {
        group,
        version: "v1",
        groupPriorityMinimum: 1_000,
        versionPriority: 15,
        caBundle: extension.caBundle,
        service: { namespace: "wardle", name: "api", port: 444 },
      },
    });
    await becomes(["False", "ServiceNotFound", 'service/api in "wardle" is not present']);
    const answer = await expect(admin, { path: `/apis/${group}/v1/flunders` }, 503, "service unavailable\n");
    assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
    await expect(admin, { path: `/apis/${group}/v1` }, 503, "service unavailable\n");

    const ports = [{ name: "https", port: 443 }];
    await create("/api/v1/namespaces/wardle/services", { metadata: { name: "api" }, spec: { ports } });
    await becomes(["False", "ServicePortError", 'service/api in "wardle" is not listening on port 444']);
    await patch(`${registration}/v1.${group}`, { spec: { service: { port: 443 } } });
    await becomes(["False", "EndpointsNotFound", 'cannot find endpointslices for service/api in "wardle"']);
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "api-1", labels: { "kubernetes.io/service-name": "api" } },
      addressType: "IPv4",
      ports: [{ name: "https", port: extension.port }],
      endpoints: [{ addresses: ["198.18.9.9"], conditions: { ready: false } }],
    };
    const slices = "/apis/discovery.k8s.io/v1/namespaces/wardle/endpointslices";
    await create(slices, slice);
    const missing = 'endpointslices for service/api in "wardle" have no addresses with port name "https"';
    await becomes(["False", "MissingEndpoints", missing]);
    const url = `https://198.18.9.9:${extension.port}/apis/${group}/v1`;
    extension.answer = (_request, response) => {
      response.writeHead(503).end();
      return true;
    };
    await patch(`${slices}/api-1`, { endpoints: [{ addresses: ["198.18.9.9"], conditions: { ready: true } }] });
    const bad = `failing or missing response from ${url}: bad status from ${url}: 503`;
    await becomes(["False", "FailedDiscoveryCheck", bad]);
    const { text } = await admin.call({ path: "/metrics" });
    assert.match(text, new RegExp(`aggregator_unavailable_apiservice\\{name="v1.${group}"\\} 1\n`));
    extension.answer = undefined;
    await becomes(["True", "Passed", "all checks passed"]);
    const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const rows = await expect(admin, { path: `${registration}/v1.${group}`, headers: table }, 200);
    const cells = (rows.json as { rows: readonly { cells: readonly unknown[] }[] }).rows[0]!.cells;
    assert.deepEqual(cells.slice(0, 3), [`v1.${group}`, "wardle/api", "True"]);
  });

  it("passes requests on as whoever asks, and answers back as they are", async () => {
    extension.seen.length = 0;
    const binding = {
      metadata: { name: "ann" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "ann" }],
    };
    const ann = clientOf.h1(https.port, https.issue({ commonName: "ann", organizations: ["ops", "dev"] }));
    try {
      const path = `/apis/${group}/v1/namespaces/default/flunders`;
      const attributes = `User "ann" cannot create resource "flunders" in API group "${group}" in the namespace "default"`;
      const message = `flunders.${group} is forbidden: ${attributes}`;
      const details = { group, kind: "flunders" };
      const body = { kind: "Flunder", metadata: { name: "a" } };
      await expect(ann, { method: "POST", path, body }, 403, failure(403, "Forbidden", message, details));
      assert.equal(extension.seen.filter(({ method }) => method === "POST").length, 0);
      await create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding);
      const headers = { "x-remote-user": "root", "impersonate-extra-x": "y", authorization: "" };
      await expect(
        ann,
        { method: "POST", path: `${path}?dryRun=All`, body, headers: { "x-remote-group": headers["x-remote-user"] } },
        201,
        body,
      );
      const seen = extension.seen.find(({ method }) => method === "POST")!;
      assert.equal(seen.url, `${path}?dryRun=All`);
      assert.deepEqual(JSON.parse(seen.body), body);
      assert.equal(seen.client, "front-proxy-client");
      assert.equal(seen.headers["x-remote-user"], "ann");
      assert.equal(
        seen.headers["x-remote-group"],
        "dev, ops, system:authenticated"
          .split(", ")
          .sort((a, b) => seen.headers["x-remote-group"]!.indexOf(a) - seen.headers["x-remote-group"]!.indexOf(b))
          .join(", "),
      );
      assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
      assert.equal(seen.headers["authorization"], undefined);
    } finally {
      ann.close();
    }
  });

  it("streams watches as they come", async () => {
    const watch = await admin.watch(`/apis/${group}/v1/namespaces/default/flunders?watch=true`);
    assert.equal(watch.status, 200);
    assert.deepEqual(await watch.rest(), [
      { type: "ADDED", object: { metadata: { name: "first" } } },
      { type: "ADDED", object: { metadata: { name: "second" } } },
    ]);
    const events: unknown[] = [];
    const inProcess = https.server.transport();
    for await (const event of inProcess.watch({
      method: "GET",
      path: `/apis/${group}/v1/flunders`,
      query: new URLSearchParams("watch=1"),
    })) {
      events.push(event);
    }
    assert.equal(events.length, 2);
    const list = await inProcess.request({ method: "GET", path: `/apis/${group}/v1/flunders` });
    assert.equal((list.object as { kind: string }).kind, "FlunderList");
    await inProcess.close();
  });

  it("follows nobody to where an extension server would like to lead", async () => {
    extension.answer = ({ url }, response) => {
      if (!url.includes("/flunders")) return false;
      response.writeHead(302, { location: "https://example.com/" }).end("gone elsewhere");
      return true;
    };
    try {
      const path = `/apis/${group}/v1/namespaces/default/flunders`;
      const text = "the backend attempted to redirect this request, which is not permitted";
      for (const query of ["", "?watch=true"]) await expect(admin, { path: `${path}${query}` }, 502, text);
    } finally {
      extension.answer = undefined;
    }
  });

  it("hands connections over to who answers for the group version", async () => {
    const { ca, certificate, key } = https.admin;
    const options = {
      host: "127.0.0.1",
      port: https.port,
      ca,
      cert: certificate,
      key,
      rejectUnauthorized: false,
      path: `/apis/${group}/v1/namespaces/default/flunders/a/echo`,
      headers: { connection: "Upgrade", upgrade: "echo" },
    };
    const heard = await new Promise<string>((resolve, reject) => {
      const call = httpsRequest(options);
      call.on("error", reject);
      call.on("response", (response) => reject(new Error(`answered ${response.statusCode}`)));
      call.on("upgrade", (_response, socket) => {
        socket.on("data", (data: Buffer) => {
          resolve(data.toString());
          socket.destroy();
        });
        socket.write("hello");
      });
      call.end();
    });
    assert.equal(heard, "hello");
  });

  it("shows all groups together, by priority", async () => {
    const { json } = await expect(admin, { path: "/apis" }, 200);
    const names = (json as Groups).groups.map(({ name }) => name);
    assert.deepEqual(names.slice(0, 2), ["apiregistration.k8s.io", "apps"]);
    assert.equal(names.at(-1), group);
    await expect(admin, { path: `/apis/${group}` }, 200, {
      kind: "APIGroup",
      apiVersion: "v1",
      name: group,
      versions: [{ groupVersion: `${group}/v1`, version: "v1" }],
      preferredVersion: { groupVersion: `${group}/v1`, version: "v1" },
    });
    const of = async () => {
      const answer = await expect(admin, { path: "/apis", headers: aggregated }, 200);
      const found = (answer.json as Discovery).items.find(({ metadata }) => metadata.name === group);
      return { etag: String(answer.headers["etag"]), versions: found?.versions };
    };
    const responseKind = { group: "", version: "", kind: "Flunder" };
    await eventually(async () => {
      assert.deepEqual((await of()).versions, [
        {
          version: "v1",
          resources: [
            {
              resource: "flunders",
              responseKind,
              scope: "Namespaced",
              singularResource: "flunder",
              verbs: ["create", "delete", "get", "list", "watch"],
              subresources: [{ subresource: "status", responseKind, verbs: ["get", "update"] }],
            },
          ],
          freshness: "Current",
        },
      ]);
    });
    const { etag } = await of();
    await expect(admin, { path: "/apis", headers: { ...aggregated, "if-none-match": etag } }, 304);
    const v3 = await expect(admin, { path: "/openapi/v3" }, 200);
    const { paths } = v3.json as { readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>> };
    assert.equal(paths[`apis/${group}/v1`]?.serverRelativeURL, `/openapi/v3/apis/${group}/v1?hash=ABC`);
    assert.ok(paths["apis/apps/v1"] !== undefined && paths["version"]?.serverRelativeURL !== "/x");
    const v2 = (await expect(admin, { path: "/openapi/v2" }, 200)).json as Record<"paths" | "definitions", object>;
    assert.ok(`/apis/${group}/v1/flunders` in v2.paths && "/api/v1/pods" in v2.paths && !("/x" in v2.paths));
    // What no path led to before is kept, as upstream keeps it.
    assert.ok("Flunder" in v2.definitions && "X" in v2.definitions);
    const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    const protobuf = await expect(admin, { path: "/openapi/v2", headers: { accept } }, 200);
    assert.ok(protobuf.body.includes(`/apis/${group}/v1/flunders`));
    const document = await expect(admin, { path: `/openapi/v3/apis/${group}/v1?hash=ABC` }, 200);
    assert.equal((document.json as { info: { title: string } }).info.title, "flunders");
  });

  it("serves a v3 document of an extension server that knows v2 alone, made of that", async () => {
    extension.answer = ({ url }, response) => {
      if (!url.startsWith("/openapi/v3")) return false;
      response.writeHead(404).end();
      return true;
    };
    const own = `apis/${group}/v1`;
    const index = async () => {
      const { json } = await expect(admin, { path: "/openapi/v3" }, 200);
      const { paths } = json as { readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>> };
      return paths[own]?.serverRelativeURL ?? "";
    };
    const reread = (versionPriority: number) => patch(`${registration}/v1.${group}`, { spec: { versionPriority } });
    await reread(16);
    await eventually(async () => assert.match(await index(), new RegExp(`^/openapi/v3/${own}\\?hash=[0-9A-F]{128}$`)));
    const { json, headers } = await expect(admin, { path: await index() }, 200);
    assert.deepEqual(json, {
      openapi: "3.0.0",
      paths: {
        [`/apis/${group}/v1/flunders`]: { get: { responses: { "200": { description: "OK" } } } },
        "/x": {},
      },
      components: { schemas: { Flunder: { type: "object" }, X: {} } },
    });
    assert.ok(headers["etag"] && String(headers["cache-control"]).includes("immutable"));
    extension.answer = undefined;
    await reread(15);
    await eventually(async () => assert.equal(await index(), `/openapi/v3/${own}?hash=ABC`));
  });

  it("refuses an extension server that is not who it should be", async () => {
    await patch(`${registration}/v1.${group}`, { spec: { caBundle: Buffer.from(https.ca).toString("base64") } });
    await eventually(async () => {
      const [status, reason, message] = await condition();
      assert.deepEqual([status, reason], ["False", "FailedDiscoveryCheck"]);
      assert.match(message!, /tls: failed to verify certificate: x509: /);
    });
    await eventually(async () => {
      const answer = await expect(admin, { path: "/apis", headers: aggregated }, 200);
      const found = (answer.json as Discovery).items.find(({ metadata }) => metadata.name === group);
      assert.deepEqual(found?.versions, [{ version: "v1", freshness: "Stale" }]);
    });
    await patch(`${registration}/v1.${group}`, { spec: { caBundle: null, insecureSkipTLSVerify: true } });
    await becomes(["True", "Passed", "all checks passed"]);
  });

  it("withdraws a group version with its APIService", async () => {
    await expect(admin, { method: "DELETE", path: `${registration}/v1.${group}` }, 200);
    await expect(admin, { path: `/apis/${group}/v1/flunders` }, 404);
    const { json } = await expect(admin, { path: "/apis" }, 200);
    assert.ok(!(json as Groups).groups.some(({ name }) => name === group));
    await expect(admin, { path: `/apis/${group}` }, 404);
  });
});
