import { generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInResources } from "../../api/mod.ts";
import { issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import type { AccessOptions } from "../../apiserver/access.ts";
import type { Backend } from "../../apiserver/nodes/backend.ts";
import { ApiServer, type ApiServerOptions } from "../../apiserver/server.ts";
import { versionInfo } from "../../apiserver/version.ts";
import { type Clock, type Logger, realClock, realRandom, silentLogger } from "../../base/mod.ts";
import { ensurePki } from "../../cmd/certificates/pki.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Credentials } from "./http.ts";

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  /** Milliseconds since 1970. Default: in an hour. */
  readonly notAfter?: number;
  /** Signed by an authority that nobody knows. */
  readonly foreign?: boolean;
}

/** A real API server on HTTPS in this process, with certificates of its own. */
export interface HttpsServer {
  readonly server: ApiServer;
  readonly storage: Storage;
  readonly port: number;
  readonly ca: string;
  /** Signs service account tokens. */
  readonly serviceAccountKey: KeyObject;
  /** `ca`, and its key. */
  readonly authority: { readonly certificate: X509Certificate; readonly privateKey: KeyObject };
  /** Somebody of the group system:masters. */
  readonly admin: Credentials;
  /** A proxy that says in headers who asks. */
  readonly frontProxy: Credentials;
  issue(request: CertificateRequest): Credentials;
  close(): Promise<void>;
}

export interface HttpsServerOptions {
  readonly storage?: Storage;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly compactionIntervalMs?: number;
  /** The way to nodes. */
  readonly backend?: Backend;
  /** How it knows its users, and what they may, where that is another than usual. */
  readonly access?: Partial<AccessOptions>;
  /** Anything else that the server is to be told. */
  readonly more?: Partial<ApiServerOptions>;
}

export async function startHttpsServer(options: HttpsServerOptions = {}): Promise<HttpsServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "k8ts-https-"));
  const pki = await ensurePki({
    dataDir,
    clock: realClock,
    hostname: "test",
    advertiseAddress: "127.0.0.1",
    serviceAddresses: ["10.96.0.1"],
    clusterDomain: "cluster.local",
    serverUrl: "https://127.0.0.1:0",
    localServerUrl: "https://127.0.0.1:0",
    serviceAccountKey: "ecdsa",
  });
  await rm(dataDir, { recursive: true, force: true });
  const clock = options.clock ?? realClock;
  const storage = options.storage ?? memoryStorage({ clock });
  const server = new ApiServer({
    storage,
    clock,
    random: realRandom,
    logger: options.logger ?? silentLogger,
    definitions: builtInResources,
    access: {
      clientCa: pki.authority,
      requestHeaderCa: pki.frontProxyAuthority,
      serviceAccounts: { issuer: "https://kubernetes.default.svc.cluster.local", signingKey: pki.serviceAccountKey },
      anonymous: true,
      authorizationModes: ["Node", "RBAC"],
      externalAddress: "127.0.0.1:6443",
      ...options.access,
    },
    serviceCidrs: ["10.96.0.0/16"],
    service: { clusterIP: "10.96.0.1", endpoint: undefined },
    externalAddress: "127.0.0.1:6443",
    version: versionInfo({ version: "0.1.0", commit: "unknown", date: "1970-01-01T00:00:00Z" }),
    ...(options.backend === undefined ? {} : { backend: options.backend }),
    ...(options.compactionIntervalMs === undefined ? {} : { compactionIntervalMs: options.compactionIntervalMs }),
    proxyClient: {
      key: pki.pairs.get("front-proxy-client")!.key,
      cert: pki.pairs.get("front-proxy-client")!.certificate,
    },
    ...options.more,
  });
  await server.start();
  const { key, certificate } = pki.pairs.get("apiserver")!;
  const port = await server.listen({ host: "127.0.0.1", port: 0, key, cert: certificate, clientCa: pki.authority });
  const authority = { certificate: new X509Certificate(pki.authority), privateKey: pki.authorityKey! };
  const issue = (request: CertificateRequest): Credentials => ({ ca: pki.authority, ...leafOf(request, authority) });
  return {
    server,
    storage,
    port,
    ca: pki.authority,
    serviceAccountKey: pki.serviceAccountKey,
    authority,
    admin: issue({ commonName: "admin", organizations: ["system:masters"] }),
    frontProxy: { ca: pki.authority, ...pki.pairs.get("front-proxy-client")! },
    issue,
    async close() {
      await server.close();
      if (options.storage === undefined) {
        await storage.close();
      }
    },
  };
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

function leafOf(request: CertificateRequest, authority: Authority): { certificate: string; key: string } {
  const { commonName, organizations = [], notAfter = Date.now() + 3_600_000, foreign = false } = request;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = issueCertificate(
    {
      subject: { commonName, organizations },
      publicKey,
      serialNumber: randomBytes(12),
      notBefore: Math.min(Date.now(), notAfter) - 3_600_000,
      notAfter,
      keyUsages: ["digitalSignature", "keyEncipherment"],
      extendedUsages: ["1.3.6.1.5.5.7.3.2"],
    },
    foreign ? { privateKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey } : authority,
  );
  return { certificate: toPem("CERTIFICATE", der), key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}
