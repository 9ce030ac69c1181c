import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { toPem } from "../../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import { kubectlBinaries } from "../kubectl/binaries.ts";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";

const timeout = 120_000;
const [kubectl] = kubectlBinaries();
const skip = kubectl === undefined && "there is no kubectl on this machine";

let server: ServerProcess;
let kubeconfig: string;

before(async () => {
  if (skip) return;
  server = await startServerProcess("server", ["--store", "memory"]);
  kubeconfig = join(server.folder, "admin.conf");
  await writeFile(kubeconfig, server.kubeconfig);
});
after(() => server?.stop());

async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(kubectl!.path, args, {
    env: { KUBECONFIG: kubeconfig, HOME: server.folder, PATH: process.env["PATH"] ?? "" },
    timeout: 30_000,
  });
  return stdout;
}

test("a user's certificate, approved with kubectl, is all that kubectl needs to act as that user", {
  timeout,
  skip,
}, async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = toPem(
    "CERTIFICATE REQUEST",
    createCertificateRequest({ commonName: "jane", organizations: ["devs"] }, privateKey),
  );
  const file = join(server.folder, "request.json");
  const make = async (name: string): Promise<void> => {
    const spec = {
      request: Buffer.from(pem).toString("base64"),
      signerName: "kubernetes.io/kube-apiserver-client",
      usages: ["client auth"],
      expirationSeconds: 86_400,
    };
    const request = {
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      metadata: { name },
      spec,
    };
    await writeFile(file, JSON.stringify(request));
    await run("create", "-f", file);
  };
  const conditionOf = async (name: string): Promise<string> =>
    (await run("get", "csr", name, "--no-headers")).trim().split(/\s+/).at(-1)!;
  await make("jane");
  await make("unwanted");
  assert.equal(await conditionOf("jane"), "Pending");
  await run("certificate", "approve", "jane");
  await run("certificate", "deny", "unwanted");
  await eventually(async () => assert.equal(await conditionOf("jane"), "Approved,Issued"));
  assert.equal(await conditionOf("unwanted"), "Denied");
  const base64 = await run("get", "csr", "jane", "-o", "jsonpath={.status.certificate}");
  const certificate = Buffer.from(base64, "base64").toString();
  const ca = new X509Certificate(await readFile(join(server.folder, "data", "pki", "ca.crt")));
  assert.ok(new X509Certificate(certificate).checkIssued(ca));
  const certFile = join(server.folder, "jane.crt");
  const keyFile = join(server.folder, "jane.key");
  await writeFile(certFile, certificate);
  await writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  await run("config", "set-credentials", "jane", "--client-certificate", certFile, "--client-key", keyFile);
  await run("create", "clusterrolebinding", "jane", "--clusterrole", "view", "--group", "devs");
  assert.equal((await run("--user", "jane", "auth", "can-i", "list", "pods")).trim(), "yes");
  await assert.rejects(run("--user", "jane", "auth", "can-i", "delete", "pods"), { stdout: "no\n" });
});
