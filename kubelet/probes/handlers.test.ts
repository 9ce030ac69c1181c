import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { test } from "node:test";
import { Server as GrpcServer, ServerCredentials, status } from "@grpc/grpc-js";
import type { Probe } from "../../api/generated/types/core-v1.ts";
import { realClock } from "../../base/real-clock.ts";
import { createAuthority } from "../../client/testing/certificates.ts";
import { CriError, type RuntimeService } from "../../cri/mod.ts";
import { resolveContainerPort } from "./container-port.ts";
import { decodeResponse, encodeRequest } from "./grpc-probe.ts";
import { probeUrl } from "./http-probe.ts";
import type { ProbeOutcome } from "./probe-outcome.ts";
import { runProbe } from "./run-probe.ts";

const noRuntime: Pick<RuntimeService, "execSync"> = { execSync: () => Promise.reject(new Error("not asked for")) };

function probe(handler: Partial<Probe>, runtime = noRuntime, ip = "127.0.0.1"): Promise<ProbeOutcome> {
  const whole = { failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1, ...handler };
  const target = {
    probe: whole,
    containerId: "id",
    podIP: ip,
    ports: [{ name: "web", containerPort: 1, protocol: "TCP" }],
    env: [{ name: "A", value: "x" }],
  };
  return runProbe(target, { clock: realClock, runtime }, new AbortController().signal);
}

async function listening(server: Server, use: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      if ("closeAllConnections" in server) (server as unknown as { closeAllConnections(): void }).closeAllConnections();
    });
  }
}
const serving = (listener: RequestListener, use: (port: number) => Promise<void>): Promise<void> =>
  listening(createServer(listener), use);
const httpGet = (port: number, rest: object = {}): Partial<Probe> => ({
  httpGet: { port, path: "/", scheme: "HTTP", ...rest },
});

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  let port = 0;
  await listening(createTcpServer(), async (free) => {
    port = free;
  });
  return port;
}

test("an answer from 200 to 399 is a success, others say their status", () =>
  serving(
    (request, response) => response.writeHead(Number(request.url!.slice(1))).end("body"),
    async (port) => {
      assert.deepEqual(await probe(httpGet(port, { path: "/204" })), { kind: "success", output: "" });
      assert.deepEqual(await probe(httpGet(port, { path: "200" })), { kind: "success", output: "body" });
      assert.deepEqual(await probe(httpGet(port, { path: "/500" })), {
        kind: "failure",
        output: "HTTP probe failed with statuscode: 500",
      });
      assert.equal((await probe(httpGet(port, { path: "/304" }))).kind, "warning");
    },
  ));

test("redirects are followed on the same host alone", () =>
  serving(
    (request, response) => {
      if (request.url === "/away") response.writeHead(302, { location: "http://elsewhere.invalid/" }).end("gone");
      else if (request.url === "/loop") response.writeHead(302, { location: "/loop" }).end();
      else if (request.url === "/here") response.writeHead(302, { location: "/found" }).end();
      else response.writeHead(request.url === "/found" ? 200 : 404).end();
    },
    async (port) => {
      assert.equal((await probe(httpGet(port, { path: "/here" }))).kind, "success");
      const away = { kind: "warning", output: "Probe terminated redirects, Response body: gone" };
      assert.deepEqual(await probe(httpGet(port, { path: "/away" })), away);
      const loop = { kind: "failure", output: 'Get "/loop": stopped after 10 redirects' };
      assert.deepEqual(await probe(httpGet(port, { path: "/loop" })), loop);
    },
  ));

test("a probe says who it is, unless it is told what to say", () =>
  serving(
    (request, response) => {
      const { host, accept = "none", "user-agent": agent } = request.headers;
      response.end(`${host} ${accept} ${agent} ${request.headers["x-a"]} ${request.url}`);
    },
    async (port) => {
      const path = "/a?b=c d";
      const plain = await probe(httpGet(port, { path }));
      assert.deepEqual(plain, {
        kind: "success",
        output: `127.0.0.1:${port} */* kube-probe/1.36 undefined /a?b=c%20d`,
      });
      const httpHeaders = [
        { name: "Host", value: "web.test" },
        { name: "X-A", value: "1" },
        { name: "x-a", value: "2" },
        { name: "Accept", value: "" },
        { name: "User-Agent", value: "me" },
      ];
      const told = await probe(httpGet(port, { httpHeaders }));
      assert.deepEqual(told, { kind: "success", output: "web.test none me 1, 2 /" });
    },
  ));

test("a server that does not answer, breaks off or is not there fails in Go's words", async () => {
  await serving(
    (request) => {
      if (request.url === "/cut") request.socket.destroy();
    },
    async (port) => {
      const url = `"http://127.0.0.1:${port}/`;
      const slow = `Get ${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
      assert.deepEqual(await probe(httpGet(port)), { kind: "failure", output: slow });
      assert.deepEqual(await probe(httpGet(port, { path: "/cut" })), {
        kind: "failure",
        output: `Get ${url}cut": EOF`,
      });
    },
  );
  const port = await closedPort();
  const refused = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
  const output = `Get "http://127.0.0.1:${port}/": ${refused}`;
  assert.deepEqual(await probe(httpGet(port)), { kind: "failure", output });
  assert.deepEqual(await probe({ tcpSocket: { port } }), { kind: "failure", output: refused });
});

