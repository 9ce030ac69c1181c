import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { ensurePki, type PkiOptions } from "./pki.ts";

const root = mkdtempSync(join(tmpdir(), "k8ts-pki-"));
after(() => rmSync(root, { recursive: true }));
const dayMs = 86_400_000;
const startMs = Date.now();

function setUp(name: string, change: Partial<PkiOptions> = {}) {
  const dataDir = join(root, name);
  const options: PkiOptions = {
    dataDir,
    clock: new VirtualClock({ startMs }),
    hostname: "machine",
    advertiseAddress: "192.0.2.10",
    serviceAddresses: ["10.96.0.1", "fd00::1"],
    clusterDomain: "cluster.local",
    serverUrl: "https://192.0.2.10:6443",
    localServerUrl: "https://127.0.0.1:6443",
    ...change,
  };
  const read = (file: string) => readFileSync(join(dataDir, file), "utf8");
  const write = (file: string, text: string) => writeFileSync(join(dataDir, file), text);
  return {
    options,
    read,
    write,
    ensure: (more: Partial<PkiOptions> = {}) => ensurePki({ ...options, ...more }),
    path: (file: string) => join(dataDir, file),
  };
}

describe("the cluster's certificates", () => {
  it("are made at the first start under kubeadm's names, secrets readable by the owner alone", async () => {
    const { ensure, path, options } = setUp("first", {
      etcd: true,
      nodeName: "machine",
      nodeAddresses: ["192.0.2.10"],
    });
    const pki = await ensure();
    assert.deepEqual(readdirSync(options.dataDir).sort(), [
      "admin.conf",
      "controller-manager.conf",
      "dns.conf",
      "kubelet.conf",
      "pki",
      "proxy.conf",
      "scheduler.conf",
      "super-admin.conf",
    ]);
    assert.deepEqual(readdirSync(path("pki")).sort(), [
      ...[
        "apiserver-etcd-client.crt",
        "apiserver-etcd-client.key",
        "apiserver-kubelet-client.crt",
        "apiserver-kubelet-client.key",
      ],
      ...["apiserver.crt", "apiserver.key", "ca.crt", "ca.key", "etcd", "front-proxy-ca.crt", "front-proxy-ca.key"],
      ...["front-proxy-client.crt", "front-proxy-client.key", "kubelet.crt", "kubelet.key"],
      ...["sa.key", "sa.pub"],
    ]);
    for (const file of ["admin.conf", "pki/ca.key", "pki/sa.key", "pki/apiserver.key"])
      assert.equal(statSync(path(file)).mode & 0o777, 0o600, file);
    assert.equal(
      pki.written.length,
      readdirSync(options.dataDir).length -
        1 +
        readdirSync(path("pki")).length -
        1 +
        readdirSync(path("pki/etcd")).length,
    );
    assert.equal(pki.serviceAccountKey.asymmetricKeyType, "ec");
  });

  it("bear the names and subjects that kubeadm gives them", async () => {
    const { ensure, read } = setUp("names", { nodeName: "machine" });
    await ensure();
    const subject = (certificate: string) => new X509Certificate(certificate).subject;
    const server = new X509Certificate(read("pki/apiserver.crt"));
    assert.equal(
      server.subjectAltName,
      "DNS:machine, DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, DNS:kubernetes.default.svc.cluster.local, DNS:localhost, IP Address:10.96.0.1, IP Address:FD00:0:0:0:0:0:0:1, IP Address:192.0.2.10, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    assert.equal(server.subject, "CN=kube-apiserver");
    assert.deepEqual(
      ["apiserver-kubelet-client", "front-proxy-client"].map((file) => subject(read(`pki/${file}.crt`))),
      ["O=kubeadm:cluster-admins\nCN=kube-apiserver-kubelet-client", "CN=front-proxy-client"],
    );
    const client = (file: string) => subject(readKubeconfig(read(file))!.certificate);
    assert.deepEqual(
      ["admin.conf", "super-admin.conf", "controller-manager.conf", "scheduler.conf", "kubelet.conf"].map(client),
      [
        "O=kubeadm:cluster-admins\nCN=kubernetes-admin",
        "O=system:masters\nCN=kubernetes-super-admin",
        "CN=system:kube-controller-manager",
        "CN=system:kube-scheduler",
        "O=system:nodes\nCN=system:node:machine",
      ],
    );
    assert.equal(readKubeconfig(read("admin.conf"))!.server, "https://192.0.2.10:6443");
    assert.equal(readKubeconfig(read("scheduler.conf"))!.server, "https://127.0.0.1:6443");
  });

  it("of a node name its kubelet, with its addresses, and let its proxy and DNS in under their own names", async () => {
    const { ensure, read } = setUp("node", { nodeName: "one", nodeAddresses: ["192.0.2.10", "fd00::10"] });
    const pki = await ensure();
    const kubelet = new X509Certificate(pki.pairs.get("kubelet")!.certificate);
    assert.equal(kubelet.subject, "O=system:nodes\nCN=system:node:one");
    assert.equal(
      kubelet.subjectAltName,
      "DNS:one, DNS:localhost, IP Address:192.0.2.10, IP Address:FD00:0:0:0:0:0:0:10, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    const client = (file: string) => new X509Certificate(readKubeconfig(read(file))!.certificate).subject;
    assert.deepEqual(["proxy.conf", "dns.conf"].map(client), ["CN=system:kube-proxy", "CN=system:coredns"]);
    const { written } = await ensure({ nodeAddresses: ["192.0.2.11"] });
    assert.deepEqual(written, [
      "pki/kubelet.crt: it lacks the address 192.0.2.11",
      "pki/kubelet.key: it lacks the address 192.0.2.11",
    ]);
  });

  it("satisfy OpenSSL, where it is installed", async (t) => {
    const { ensure, path } = setUp("openssl");
    await ensure();
    const openssl = (...args: string[]) =>
      execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    try {
      openssl("version");
    } catch {
      t.skip("no openssl");
      return;
    }
    assert.match(
      openssl(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        path("pki/ca.crt"),
        path("pki/apiserver.crt"),
      ),
      /OK/,
    );
    assert.match(
      openssl(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslclient",
        "-CAfile",
        path("pki/front-proxy-ca.crt"),
        path("pki/front-proxy-client.crt"),
      ),
      /OK/,
    );
  });

  it("carry a TLS connection with both sides verified", async () => {
    const { ensure, read } = setUp("tls");
    const pki = await ensure();
    const pair = pki.pairs.get("apiserver")!;
    const admin = readKubeconfig(read("admin.conf"))!;
    const server = createServer({
      key: pair.key,
      cert: pair.certificate,
      ca: pki.authority,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const name = new Promise<string>((resolve) =>
      server.on("secureConnection", (socket: TLSSocket) => resolve(socket.getPeerX509Certificate()!.subject)),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const client = connect({ host: "127.0.0.1", port, ca: admin.authority, cert: admin.certificate, key: admin.key });
    await new Promise<void>((resolve, reject) => client.on("secureConnect", resolve).on("error", reject));
    assert.equal(await name, "O=kubeadm:cluster-admins\nCN=kubernetes-admin");
    client.destroy();
    server.close();
  });

  it("are left alone at the next start", async () => {
    const { ensure, read } = setUp("again");
    const first = await ensure();
    const before = read("admin.conf");
    const second = await ensure();
    assert.deepEqual(second.written, []);
    assert.equal(read("admin.conf"), before);
    assert.deepEqual(second.pairs, first.pairs);
    assert.ok(second.serviceAccountKey.equals(first.serviceAccountKey));
  });

  it("are renewed when they run out, lack a name, or point elsewhere, and nothing else is", async () => {
    const { ensure } = setUp("renew");
    await ensure();
    assert.deepEqual((await ensure({ extraNames: ["api.example.com", "198.51.100.7"] })).written, [
      "pki/apiserver.crt: it lacks the name api.example.com",
      "pki/apiserver.key: it lacks the name api.example.com",
    ]);
    assert.deepEqual((await ensure({ serverUrl: "https://192.0.2.10:7443" })).written, [
      "admin.conf: the server was https://192.0.2.10:6443",
      "super-admin.conf: the server was https://192.0.2.10:6443",
    ]);
    await ensure();
    const later = new VirtualClock({ startMs: startMs + 276 * dayMs });
    const { written } = await ensure({ clock: later });
    assert.ok(written.includes("pki/front-proxy-client.crt: it expires in 88 days"), written.join("\n"));
    assert.ok(!written.some((line) => /ca\.|sa\./.test(line)));
    assert.deepEqual((await ensure({ clock: later })).written, []);
  });

  it("are issued anew by the old key where the authority's certificate is lost", async () => {
    const { ensure, path } = setUp("lost");
    const { authorityKey } = await ensure();
    rmSync(path("pki/ca.crt"));
    const again = await ensure();
    assert.ok(again.authorityKey!.equals(authorityKey!));
    assert.ok(!again.written.some((line) => line.startsWith("pki/apiserver.crt")), again.written.join("\n"));
  });

  it("may be signed elsewhere, as long as none must be issued here", async () => {
    const { ensure, path } = setUp("external");
    await ensure();
    rmSync(path("pki/ca.key"));
    assert.equal((await ensure()).authorityKey, undefined);
    await assert.rejects(ensure({ extraNames: ["new"] }), {
      name: "DamagedFileError",
      message: `${path("pki/ca.key")} is missing, and without it a certificate cannot be issued (pki/apiserver.crt: it lacks the name new): put the key in its place for one start, or issue the certificate yourself`,
    });
  });

  it("say which file is damaged and what to do about it", async () => {
    const s = setUp("damaged");
    await s.ensure();
    const { path } = s;
    const refused = async (file: string, text: string, message: string) => {
      const good = s.read(file);
      s.write(file, text);
      await assert.rejects(s.ensure(), (error: Error) => {
        assert.equal(error.name, "DamagedFileError");
        assert.ok(error.message.startsWith(`${path(file)} ${message}`), error.message);
        return true;
      });
      s.write(file, good);
    };
    await refused("pki/ca.crt", "", "is no PEM certificate: restore it from a backup, or delete ");
    await refused(
      "pki/apiserver.crt",
      s.read("pki/apiserver.crt").slice(0, 200),
      `is no PEM certificate: delete apiserver.crt and apiserver.key in ${path("pki")}, and they are made anew at the next start`,
    );
    await refused("pki/front-proxy-client.key", "x", "is no PEM private key");
    await refused("pki/sa.key", "x", "is no PEM private key: restore it from a backup, or delete sa.key and sa.pub");
    await refused("pki/apiserver.crt", s.read("pki/front-proxy-client.crt"), "does not belong to the key beside it");
    await refused(
      "admin.conf",
      "{}",
      "is no kubeconfig of this cluster: delete it, and it is made anew at the next start",
    );
    await refused("pki/ca.crt", s.read("pki/front-proxy-ca.crt"), "does not belong to the key beside it");
    await refused("pki/sa.pub", s.read("pki/ca.crt"), "does not belong to sa.key");
    assert.deepEqual((await s.ensure()).written, []);
  });

  it("of an RSA service account key are made on request", async () => {
    const { ensure, read } = setUp("rsa", { serviceAccountKey: "rsa" });
    assert.equal((await ensure()).serviceAccountKey.asymmetricKeyType, "rsa");
    assert.equal(createPublicKey(read("pki/sa.pub")).asymmetricKeyDetails?.modulusLength, 2048);
  });
});
