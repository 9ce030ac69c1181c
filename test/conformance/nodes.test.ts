import assert from "node:assert/strict";
import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { gunzipSync, gzipSync } from "node:zlib";
import { Endpoints } from "../../api/core/v1/endpoints.ts";
import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { Service } from "../../api/core/v1/service.ts";
import { Role } from "../../api/rbac/v1/role.ts";
import { RoleBinding } from "../../api/rbac/v1/role-binding.ts";
import { readAnswerHead } from "../../apimachinery/httpstream/upgrade.ts";
import {
  type Backend,
  type BackendAnswer,
  BackendError,
  type BackendRequest,
  type BackendTarget,
} from "../../apiserver/nodes/backend.ts";
import { createClient } from "../../client/mod.ts";
import { expect, failure } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type Credentials, clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

interface Sent extends BackendRequest {
  readonly target: BackendTarget;
}

/** Answers as a test says, and keeps what it was asked. */
class FakeBackend implements Backend {
  readonly sent: Sent[] = [];
  answer: (request: Sent) => Promise<BackendAnswer> | BackendAnswer = () => answer(200, "fine");
  /** The other end of a connection that is upgraded. */
  far: Duplex | undefined;
  upgradeAnswer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n";

  async send(target: BackendTarget, request: BackendRequest): Promise<BackendAnswer> {
    const sent = { ...request, target };
    this.sent.push(sent);
    return this.answer(sent);
  }

  async upgrade(target: BackendTarget, request: BackendRequest) {
    this.sent.push({ ...request, target });
    const [near, far] = duplexPair() as [Duplex, Duplex];
    this.far = far;
    far.write(this.upgradeAnswer);
    return { answer: await readAnswerHead(near), socket: near };
  }

  close(): void {}

  get last(): Sent {
    return this.sent.at(-1)!;
  }
}

function answer(status: number, text: string | Buffer, headers: Record<string, string> = {}): BackendAnswer {
  const body = (async function* () {
    yield Buffer.from(text);
  })();
  return { status, headers: Object.entries(headers), body };
}

const pods = "/api/v1/namespaces/default/pods";
const container = (name: string): object => ({ name, image: "x", ports: [{ containerPort: 8080 }] });

async function fill({ server }: HttpsServer): Promise<void> {
  const { registry } = server;
  await registry.create(Node, {
    metadata: { name: "one" },
    status: {
      addresses: [
        { type: "Hostname", address: "one" },
        { type: "InternalIP", address: "198.18.0.9" },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_251 } },
    },
  });
  const pod = async (name: string, spec: object, podIP?: string): Promise<void> => {
    const { metadata } = await registry.create(Pod, { metadata: { name, namespace: "default" }, spec });
    if (podIP === undefined) return;
    const client = createClient(server.transport()).resource(Pod, "default");
    const found = await client.get(name);
    await client.updateStatus({ ...found, metadata, status: { ...found.status, podIP, podIPs: [{ ip: podIP }] } });
  };
  await pod("web", { nodeName: "one", containers: [container("main")] }, "198.18.0.20");
  await pod("pair", { nodeName: "one", containers: [container("a"), container("b")] });
  await pod("nowhere", { containers: [container("main")] });
  await registry.create(Service, {
    metadata: { name: "web", namespace: "default" },
    spec: { ports: [{ name: "http", port: 80 }], selector: { app: "web" } },
  });
  await registry.create(Service, {
    metadata: { name: "empty", namespace: "default" },
    spec: { ports: [{ port: 80 }] },
  });
  const address = (ip: string, name: string) => ({ ip, targetRef: { kind: "Pod", namespace: "default", name } });
  await registry.create(Endpoints, {
    metadata: { name: "web", namespace: "default" },
    subsets: [
      {
        // The second only says to be a pod's.
        addresses: [address("198.18.0.20", "web"), address("198.18.0.66", "web")],
        ports: [{ name: "http", port: 8080 }],
      },
    ],
  });
  await registry.create(Endpoints, { metadata: { name: "empty", namespace: "default" } });
}

