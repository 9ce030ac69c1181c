import assert from "node:assert/strict";
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import { startWebhook, type WebhookServerForTests } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { expect } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type Credentials, type HttpClient, http1Client } from "../support/http.ts";
import { type ServerProcess, startServerProcess } from "../support/process.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const head = (kind: string): string => `apiVersion: apiserver.config.k8s.io/v1\nkind: ${kind}\n`;
const secrets = "/api/v1/namespaces/default/secrets";

describe("a server whose files change while it runs", { timeout: 300_000 }, () => {
  let root: string;
  let server: ServerProcess;
  let admin: HttpClient;
  let credentials: Credentials;
  /** An issuer of tokens, and a webhook that decides who may. */
  let others: WebhookServerForTests;
  const clients: HttpClient[] = [];

  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(join(root, `${name}.new`), text);
    await rename(join(root, `${name}.new`), join(root, name));
  };
  const issuers = (prefix: string, more = ""): string =>
    `${head("AuthenticationConfiguration")}jwt:
- issuer: {url: "${others.url}", audiences: [me], certificateAuthority: ${JSON.stringify(pem(others.caBundle))}}
  claimMappings: {username: {claim: sub, prefix: "${prefix}"}}
${more}`;
  const authorizers = (webhook: boolean): string =>
    `${head("AuthorizationConfiguration")}authorizers:
- {type: Node, name: node}
- {type: RBAC, name: rbac}
${webhook ? `- {type: Webhook, name: hook, webhook: {timeout: 3s, subjectAccessReviewVersion: v1, failurePolicy: Deny, unauthorizedTTL: 1s, connectionInfo: {type: KubeConfigFile, kubeConfigFile: ${join(root, "hook.conf")}}}}\n` : ""}`;
  const keys = (...names: readonly string[]): string =>
    `${head("EncryptionConfiguration")}resources:
- resources: [secrets]
  providers:
${names.map((name) => `  - secretbox: {keys: [{name: ${name}, secret: ${createHash("sha256").update(name).digest("base64")}}]}\n`).join("")}  - identity: {}
`;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "k8ts-reload-"));
    others = await startWebhook(({ path }) => {
      if (path.startsWith("/.well-known")) return { issuer: others.url, jwks_uri: `${others.url}/keys` };
      if (path === "/keys") return { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", use: "sig" }] };
      return { kind: "SubjectAccessReview", apiVersion: "authorization.k8s.io/v1", status: { allowed: true } };
    });
    const cluster = { server: `${others.url}/decide`, "certificate-authority-data": others.caBundle };
    const kubeconfig = {
      ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: {} }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    };
    await writeFile(join(root, "hook.conf"), JSON.stringify(kubeconfig));
    await write("authentication", issuers("a:"));
    await write("authorization", authorizers(false));
    await write("encryption", keys("one"));
    server = await startServerProcess(
      ...[join(root, "data"), "--store", "sqlite"],
      ...["--authentication-config", join(root, "authentication")],
      ...["--authorization-config", join(root, "authorization")],
      ...["--encryption-provider-config", join(root, "encryption")],
      ...["--encryption-provider-config-automatic-reload", "true"],
    );
    assert.equal(server.exitCode, undefined, server.stderr);
    credentials = await server.credentials();
    admin = open(credentials);
  });
  after(async () => {
    for (const client of clients) client.close();
    await server?.stop();
    await others?.close();
    await rm(root, { recursive: true, force: true });
  });
  const open = (as: Credentials): HttpClient => {
    const client = http1Client(server.port, as);
    clients.push(client);
    return client;
  };
  const bearer = (): HttpClient => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: others.url, aud: "me", sub: "jane", exp: Math.floor(Date.now() / 1_000) + 600 };
    const input = `${part({ alg: "ES256", kid: "k" })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return open({ ca: credentials.ca, token: `${input}.${signature.toString("base64url")}` });
  };
  const review = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const whoIs = async (client: HttpClient): Promise<string> => {
    const body = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" };
    const { json } = await expect(client, { method: "POST", path: review, body }, 201);
    return (json as { status: { userInfo: { username: string } } }).status.userInfo.username;
  };
  /** How often a kind of configuration was reloaded. */
  const reloads = async (kind: string, status: string): Promise<number> => {
    const { text } = await expect(admin, { path: "/metrics" }, 200);
    const name = `apiserver_${kind}_config_controller_automatic_reloads_total`;
    return Number(new RegExp(`^${name}\\{[^}]*status="${status}"\\} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  };

  test("issuers: tokens stand for whom the new file says; a file that is wrong, or changes who is anonymous, is refused", async () => {
    const client = bearer();
    await eventually(async () => assert.equal(await whoIs(client), "a:jane"));
    await write("authentication", issuers("b:"));
    await eventually(async () => assert.equal(await whoIs(client), "b:jane"));
    await eventually(async () => assert.equal(await reloads("authentication", "success"), 1));
    await write("authentication", "kind: Nonsense");
    await eventually(async () => assert.equal(await reloads("authentication", "failure"), 1));
    await write("authentication", issuers("c:", "anonymous: {enabled: false}\n"));
    await eventually(async () => assert.equal(await reloads("authentication", "failure"), 2));
    await eventually(() =>
      assert.match(server.stderr, /anonymous: Forbidden: changed from initial configuration file/),
    );
    assert.equal(await whoIs(client), "b:jane");
    const { text } = await expect(admin, { path: "/metrics" }, 200);
    const hash = createHash("sha256").update(issuers("b:")).digest("hex");
    assert.match(
      text,
      new RegExp(
        `^apiserver_authentication_config_controller_last_config_info\\{apiserver_id_hash="sha256:[0-9a-f]{64}",hash="sha256:${hash}"\\} 1$`,
        "m",
      ),
    );
  });

  test("authorizers: a webhook decides once the file names it; those that are part of the server stay", async () => {
    const client = bearer();
    await expect(client, { path: secrets }, 403);
    await write("authorization", authorizers(true));
    await eventually(() => expect(client, { path: secrets }, 200));
    await write("authorization", `${head("AuthorizationConfiguration")}authorizers: [{type: RBAC, name: rbac}]`);
    await eventually(async () => assert.equal(await reloads("authorization", "failure"), 1));
    assert.match(server.stderr, /missing required types: \[Node\]/);
    await expect(client, { path: secrets }, 200);
    await write("authorization", `# the same\n${authorizers(true)}`);
    await write("authorization", authorizers(false));
    await eventually(() => expect(client, { path: secrets }, 403));
    await eventually(async () => assert.equal(await reloads("authorization", "success"), 2));
    const { text } = await expect(admin, { path: "/metrics" }, 200);
    const decided = 'apiserver_authorization_decisions_total{decision="allowed",name="hook",type="Webhook"} ';
    assert.ok(text.includes(`\n${decided}`));
    assert.match(text, /^apiserver_authorization_webhook_evaluations_total\{name="hook",result="success"\} \d+$/m);
  });

  test("keys: what is written is encrypted with the new one, what was written is read and rewritten by a write that changes nothing", async () => {
    const create = (name: string) =>
      expect(admin, { method: "POST", path: secrets, body: { metadata: { name } } }, 201);
    await create("before");
    await write("encryption", keys("two", "one"));
    await eventually(async () => assert.equal(await reloads("encryption", "success"), 1));
    const { json } = await expect(admin, { path: `${secrets}/before` }, 200);
    const put = () => expect(admin, { method: "PUT", path: `${secrets}/before`, body: json as object }, 200);
    const versionOf = ({ json }: { json: unknown }): string =>
      (json as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
    const rewritten = versionOf(await put());
    assert.notEqual(rewritten, versionOf({ json }));
    await create("after");
    await write("encryption", keys("two").replace("secretbox", "nonsense"));
    await eventually(async () => assert.ok((await reloads("encryption", "failure")) > 0));
    await create("later");
    await write("encryption", keys("two"));
    await eventually(async () => assert.equal(await reloads("encryption", "success"), 2));
    await expect(admin, { path: `${secrets}/before` }, 200);
    await expect(admin, { path: "/readyz/kms-providers" }, 200, "ok");
    await write("encryption", keys("three", "two"));
    await eventually(async () => assert.equal(await reloads("encryption", "success"), 3));
    for (const name of ["before", "after", "later"]) {
      const { json } = await expect(admin, { path: `${secrets}/${name}` }, 200);
      await expect(admin, { method: "PUT", path: `${secrets}/${name}`, body: json as object }, 200);
    }
  });

  test("certificates: new connections are shown the new one, new authorities are trusted; a key that does not fit changes nothing", async () => {
    const pki = (name: string): string => join(root, "data", "pki", name);
    const shown = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port: server.port, host: "127.0.0.1", ca: credentials.ca }, () => {
          resolve(socket.getPeerX509Certificate()!.serialNumber);
          socket.destroy();
        });
        socket.on("error", reject);
      });
    const caKey = await readFile(pki("ca.key"), "utf8");
    const caText = await readFile(pki("ca.crt"), "utf8");
    const made = selfSigned("other-ca");
    const own = new X509Certificate(await readFile(pki("apiserver.crt"), "utf8"));
    const before = await shown();
    assert.equal(before, own.serialNumber);
    const { privateKey: servingKey, publicKey: servingPublic } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const renewed = issueCertificate(
      {
        ...{
          subject: { commonName: "kube-apiserver" },
          publicKey: servingPublic,
          serialNumber: randomBytes(12),
          ...anHour,
        },
        keyUsages: ["digitalSignature"],
        extendedUsages: ["1.3.6.1.5.5.7.3.1"],
        names: { dnsNames: ["kubernetes"], ipAddresses: ["127.0.0.1"] },
      },
      { certificate: new X509Certificate(caText), privateKey: createPrivateKey(caKey) },
    );
    await writeFile(pki("apiserver.crt"), toPem("CERTIFICATE", renewed));
    await eventually(() => assert.match(server.stderr, /tls: private key does not match public key/));
    assert.equal(await shown(), before);
    await writeFile(pki("apiserver.key"), String(servingKey.export({ type: "pkcs8", format: "pem" })));
    await eventually(async () => assert.equal(await shown(), new X509Certificate(renewed).serialNumber));

    const stranger = { ca: credentials.ca, certificate: made.user, key: made.userKey };
    await expect(open(stranger), { path: secrets }, 401);
    await writeFile(pki("ca.crt"), `${caText}${made.authority}`);
    // A connection whose handshake came before says the same certificate as one whose comes after.
    await eventually(async () => assert.equal(await whoIs(open(stranger)), "stranger"));
    await eventually(async () => {
      const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
      const { json } = await expect(admin, { path }, 200);
      const { data } = json as { data: Record<string, string> };
      assert.ok(data["client-ca-file"]!.includes(made.authority.trim()));
    });
    await expect(admin, { path: secrets }, 200);
  });

  test("a server that starts with the last key alone reads all that was written, or rewritten, with it", async () => {
    await server.stop();
    await write("encryption", keys("three"));
    const flags = ["--encryption-provider-config", join(root, "encryption")];
    server = await startServerProcess(join(root, "data"), ...flags);
    assert.equal(server.exitCode, undefined, server.stderr);
    const client = open(await server.credentials());
    for (const name of ["before", "after", "later"]) await expect(client, { path: `${secrets}/${name}` }, 200);
  });
});

const anHour = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 3_600_000 };
const pem = (base64: string): string => Buffer.from(base64, "base64").toString();

/** Another authority, and a client certificate of it. */
function selfSigned(commonName: string): { authority: string; user: string; userKey: string } {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const root = issueCertificate(
    {
      ...{ subject: { commonName }, publicKey: authority.publicKey, serialNumber: randomBytes(12), ...anHour },
      keyUsages: ["certSign"],
      authority: true,
    },
    { privateKey: authority.privateKey },
  );
  const user = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const leaf = issueCertificate(
    {
      ...{ subject: { commonName: "stranger" }, publicKey: user.publicKey, serialNumber: randomBytes(12), ...anHour },
      keyUsages: ["digitalSignature"],
      extendedUsages: ["1.3.6.1.5.5.7.3.2"],
    },
    { certificate: new X509Certificate(root), privateKey: authority.privateKey },
  );
  return {
    authority: toPem("CERTIFICATE", root),
    user: toPem("CERTIFICATE", leaf),
    userKey: String(user.privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}