test("certificates are not verified", async () => {
  const authority = await createAuthority();
  const { certificate: cert, key } = await authority.issue("CN=x", "server");
  await listening(
    createHttpsServer({ cert, key }, (_, response) => response.end("ok")),
    async (port) => {
      assert.deepEqual(await probe(httpGet(port, { scheme: "HTTPS" })), { kind: "success", output: "ok" });
    },
  );
});

test("a long answer is cut, not refused", () =>
  serving(
    (_, response) => response.end("x".repeat(100_000)),
    async (port) => {
      const outcome = await probe(httpGet(port));
      assert.ok(outcome.kind === "success" && outcome.output.length === 10_240);
    },
  ));

test("a listening socket is enough for TCP", () =>
  listening(createTcpServer(), async (port) => {
    assert.deepEqual(await probe({ tcpSocket: { port } }), { kind: "success", output: "" });
    assert.deepEqual(await probe({ tcpSocket: { port, host: "127.0.0.1" } }, noRuntime, ""), {
      kind: "success",
      output: "",
    });
  }));

test("ports are known by name, and impossible ones cannot be probed", async () => {
  assert.equal(resolveContainerPort("web", [{ name: "web", containerPort: 80, protocol: "TCP" }]), 80);
  assert.equal(resolveContainerPort("81"), 81);
  assert.throws(() => resolveContainerPort(0), /^Error: invalid port number: 0$/);
  const outcome = { kind: "unknown", error: 'strconv.Atoi: parsing "no": invalid syntax' };
  assert.deepEqual(await probe({ tcpSocket: { port: "no" } }), outcome);
});

test("addresses become URLs as Go writes them", () => {
  assert.equal(probeUrl({ scheme: "HTTPS", path: "/x" }, "fd00::1", 443), "https://[fd00::1]:443/x");
  assert.equal(probeUrl({ host: "h", path: "x" }, "10.0.0.1", 80), "http://h:80/x");
});

test("a command's exit code decides, and what it printed is told", async () => {
  const asked: unknown[] = [];
  const runtimeOf = (exitCode: number): Pick<RuntimeService, "execSync"> => ({
    execSync: async (request) => {
      asked.push(request);
      return { exitCode, stdout: Buffer.from("out "), stderr: Buffer.from("err") };
    },
  });
  const exec = { command: ["cat", "$(A)", "$(B)"] };
  assert.deepEqual(await probe({ exec }, runtimeOf(0)), { kind: "success", output: "out err" });
  assert.deepEqual(await probe({ exec }, runtimeOf(1)), { kind: "failure", output: "out err" });
  assert.deepEqual(asked[0], { containerId: "id", cmd: ["cat", "x", "$(B)"], timeout: 1 });
});

test("a command that takes too long has failed, one that the runtime cannot run says nothing", async () => {
  const exec = { command: ["sleep", "9"] };
  const slow = { execSync: () => Promise.reject(new CriError("DeadlineExceeded", "timeout 1s exceeded")) };
  const output = 'command timed out: "sleep 9" timed out after 1s';
  assert.deepEqual(await probe({ exec }, slow), { kind: "failure", output });
  const broken = { execSync: () => Promise.reject(new CriError("NotFound", "no such container")) };
  const error = "rpc error: code = NotFound desc = no such container";
  assert.deepEqual(await probe({ exec }, broken), { kind: "unknown", error });
});

test("a gRPC health service is asked by name", async () => {
  const server = new GrpcServer();
  const path = "/grpc.health.v1.Health/Check";
  const check = {
    path,
    requestStream: false,
    responseStream: false,
    requestDeserialize: (bytes: Buffer) => ({ service: bytes.subarray(2).toString() }),
    requestSerialize: ({ service }: { service: string }) => encodeRequest(service),
    responseSerialize: (value: number) => Buffer.from([0x08, value]),
    responseDeserialize: decodeResponse,
  } as const;
  server.addService({ check }, {
    check: (call: { request: { service: string } }, answer: (error: unknown, value?: number) => void) => {
      if (call.request.service === "") answer(null, 1);
      else if (call.request.service === "down") answer(null, 2);
      else if (call.request.service !== "slow") answer({ code: status.NOT_FOUND, details: "unknown service" });
    },
  } as never);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  try {
    const grpc = (service: string): Promise<ProbeOutcome> => probe({ grpc: { port, service } });
    assert.deepEqual(await grpc(""), { kind: "success", output: "service healthy" });
    const down = 'service unhealthy (responded with "NOT_SERVING")';
    assert.deepEqual(await grpc("down"), { kind: "failure", output: down });
    const missing = "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service";
    assert.deepEqual(await grpc("other"), { kind: "failure", output: missing });
    const slow = "timeout: health rpc did not complete within 1s";
    assert.deepEqual(await grpc("slow"), { kind: "failure", output: slow });
  } finally {
    server.forceShutdown();
  }
  const closed = await closedPort();
  const why = `failed to connect service "127.0.0.1:${closed}" within 1s: context deadline exceeded`;
  assert.deepEqual(await probe({ grpc: { port: closed, service: "" } }), {
    kind: "failure",
    output: `timeout: ${why}`,
  });
  assert.equal(decodeResponse(Buffer.alloc(0)), 0);
  assert.equal(encodeRequest("x".repeat(200)).length, 203);
});
