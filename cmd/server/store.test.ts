import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { MetricsRegistry } from "../../base/metrics.ts";
import { realClock, silentLogger } from "../../base/mod.ts";
import { ensurePki } from "../certificates/pki.ts";
import { CommandError } from "../command-error.ts";
import type { ServerFlags } from "../commands/server-options.ts";
import { openStore } from "./store.ts";

describe("the store that the flags name", { timeout: 60_000 }, () => {
  let dataDir: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "k8ts-store-"));
  });
  after(() => rm(dataDir, { recursive: true, force: true }));

  const open = (flags: Partial<ServerFlags>) =>
    openStore({ dataDir, store: "memory", ...flags } as ServerFlags, {
      logger: silentLogger,
      metrics: new MetricsRegistry(),
      serverId: "test",
      signal: new AbortController().signal,
    });

  test("opens", async () => {
    const { storage } = await open({ store: "memory" });
    assert.equal(await storage.currentRevision(), 1);
    await storage.close();
  });

  test("must be one that there is", async () => {
    await assert.rejects(open({ store: "floppy" }), refused(/unknown store "floppy"/));
  });

  test("is not etcd where only etcd's certificates are given", async () => {
    await assert.rejects(open({ store: "sqlite", etcdCafile: "ca.crt" }), refused(/--store etcd=URL/));
  });

  test("needs a certificate with its key", async () => {
    const store = "etcd=https://127.0.0.1:1";
    await assert.rejects(open({ store, etcdCertfile: "a.crt" }), refused(/belong together/));
    await assert.rejects(open({ store, etcdKeyfile: "a.key" }), refused(/belong together/));
  });

  test("says which file cannot be read", async () => {
    const etcdCafile = join(dataDir, "missing.crt");
    await assert.rejects(
      open({ store: "etcd=https://127.0.0.1:1", etcdCafile }),
      refused(/missing\.crt cannot be read/),
    );
  });

  test("is reached with the certificates that are given, and trusted by the authority that is given", async () => {
    await makeEtcdCertificates(dataDir);
    const pki = (file: string): string => join(dataDir, "pki", file);
    const server = await startRefusingServer(pki("etcd/server"));
    try {
      const flags = {
        store: `etcd=${server.url}`,
        etcdCafile: pki("etcd/ca.crt"),
        etcdCertfile: pki("apiserver-etcd-client.crt"),
        etcdKeyfile: pki("apiserver-etcd-client.key"),
      };
      await assert.rejects(open(flags), refused(/this is no etcd/));
      assert.deepEqual(server.clients, ["kube-apiserver-etcd-client"]);
    } finally {
      server.close();
    }
  });
});

const refused = (message: RegExp) => (error: unknown) => error instanceof CommandError && message.test(error.message);

async function makeEtcdCertificates(dataDir: string): Promise<void> {
  await ensurePki({
    dataDir,
    clock: realClock,
    hostname: "test",
    advertiseAddress: "127.0.0.1",
    serviceAddresses: [],
    clusterDomain: "cluster.local",
    serverUrl: "https://127.0.0.1:6443",
    localServerUrl: "https://127.0.0.1:6443",
    etcd: true,
  });
}

/** Speaks gRPC over TLS only to say that it is no etcd, and notes whom it said it to. */
async function startRefusingServer(pair: string) {
  const [cert, key] = await Promise.all([readFile(`${pair}.crt`), readFile(`${pair}.key`)]);
  const clients: string[] = [];
  const server = createSecureServer({ cert, key, requestCert: true, rejectUnauthorized: false });
  server.on("stream", (stream: ServerHttp2Stream) => {
    clients.push(String((stream.session!.socket as TLSSocket).getPeerCertificate().subject?.CN));
    stream.respond(
      { "content-type": "application/grpc", "grpc-status": "12", "grpc-message": "this is no etcd" },
      { endStream: true },
    );
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `https://localhost:${port}`, clients, close: () => server.close() };
}
