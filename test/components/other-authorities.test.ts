import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { extendedUsage, issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import { expect, seen } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type Credentials, type HttpClient, http1Client } from "../support/http.ts";
import { type ServerProcess, startServerProcess } from "../support/process.ts";

const day = 86_400_000;
const ecKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

interface Authority {
  readonly pem: string;
  readonly privateKey: KeyObject;
}

/** One that the cluster has not made. */
function authority(commonName: string): Authority {
  const { publicKey, privateKey } = ecKeys();
  const template = { ...period(), publicKey, authority: true, keyUsages: ["certSign"] as const };
  const der = issueCertificate({ ...template, subject: { commonName } }, { privateKey });
  return { pem: toPem("CERTIFICATE", der), privateKey };
}

/** What a user of the authority shows. */
function userOf({ pem, privateKey }: Authority, ca: string): Credentials {
  const own = ecKeys();
  const der = issueCertificate(
    {
      ...period(),
      subject: { commonName: "jane", organizations: ["devs"] },
      publicKey: own.publicKey,
      keyUsages: ["digitalSignature"],
      extendedUsages: [extendedUsage.clientAuth],
    },
    { certificate: new X509Certificate(pem), privateKey },
  );
  const key = own.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  return { ca, certificate: toPem("CERTIFICATE", der), key };
}

function period(): { readonly serialNumber: Buffer; readonly notBefore: number; readonly notAfter: number } {
  return { serialNumber: randomBytes(8), notBefore: Date.now() - day, notAfter: Date.now() + day };
}

describe("a server with flags of upstream's own tests", { timeout: 300_000 }, () => {
  const [first, second] = [authority("first"), authority("second")];
  let root: string;
  let server: ServerProcess;
  let admin: HttpClient;
  let ca: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "k8ts-authorities-"));
    await writeFile(join(root, "clients.crt"), first.pem);
    server = await startServerProcess(
      ...[join(root, "data"), "--store", "memory"],
      ...["--client-ca-file", join(root, "clients.crt")],
      ...["--allocate-node-cidrs", "false"],
    );
    assert.equal(server.exitCode, undefined, server.stderr);
    const credentials = await server.credentials();
    ca = credentials.ca;
    admin = http1Client(server.port, credentials);
  });
  after(async () => {
    admin?.close();
    await server?.stop();
    await rm(root, { recursive: true, force: true });
  });

  /** 403 for who is known and may nothing, 401 for who is not. */
  const ask = async (issuer: Authority, code: number): Promise<void> => {
    const client = http1Client(server.port, userOf(issuer, ca));
    try {
      const answer = seen(await expect(client, { path: "/api/v1/nodes" }, code));
      if (code === 403)
        assert.match((answer as unknown as { message: string }).message, /^nodes is forbidden: User "jane"/);
    } finally {
      client.close();
    }
  };

  test("knows users by certificates of the authorities in a file, as it changes, and still by the cluster's own", async () => {
    await ask(first, 403);
    await ask(second, 401);
    await expect(admin, { path: "/api/v1/nodes" }, 200);
    const told = async (): Promise<string> => {
      const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
      return seen(await expect(admin, { path }, 200)).data!["client-ca-file"] as string;
    };
    assert.ok((await told()).includes(first.pem.trim()));
    await writeFile(join(root, "new.crt"), "nothing");
    await rename(join(root, "new.crt"), join(root, "clients.crt"));
    await eventually(() => assert.match(server.stderr, /reloading certificates: it stays as it was/));
    await ask(first, 403);
    await writeFile(join(root, "new.crt"), second.pem);
    await rename(join(root, "new.crt"), join(root, "clients.crt"));
    await eventually(() => ask(second, 403));
    await ask(first, 401);
    await expect(admin, { path: "/api/v1/nodes" }, 200);
    await eventually(async () => assert.ok((await told()).includes(second.pem.trim())));
  });

  test("gives nodes no part of the range of pod addresses where it is told not to", async () => {
    const body = { metadata: { name: "bare" } };
    await expect(admin, { method: "POST", path: "/api/v1/nodes", body }, 201);
    const node = async () =>
      seen(await expect(admin, { path: "/api/v1/nodes/bare" }, 200)).spec as Record<string, unknown>;
    // Another controller has seen the node by now, and so would the one that gives ranges.
    await expect(admin, { method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: "later" } } }, 201);
    await eventually(() => expect(admin, { path: "/api/v1/namespaces/later/serviceaccounts/default" }, 200));
    assert.equal((await node())["podCIDR"], undefined);
  });
});
