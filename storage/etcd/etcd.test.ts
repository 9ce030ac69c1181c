import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { realClock } from "../../base/mod.ts";
import { revisionOf } from "../contract/model.ts";
import { bytes, startWatch, under } from "../contract/subject.ts";
import { describeStorageContract } from "../contract.ts";
import { StorageUnavailableError } from "../storage.ts";
import { etcdStorage } from "./etcd.ts";
import { type EtcdServer, etcdMissing, startEtcd } from "./testing/etcd-server.ts";

const skip = etcdMissing() ?? false;

if (skip === false) {
  describeStorageContract("etcd", async () => {
    const server = await startEtcd();
    try {
      const storage = await etcdStorage({ endpoints: [server.endpoint], clock: realClock });
      return {
        storage,
        fresh: true,
        passTime: (ms) => realClock.sleep(ms),
        expiryToleranceMs: 4000,
        servesCompactedRevision: false,
        reportsProgress: false,
        dispose: async () => {
          await storage.close();
          await server.dispose();
        },
      };
    } catch (error) {
      await server.dispose();
      throw error;
    }
  });
}

const timeout = 60_000;

test("a watch survives the death of the server: nothing is missing, nothing comes twice", { skip, timeout }, () =>
  withEtcd(async (server) => {
    const storage = await etcdStorage({ endpoints: [server.endpoint], clock: realClock });
    const other = await etcdStorage({ endpoints: [server.endpoint], clock: realClock });
    try {
      const watch = startWatch(storage, under("/w/"), { previous: true });
      await storage.put("/w/a", bytes("0"));
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 30; i++) await other.put("/w/a", bytes(`${round}.${i}`));
        await server.kill();
        server.start();
        await eventually(() => other.get("/w/a"));
        for (let i = 0; i < 30; i++) await other.put(`/w/${i}`, bytes(`${round}.${i}`));
      }
      await watch.reached(181);
      assert.deepEqual(
        watch.events.map(revisionOf),
        Array.from({ length: 181 }, (_, index) => index + 2),
      );
      assert.equal(await watch.stop(), undefined);
    } finally {
      await storage.close();
      await other.close();
    }
  }),
);

test("a server that does not answer makes calls fail in time, and is used again when it does", { skip, timeout }, () =>
  withEtcd(async (server) => {
    const storage = await etcdStorage({ endpoints: [server.endpoint], clock: realClock, timeoutMs: 3000 });
    try {
      await storage.put("/a", bytes("1"));
      await server.kill();
      await realClock.sleep(200);
      await assert.rejects(storage.put("/a", bytes("2")), StorageUnavailableError);
      await assert.rejects(storage.get("/a"), StorageUnavailableError);
      server.start();
      assert.equal((await eventually(() => storage.get("/a"))).entry?.modRevision, 2);
      await storage.put("/a", bytes("3"));
    } finally {
      await storage.close();
    }
  }),
);

test("a dead endpoint among several is passed over", { skip, timeout }, () =>
  withEtcd(async (server) => {
    const storage = await etcdStorage({ endpoints: ["http://127.0.0.1:1", server.endpoint], clock: realClock });
    const watch = startWatch(storage, under("/w/"));
    await storage.put("/w/a", bytes("1"));
    assert.equal(watch.events.length, 1);
    await storage.close();
  }),
);

test("no server at all is said plainly", { timeout }, async () => {
  const opening = etcdStorage({ endpoints: ["http://127.0.0.1:1"], clock: realClock, timeoutMs: 300 });
  await assert.rejects(
    opening,
    (error) => error instanceof StorageUnavailableError && /127\.0\.0\.1:1/.test(error.message),
  );
});