for (const protocol of ["h1", "h2"] as const) {
  describe(`pods and nodes behind the API server (${protocol})`, { timeout: 300_000 }, () => {
    const backend = new FakeBackend();
    let https: HttpsServer;
    let admin: HttpClient;
    before(async () => {
      https = await startHttpsServer({ backend });
      admin = clientOf[protocol](https.port, https.admin);
      await fill(https);
    });
    after(async () => {
      admin?.close();
      await https?.close();
    });

    test("a log comes from the kubelet, with what was asked of it", async () => {
      backend.answer = () => answer(200, "line\n");
      const query = "follow=true&tailLines=5&timestamps=1&limitBytes=9&sinceSeconds=7";
      const { headers } = await expect(admin, { path: `${pods}/web/log?${query}` }, 200, "line\n");
      assert.equal(headers["content-type"], "text/plain");
      assert.deepEqual(backend.last.target, { scheme: "https", host: "198.18.0.9", port: 10_251, trust: "kubelet" });
      assert.equal(
        backend.last.path,
        "/containerLogs/default/web/main?follow=true&timestamps=true&sinceSeconds=7&tailLines=5&limitBytes=9&stream=All",
      );
    });

    test("a log that goes on is shown as it comes, and is let go of with the client", async () => {
      const { promise: given, resolve: give } = Promise.withResolvers<void>();
      let ended = false;
      backend.answer = ({ signal }) => {
        const body = (async function* () {
          try {
            yield Buffer.from('{"first":1}\n');
            await given;
            yield Buffer.from('{"second":2}\n');
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
          } finally {
            ended = true;
          }
        })();
        return { status: 200, headers: [], body };
      };
      const stream = await admin.watch(`${pods}/web/log?follow=true`);
      assert.deepEqual(await stream.next(), { first: 1 });
      give();
      assert.deepEqual(await stream.next(), { second: 2 });
      stream.cancel();
      await eventually(() => assert.ok(ended));
    });

    test("what a kubelet refuses is passed on", async () => {
      backend.answer = () => answer(400, 'container "main" in pod "web" is waiting to start: ContainerCreating');
      await expect(
        admin,
        { path: `${pods}/web/log` },
        400,
        failure(400, "BadRequest", 'container "main" in pod "web" is waiting to start: ContainerCreating'),
      );
      backend.answer = () => answer(404, "gone");
      const text = "the server could not find the requested resource ( pods/log web)";
      await expect(
        admin,
        { path: `${pods}/web/log` },
        404,
        failure(404, "NotFound", text, { name: "web", kind: "pods/log" }),
      );
      backend.answer = () => {
        throw new BackendError("dial tcp 198.18.0.9:10251: connect: connection refused");
      };
      const { json } = await expect(admin, { path: `${pods}/web/log` }, 500);
      assert.match(
        (json as { message: string }).message,
        /^Get "https:\/\/198\.18\.0\.9:10251\/containerLogs\/.*refused$/,
      );
    });

    test("which container is meant has to be clear", async () => {
      const refused = async (path: string, message: string): Promise<void> => {
        await expect(admin, { path }, 400, failure(400, "BadRequest", message));
      };
      await refused(`${pods}/pair/log`, "a container name must be specified for pod pair, choose one of: [a b]");
      await refused(`${pods}/web/log?container=x`, "container x is not valid for pod web");
      await refused(`${pods}/nowhere/exec?stdout=1&command=ls`, "pod nowhere does not have a host assigned");
      await refused(`${pods}/web/exec?stdout=1&command=ls`, "Upgrade request required");
      await expect(admin, { path: `${pods}/nowhere/log` }, 204, "");
      await expect(admin, { path: `${pods}/none/log` }, 404);
    });

    test("options of a log that cannot be are Invalid", async () => {
      const { json } = await expect(admin, { path: `${pods}/web/log?tailLines=-1&limitBytes=0` }, 422);
      assert.equal(
        (json as { message: string }).message,
        'PodLogOptions "web" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0]',
      );
    });

    test("a request is passed on to a pod, and its answer back", async () => {
      backend.answer = async ({ body }) => {
        let text = "";
        for await (const part of body ?? []) text += part;
        const headers = {
          "Content-Type": "text/x",
          "Access-Control-Allow-Origin": "*",
          Connection: "x-hop",
          "X-Hop": "1",
          "X-Far": "2",
        };
        return answer(201, `had ${text}`, headers);
      };
      const path = `${pods}/web:9090/proxy/a%2Fb//./c%20(d)/?q=1&&r`;
      const { headers } = await expect(admin, { method: "POST", path, body: "sent" }, 201, "had sent");
      assert.deepEqual(backend.last.target, { scheme: "http", host: "198.18.0.20", port: 9090, trust: "none" });
      assert.equal(backend.last.path, "/a/b/c%20%28d%29/?q=1&&r");
      assert.equal(headers["content-type"], "text/x");
      assert.equal(headers["x-far"], "2");
      assert.equal(headers["x-hop"], undefined);
      assert.equal(headers["access-control-allow-origin"], undefined);
      const passed = new Map(backend.last.headers);
      assert.equal(passed.get("x-forwarded-for"), "127.0.0.1");
      assert.equal(passed.get("x-forwarded-uri"), `${pods}/web:9090/proxy/a/b/c%20%28d%29/`);
      assert.equal(passed.get("authorization"), undefined);
    });

    test("redirects stay within the proxy", async () => {
      const { headers } = await expect(admin, { path: `${pods}/web/proxy?x=1` }, 301);
      assert.equal(headers["location"], `${pods}/web/proxy/?x=1`);
      const after = async (location: string) => {
        backend.answer = () => answer(302, "", { Location: location });
        return (await expect(admin, { path: `${pods}/web/proxy/a` }, 302)).headers["location"];
      };
      assert.equal(await after("/login?next=a"), `${pods}/web/proxy/login?next=a`);
      assert.equal(await after("http://198.18.0.20:8080/b"), `${pods}/web/proxy/b`);
      assert.equal(await after("https://example.com/b"), "https://example.com/b");
      assert.equal(await after("c"), "c");
    });

    test("links of a page stay within the proxy, compressed or not", async () => {
      const page = '<a href="/a?b">caf\u00e9</a>';
      const wanted = `<a href="${pods}/web/proxy/a?b">caf\u00e9</a>`;
      const read = async (body: string | Buffer, headers: Readonly<Record<string, string>>) => {
        backend.answer = () => answer(200, body, { ...headers, "Content-Length": String(Buffer.byteLength(body)) });
        return admin.call({ path: `${pods}/web/proxy/` });
      };
      const html = { "Content-Type": "text/html; charset=utf-8" };
      assert.equal((await read(page, html)).text, wanted);
      assert.equal((await read(page, { "Content-Type": "text/plain" })).text, page);
      const zipped = await read(gzipSync(page), { ...html, "Content-Encoding": "gzip" });
      assert.equal(gunzipSync(zipped.body).toString(), wanted);
      assert.equal((await read(page, { ...html, "Content-Encoding": "br" })).text, page);
    });

    test("a service's requests go to pods that it has", async () => {
      backend.answer = () => answer(200, "fine");
      for (const name of ["web:http", "web:80", "http:web:http"]) {
        await expect(admin, { path: `/api/v1/namespaces/default/services/${name}/proxy/x` }, 200, "fine");
        assert.equal(backend.last.target.host, "198.18.0.20");
        assert.equal(backend.last.target.port, 8080);
      }
      const unavailable = async (name: string, message: string): Promise<void> => {
        const path = `/api/v1/namespaces/default/services/${name}/proxy/`;
        await expect(admin, { path }, 503, failure(503, "ServiceUnavailable", message));
      };
      await unavailable("empty:80", 'no endpoints available for service "empty"');
      await unavailable("web:81", 'no service port 81 found for service "web"');
      await unavailable("web:other", 'no endpoints available for service "web:other"');
      backend.answer = () => {
        throw new BackendError("dial tcp 198.18.0.20:8080: connect: connection refused");
      };
      await unavailable(
        "web:80",
        "error trying to reach service: dial tcp 198.18.0.20:8080: connect: connection refused",
      );
    });

    test("a node's requests go to its kubelet, or to another port of it", async () => {
      backend.answer = () => answer(200, "ok");
      await expect(admin, { path: "/api/v1/nodes/one/proxy/healthz" }, 200, "ok");
      assert.deepEqual(backend.last.target, { scheme: "https", host: "198.18.0.9", port: 10_251, trust: "kubelet" });
      assert.equal(backend.last.path, "/healthz");
      await expect(admin, { path: "/api/v1/nodes/http:one:9100/proxy/metrics?x=y" }, 200, "ok");
      assert.deepEqual(backend.last.target, { scheme: "http", host: "198.18.0.9", port: 9100, trust: "none" });
      assert.equal(backend.last.path, "/metrics?x=y");
      await expect(admin, { path: "/api/v1/nodes/none/proxy/" }, 404);
    });
  });
}

