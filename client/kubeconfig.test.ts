import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inClusterAccess } from "./in-cluster.ts";
import { formatKubeconfig, loadKubeconfig, mergeKubeconfigs, parseKubeconfig, resolveContext } from "./kubeconfig.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const defined = (value: object) => Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));

const text = `
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c
  cluster:
    server: https://10.0.0.1:6443
    certificate-authority-data: ${base64("CA")}
    tls-server-name: kubernetes
users:
- name: admin
  user:
    client-certificate-data: ${base64("CERT")}
    client-key-data: ${base64("KEY")}
- name: bot
  user: { token: secret, as: jane, as-groups: [a], as-uid: "7", as-user-extra: { scope: [x] } }
- name: old
  user: { username: u, password: p }
- name: cloud
  user: { exec: { command: aws } }
contexts:
- name: one
  context: { cluster: c, user: admin, namespace: team }
- name: two
  context: { cluster: c, user: bot }
- name: nowhere
  context: { cluster: missing, user: bot }
- name: nobody
  context: { cluster: c, user: missing }
`;

test("a context gives the server, the credentials and the namespace", async () => {
  const config = parseKubeconfig(text);
  const one = await resolveContext(config);
  assert.equal(one.namespace, "team");
  assert.deepEqual(defined(one.access), {
    server: "https://10.0.0.1:6443",
    ca: "CA",
    serverName: "kubernetes",
    certificate: "CERT",
    key: "KEY",
  });
  const two = await resolveContext(config, { context: "two" });
  assert.equal(two.namespace, "default");
  assert.equal(two.access.token, "secret");
  assert.deepEqual(two.access.impersonate, { user: "jane", uid: "7", groups: ["a"], extra: { scope: ["x"] } });
  const other = await resolveContext(config, { user: "old" });
  assert.deepEqual(other.access.basic, { username: "u", password: "p" });
});

test("what is missing or not supported is said", async () => {
  const config = parseKubeconfig(text);
  await assert.rejects(resolveContext(config, { context: "three" }), /^Error: context "three" does not exist$/);
  await assert.rejects(resolveContext(config, { context: "nowhere" }), /cluster "missing" does not exist/);
  await assert.rejects(resolveContext(config, { context: "nobody" }), /auth info "missing" does not exist/);
  await assert.rejects(resolveContext(config, { user: "cloud" }), /credentials by exec are not supported/);
  await assert.rejects(resolveContext(parseKubeconfig("")), /no configuration has been provided/);
  assert.throws(() => parseKubeconfig("- a"), /must be an object/);
  assert.throws(() => parseKubeconfig("clusters: {}"), /clusters must be a list/);
  assert.throws(() => parseKubeconfig("users: [{}]"), /must have a name/);
});

test("files are merged, the first naming a thing counts, and paths are relative to their file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
  await writeFile(join(folder, "ca.pem"), "CA FILE");
  await writeFile(
    join(folder, "first"),
    "clusters: [{name: c, cluster: {server: 'https://a', certificate-authority: ca.pem}}]\nusers: [{name: u, user: {tokenFile: ./token}}]",
  );
  await writeFile(
    join(folder, "second"),
    "current-context: x\nclusters: [{name: c, cluster: {server: 'https://b'}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]",
  );
  const config = await loadKubeconfig([join(folder, "absent"), join(folder, "first"), join(folder, "second")]);
  const { access } = await resolveContext(config);
  assert.deepEqual(defined(access), { server: "https://a", ca: "CA FILE", tokenFile: join(folder, "token") });
  await writeFile(join(folder, "broken"), "a: [");
  await assert.rejects(loadKubeconfig([join(folder, "broken")]), /error loading config file/);
  await rm(folder, { recursive: true });
});

test("a formatted kubeconfig is read back the same", () => {
  const config = parseKubeconfig(text);
  assert.deepEqual(parseKubeconfig(formatKubeconfig(config)), config);
  assert.deepEqual(mergeKubeconfigs(config, config), config);
});

test("a pod finds its cluster, on IPv6 too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "serviceaccount-"));
  await writeFile(join(folder, "ca.crt"), "CA");
  assert.deepEqual(await inClusterAccess({ host: "fd00::1", port: "443", folder }), {
    server: "https://[fd00::1]:443",
    ca: "CA",
    tokenFile: join(folder, "token"),
  });
  await rm(folder, { recursive: true });
});