test("stores with different prefixes share a server without seeing each other's keys", { skip, timeout }, () =>
  withEtcd(async (server) => {
    const options = { endpoints: [server.endpoint], clock: realClock };
    const one = await etcdStorage({ ...options, keyPrefix: "/one" });
    const two = await etcdStorage({ ...options, keyPrefix: "/two" });
    const watch = startWatch(two, under("/w/"));
    await two.put("/w/a", bytes("2"));
    await one.put("/w/a", bytes("1"));
    assert.equal((await one.range("", "\u{10ffff}")).count, 1);
    assert.equal((await one.get("/w/a")).entry?.key, "/w/a");
    assert.deepEqual(
      watch.events.map((event) => event.type === "put" && event.entry.key),
      ["/w/a"],
    );
    await Promise.all([one.close(), two.close()]);
  }),
);

test("keys that live equally long share a lease", { skip, timeout }, () =>
  withEtcd(async (server) => {
    const storage = await etcdStorage({ endpoints: [server.endpoint], clock: realClock });
    for (let i = 0; i < 50; i++) await storage.put(`/events/${i}`, bytes("1"), { ttlSeconds: 3600 });
    await storage.close();
    const leases = await fetch(`${server.endpoint}/v3/lease/leases`, { method: "POST", body: "{}" });
    assert.equal(((await leases.json()) as { leases: unknown[] }).leases.length, 1);
  }),
);

test("a backup is a whole snapshot", { skip, timeout }, () =>
  withEtcd(async (server) => {
    const folder = await mkdtemp(join(tmpdir(), "k8ts-etcd-backup-"));
    const storage = await etcdStorage({ endpoints: [server.endpoint], clock: realClock });
    try {
      await storage.put("/a", new Uint8Array(100_000));
      const path = join(folder, "snapshot.db");
      await storage.backup(path);
      assert.ok((await stat(path)).size >= (await storage.sizeBytes()));
    } finally {
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    }
  }),
);

async function withEtcd(body: (server: EtcdServer) => Promise<void>): Promise<void> {
  const server = await startEtcd();
  try {
    await body(server);
  } finally {
    await server.dispose();
  }
}

/** Tries until it works; the test's timeout bounds it. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch {
      await realClock.sleep(100);
    }
  }
}

test("TLS: the server's certificate is checked, and the client shows its own", { skip, timeout }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "k8ts-etcd-tls-"));
  try {
    const made = await makeCertificates(folder).catch((error: Error) => error);
    if (made instanceof Error) return t.skip(`openssl cannot make certificates here: ${made.message}`);
    const file = (name: string): string => join(folder, name);
    const flags = [`--cert-file=${file("server.crt")}`, `--key-file=${file("server.key")}`];
    flags.push(`--trusted-ca-file=${file("ca.crt")}`, "--client-cert-auth");
    const server = await startEtcd({ flags, scheme: "https" });
    try {
      const [ca, cert, key] = await Promise.all(
        ["ca.crt", "client.crt", "client.key"].map((name) => readFile(file(name))),
      );
      const options = { endpoints: [server.endpoint], clock: realClock, timeoutMs: 5000 };
      const storage = await etcdStorage({
        ...options,
        tls: { ca: ca as Buffer, cert: cert as Buffer, key: key as Buffer },
      });
      await storage.put("/a", bytes("1"));
      await storage.close();
      const stranger = etcdStorage({ ...options, timeoutMs: 500, tls: { ca: ca as Buffer } });
      await assert.rejects(stranger, StorageUnavailableError);
      const gullible = etcdStorage({ ...options, timeoutMs: 500 });
      await assert.rejects(gullible, StorageUnavailableError);
    } finally {
      await server.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** An authority, and a certificate for a server on loopback and for a client. */
async function makeCertificates(folder: string): Promise<void> {
  const openssl = (...args: string[]): Promise<unknown> => promisify(execFile)("openssl", args, { cwd: folder });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"];
  await openssl("req", "-x509", ...newKey, "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.crt");
  for (const name of ["server", "client"]) {
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
    const usage = [
      "-addext",
      "extendedKeyUsage=serverAuth,clientAuth",
      "-addext",
      "basicConstraints=critical,CA:FALSE",
    ];
    const signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", `${name}.key`, "-out", `${name}.crt`];
    await openssl("req", "-x509", ...newKey, ...subject, ...usage, ...signed);
  }
}
