import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { TokenReview } from "../../api/authentication/v1/token-review.ts";
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { Lease } from "../../api/coordination/v1/lease.ts";
import { Namespace } from "../../api/core/v1/namespace.ts";
import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { Secret } from "../../api/core/v1/secret.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { toPem } from "../../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import { realClock } from "../../base/mod.ts";
import { type Client, createClient, createHttpTransport, parseKubeconfig, resolveContext } from "../../client/mod.ts";
import { serverIdOf } from "../../cmd/server/reload/reload-metrics.ts";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";

const main = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "cmd", "main.ts");

let server: ServerProcess;
let client: Client;

before(async () => {
  server = await startServerProcess("apiserver", ["--store", "memory"]);
  const { access } = await resolveContext(parseKubeconfig(server.kubeconfig));
  client = createClient(createHttpTransport(access, { clock: realClock }));
});

after(async () => {
  await client?.close();
  await server?.stop();
});

/** A component in a process of its own, until it is stopped. */
function start(component: string) {
  const args = [main, component, "--data-dir", join(server.folder, "data"), "--log-level", "warn"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const exited = once(child, "exit");
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  return {
    log: () => log,
    stop: async () => {
      process.off("exit", kill);
      child.kill("SIGTERM");
      const [code] = await exited;
      return code as number | null;
    },
  };
}

test("the controllers alone, over HTTP, do what they do within the server, as their own service accounts", async () => {
  const manager = start("controller-manager");
  try {
    const namespaces = client.resource(Namespace);
    await namespaces.create({ metadata: { name: "alone" } });
    await eventually(() => client.resource(ServiceAccount, "alone").get("default"));
    const lease = await client.resource(Lease, "kube-system").get("kube-controller-manager");
    assert.match(lease.spec?.holderIdentity ?? "", /_/);
    const accounts = await client.resource(ServiceAccount, "kube-system").list();
    assert.ok(accounts.items.some(({ metadata }) => metadata.name === "service-account-controller"));
    const secrets = client.resource(Secret, "alone");
    const annotations = { "kubernetes.io/service-account.name": "default" };
    await secrets.create({ metadata: { name: "token", annotations }, type: "kubernetes.io/service-account-token" });
    const token = await eventually(async () => {
      const { data } = await secrets.get("token");
      assert.ok(data?.["token"]);
      return Buffer.from(data["token"], "base64").toString();
    });
    const { status } = await client.resource(TokenReview).create({ metadata: {}, spec: { token } });
    assert.equal(status?.user?.username, "system:serviceaccount:alone:default");
    const requests = client.resource(CertificateSigningRequest);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = toPem("CERTIFICATE REQUEST", createCertificateRequest({ commonName: "jane" }, privateKey));
    const spec = {
      request: Buffer.from(pem).toString("base64"),
      signerName: "kubernetes.io/kube-apiserver-client",
      usages: ["client auth"],
    };
    const request = await requests.create({ metadata: { name: "jane" }, spec });
    const conditions = [{ type: "Approved", status: "True", reason: "Test" }];
    await requests.subresource<object>("jane", "approval").update({ ...request, status: { conditions } });
    await eventually(async () => assert.ok((await requests.get("jane")).status.certificate));
    await namespaces.delete("alone");
    await eventually(() => assert.rejects(namespaces.get("alone"), isNotFound));
  } finally {
    assert.equal(await manager.stop(), 0, manager.log());
  }
  const lease = await client.resource(Lease, "kube-system").get("kube-controller-manager");
  assert.equal(lease.spec?.holderIdentity ?? "", "", "the next one need not wait");
});

test("the API server says by a lease that it is there, under the identity of its machine", async () => {
  const leases = client.resource(Lease, "kube-system");
  const { items } = await eventually(async () => {
    const list = await leases.list({ labelSelector: "apiserver.kubernetes.io/identity=kube-apiserver" });
    assert.equal(list.items.length, 1);
    return list;
  });
  const { metadata, spec } = items[0]!;
  assert.equal(metadata.name, serverIdOf(hostname()));
  assert.equal(metadata.labels?.["kubernetes.io/hostname"], hostname());
  assert.match(metadata.annotations?.["kubernetes.io/peer-advertise-address"] ?? "", /^127\.0\.0\.1:\d+$/);
  assert.ok(spec?.holderIdentity?.startsWith(`${metadata.name}_`));
  assert.equal(spec.leaseDurationSeconds, 3600);
  const before = metadata.resourceVersion;
  const renewed = async () => assert.notEqual((await leases.get(metadata.name!)).metadata.resourceVersion, before);
  await eventually(renewed);
});

test("the scheduler alone binds pods to nodes", async () => {
  const scheduler = start("scheduler");
  try {
    const nodes = client.resource(Node);
    await nodes.create({ metadata: { name: "one" } });
    const allocatable = { cpu: "1", memory: "1Gi", pods: "10" };
    const status = { allocatable, capacity: allocatable, conditions: [{ type: "Ready", status: "True" }] };
    await nodes.subresource("one", "status").patch({ type: "merge", body: { status } });
    // The node taints itself until it is ready, which is the node controllers' part.
    await nodes.patch("one", { type: "merge", body: { spec: { taints: null } } });
    await client.resource(Namespace).create({ metadata: { name: "bound" } });
    await client.resource(ServiceAccount, "bound").create({ metadata: { name: "default" } });
    const pods = client.resource(Pod, "bound");
    await pods.create({ metadata: { name: "a" }, spec: { containers: [{ name: "a", image: "a" }] } });
    await eventually(async () => assert.equal((await pods.get("a")).spec.nodeName, "one"));
  } finally {
    assert.equal(await scheduler.stop(), 0, scheduler.log());
  }
});

test("a component without a kubeconfig says which file it wanted and what to do", async () => {
  const child = spawn(process.execPath, [main, "controller-manager", "--data-dir", "/nonexistent"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const [code] = await once(child, "exit");
  assert.equal(code, 1);
  assert.match(log, /^k8ts: cannot reach the API server by \/nonexistent\/controller-manager\.conf: .*--kubeconfig/);
});