describe("connections that change their protocol", { timeout: 300_000 }, () => {
  const backend = new FakeBackend();
  let https: HttpsServer;
  before(async () => {
    https = await startHttpsServer({ backend });
    await fill(https);
    await https.server.registry.create(Role, {
      metadata: { name: "reader", namespace: "default" },
      rules: [{ apiGroups: [""], resources: ["pods", "pods/exec"], verbs: ["get"] }],
    });
    await https.server.registry.create(RoleBinding, {
      metadata: { name: "reader", namespace: "default" },
      subjects: [{ kind: "User", name: "reader", apiGroup: "rbac.authorization.k8s.io" }],
      roleRef: { kind: "Role", name: "reader", apiGroup: "rbac.authorization.k8s.io" },
    });
  });
  after(() => https?.close());

  const ask = async (credentials: Credentials, path: string): Promise<TLSSocket> => {
    const { ca, certificate: cert, key } = credentials;
    const socket = connect({ port: https.port, host: "127.0.0.1", ca, cert, key, ALPNProtocols: ["http/1.1"] });
    await once(socket, "secureConnect");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Own: 1\r\n\r\n`);
    return socket;
  };
  const exec = `${pods}/web/exec?stdin=true&stdout=true&tty=false&command=sh&command=-c&command=a%20b`;

  test("client and kubelet speak with each other, and end together", async () => {
    const socket = await ask(https.admin, exec);
    const head = await readAnswerHead(socket);
    assert.equal(head.status, 101);
    assert.equal(backend.last.path, "/exec/default/web/main?command=sh&command=-c&command=a+b&input=1&output=1");
    assert.ok(backend.last.headers.some(([name, value]) => name === "x-own" && value === "1"));
    socket.write("from the client");
    const [heard] = (await once(backend.far!, "data")) as [Buffer];
    assert.equal(String(heard), "from the client");
    backend.far!.end("from the kubelet");
    let text = "";
    for await (const chunk of socket) text += chunk;
    assert.equal(text, "from the kubelet");
  });

  test("a refusal is an answer like any other, and the connection's last", async () => {
    for (const [credentials, path, status, message] of [
      [https.admin, `${pods}/none/exec?stdout=1`, 404, /pods \\"none\\" not found/],
      [https.issue({ commonName: "nobody" }), exec, 403, /cannot get resource \\"pods\/exec\\"/],
      [https.issue({ commonName: "reader" }), exec, 403, /pods \\"web\\" is forbidden/],
    ] as const) {
      const socket = await ask(credentials, path);
      const head = await readAnswerHead(socket);
      assert.equal(head.status, status);
      let text = String(head.rest);
      for await (const chunk of socket) text += chunk;
      assert.match(text, message);
    }
  });

  test("what the kubelet refuses is passed on", async () => {
    backend.upgradeAnswer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nnope";
    const socket = await ask(https.admin, exec);
    const head = await readAnswerHead(socket);
    assert.equal(head.status, 403);
    let text = String(head.rest);
    for await (const chunk of socket) text += chunk;
    assert.match(text, /nope/);
  });

  test("elsewhere a request to upgrade is one like any other", async () => {
    const socket = await ask(https.admin, `${pods}/web`);
    const head = await readAnswerHead(socket);
    assert.equal(head.status, 200);
    socket.destroy();
  });
});
