import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseKubeconfig } from "../../client/kubeconfig.ts";
import { addContext, removeContext, userKubeconfigFile } from "./user-kubeconfig.ts";

const content = { server: "https://127.0.0.1:6443", authority: "a", certificate: "b", key: "c" };
const others = `apiVersion: v1
kind: Config
preferences: {colors: true}
current-context: work
clusters:
- name: work
  cluster: {server: "https://work.example.com", certificate-authority: ca.crt}
contexts:
- name: work
  context: {cluster: work, user: me, namespace: team, extensions: [{name: x, extension: {y: 1}}]}
users:
- name: me
  user: {exec: {command: get-token, apiVersion: client.authentication.k8s.io/v1}}
`;

function folder(t: { after(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), "k8ts-kubeconfig-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test("a context comes into a kubeconfig that is not there yet, which only its owner can read", async (t) => {
  const file = join(folder(t), "sub", "config");
  await addContext(file, "k8ts", content);
  const config = parseKubeconfig(readFileSync(file, "utf8"));
  assert.equal(config["current-context"], "k8ts");
  assert.deepEqual(config.contexts, [{ name: "k8ts", context: { cluster: "k8ts", user: "k8ts" } }]);
  assert.equal(config.clusters[0]!.cluster.server, content.server);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(file, "..")), ["config"]);
});

test("entries of others stay as they are, whatever is in them, and come back when ours go", async (t) => {
  const file = join(folder(t), "config");
  writeFileSync(file, others, { mode: 0o600 });
  const before = parseKubeconfig(others);
  await addContext(file, "k8ts", content);
  await addContext(file, "k8ts", { ...content, server: "https://127.0.0.1:7443" });
  const between = readFileSync(file, "utf8");
  assert.match(between, /get-token/);
  assert.match(between, /colors: true/);
  assert.match(between, /extension:/);
  assert.equal(between.match(/name: k8ts/g)!.length, 3);
  assert.match(between, /7443/);
  await removeContext(file, "k8ts");
  assert.deepEqual(parseKubeconfig(readFileSync(file, "utf8")), { ...before, "current-context": "" });
});

test("a namespace that was chosen for the context stays chosen", async (t) => {
  const file = join(folder(t), "config");
  await addContext(file, "k8ts", content);
  writeFileSync(file, readFileSync(file, "utf8").replace("cluster: k8ts", "cluster: k8ts\n      namespace: mine"));
  await addContext(file, "k8ts", { ...content, key: "d" });
  assert.equal(parseKubeconfig(readFileSync(file, "utf8")).contexts[0]!.context.namespace, "mine");
});

test("a file that is no kubeconfig is left alone", async (t) => {
  const file = join(folder(t), "config");
  for (const text of ["- a\n", "clusters: 3\n", "{"]) {
    writeFileSync(file, text);
    await assert.rejects(addContext(file, "k8ts", content));
    assert.equal(readFileSync(file, "utf8"), text);
  }
});

test("KUBECONFIG's first file is the one", () => {
  assert.equal(userKubeconfigFile({ KUBECONFIG: ":/a:/b" }), "/a");
  assert.match(userKubeconfigFile({}), /\/\.kube\/config$/);
});
