import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { builtInResources } from "../../api/mod.ts";
import { issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import { ApiServer } from "../../apiserver/server.ts";
import { versionInfo } from "../../apiserver/version.ts";
import { createJsonLogger, realClock, realRandom } from "../../base/mod.ts";
import { createClient } from "../../client/mod.ts";
import { ensurePki } from "../../cmd/certificates/pki.ts";
import { ensureClusterObjects } from "../../cmd/server/cluster-objects.ts";
import { createCriClient } from "../../cri/mod.ts";
import { startKubeletServer } from "../../kubelet/server/server.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import { runningPods } from "./running-pods.ts";

// A control plane and a kubelet's HTTPS API over a containerd, in the network namespace that this program runs in. Says
// READY, and lives until it is killed.

const [dataDir, address, socketPath, cgroupParent] = process.argv.slice(2) as [string, string, string, string];
const apiPort = 6443;

const logger = await createJsonLogger({ level: "info", destination: process.stderr, clock: realClock, bindings: {} });
const url = `https://${address}:${apiPort}`;
const pki = await ensurePki({
  dataDir,
  clock: realClock,
  hostname: "one",
  advertiseAddress: address,
  serviceAddresses: ["10.96.0.1"],
  clusterDomain: "cluster.local",
  serverUrl: url,
  localServerUrl: url,
  serviceAccountKey: "ecdsa",
});
const kubeletClient = pki.pairs.get("apiserver-kubelet-client")!;
const server = new ApiServer({
  storage: memoryStorage({ clock: realClock }),
  clock: realClock,
  random: realRandom,
  logger,
  definitions: builtInResources,
  access: {
    clientCa: pki.authority,
    requestHeaderCa: pki.frontProxyAuthority,
    serviceAccounts: { issuer: "https://kubernetes.default.svc.cluster.local", signingKey: pki.serviceAccountKey },
    anonymous: true,
    authorizationModes: ["Node", "RBAC"],
    externalAddress: `${address}:${apiPort}`,
  },
  serviceCidrs: ["10.96.0.0/16"],
  service: { clusterIP: "10.96.0.1", endpoint: undefined },
  externalAddress: `${address}:${apiPort}`,
  kubelet: { clientKey: kubeletClient.key, clientCert: kubeletClient.certificate, ca: pki.authority },
  version: versionInfo({ version: "0.1.0", commit: "unknown", date: "1970-01-01T00:00:00Z" }),
});
await server.start();
const clusterObjects = { registry: server.registry, clock: realClock, logger, dnsAddress: "10.96.0.10" };
await ensureClusterObjects(clusterObjects);
const pair = pki.pairs.get("apiserver")!;
const clientCa = pki.authority;
await server.listen({ host: address, port: apiPort, key: pair.key, cert: pair.certificate, clientCa });

const runtime = createCriClient({ clock: realClock, socketPath });
const logDirectory = join(dataDir, "pod-logs");
mkdirSync(logDirectory, { recursive: true });
const pods = await runningPods({ runtime, logDirectory, cgroupParent, hostIp: address });

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const certificate = issueCertificate(
  {
    subject: { commonName: "system:node:one", organizations: ["system:nodes"] },
    publicKey,
    serialNumber: realRandom.bytes(12),
    notBefore: Date.now() - 3_600_000,
    notAfter: Date.now() + 3_600_000,
    keyUsages: ["digitalSignature"],
    extendedUsages: ["1.3.6.1.5.5.7.3.1"],
    names: { ipAddresses: [address] },
  },
  { certificate: new X509Certificate(pki.authority), privateKey: pki.authorityKey! },
);
const kubelet = await startKubeletServer({
  host: address,
  port: 10_250,
  key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  cert: toPem("CERTIFICATE", certificate),
  clientCa: pki.authority,
  nodeName: "one",
  api: pods.api,
  runtime,
  client: createClient(server.transport()),
  clock: realClock,
  logger,
});
await server.registry.create(Node, {
  metadata: { name: "one" },
  spec: {},
  status: {
    addresses: [{ type: "InternalIP", address }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
  },
});
const client = createClient(server.transport());
for (const pod of pods.objects) {
  const { metadata } = await server.registry.create(Pod, pod);
  await client.resource(Pod, "default").updateStatus({ ...pod, metadata });
}
writeFileSync(join(dataDir, "ready"), "");
process.stdout.write("READY\n");
