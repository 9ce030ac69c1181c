import { type AddressInfo, createServer } from "node:net";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { builtInResources } from "../../api/mod.ts";
import type { AccessOptions } from "../../apiserver/access.ts";
import type { AdmissionSettings } from "../../apiserver/admission/selection.ts";
import type { ProxyClient } from "../../apiserver/aggregation/extension-server.ts";
import { legacyTokenSigner } from "../../apiserver/authentication/legacy-token-signer.ts";
import type { AuditFilters } from "../../apiserver/filters/audit.ts";
import type { HealthCheck } from "../../apiserver/handlers/paths.ts";
import type { KubeletCredentials } from "../../apiserver/nodes/http-backend.ts";
import { ApiServer } from "../../apiserver/server.ts";
import { versionInfo } from "../../apiserver/version.ts";
import { MetricsRegistry } from "../../base/metrics.ts";
import { createJsonLogger, type Logger, realClock, realRandom } from "../../base/mod.ts";
import type { Storage } from "../../storage/storage.ts";
import { buildInfo } from "../build-info.ts";
import { DamagedFileError } from "../certificates/files.ts";
import { ensurePki, type Pki } from "../certificates/pki.ts";
import { CommandError } from "../command-error.ts";
import type { ServerFlags } from "../commands/server-options.ts";
import { signingOf } from "../components/signing.ts";
import { dataFiles } from "../data-dir.ts";
import { removeRunState, writeRunState } from "../run-state.ts";
import { standardError } from "../standard-error.ts";
import { stopSignal } from "../stop-signal.ts";
import { accessOfFlags, type FlagAccess } from "./access/access.ts";
import { serviceAccountsOfFlags } from "./access/service-accounts.ts";
import { type Addresses, addressesOf, urlHost } from "./addresses.ts";
import { admissionOfFlags } from "./admission.ts";
import { openAuditLog } from "./audit.ts";
import { clientAuthorities } from "./client-authorities.ts";
import { ensureClusterObjects } from "./cluster-objects.ts";
import { checksOfOthers, checksWithin } from "./component-checks.ts";
import { runWithin } from "./components.ts";
import { flagTexts } from "./flag-texts.ts";
import { addProcessMetrics } from "./process-metrics.ts";
import { followedCertificates } from "./reload/certificates.ts";
import { followFiles } from "./reload/followed-files.ts";
import { serverIdOf } from "./reload/reload-metrics.ts";
import { requestLimitsOf } from "./request-limits.ts";
import { openStore } from "./store.ts";

/** How long requests that are under way may take to end once the server is told to stop. */
const graceMs = 2_000;

/**
 * Runs the API server until SIGTERM or SIGINT, with the other components of the control plane where `name` is `server`.
 * Failures that have a remedy are CommandErrors.
 */
export async function runServer(name: string, asked: ServerFlags): Promise<void> {
  const startedAt = new Date().toISOString();
  // Certificates and kubeconfigs name the port, and are made before it is taken.
  const flags = asked.apiPort === 0 ? { ...asked, apiPort: await freePort(asked.bindAddress) } : asked;
  const logger = await createJsonLogger({
    level: flags.logLevel as "info",
    destination: standardError,
    clock: realClock,
    bindings: { component: name },
  });
  const addresses = addressesOf(flags);
  const pki = await preparePki(flags, addresses);
  for (const file of pki.written) {
    logger.info("wrote a certificate or kubeconfig", { file });
  }
  const metrics = new MetricsRegistry();
  addProcessMetrics(metrics, versionInfo(buildInfo));
  const auditLog = await openAuditLog(flags, logger, metrics);
  // From here on a signal ends the server in order, even before it is ready.
  const stop = stopSignal();
  const ended = new AbortController();
  const untilEnd = AbortSignal.any([stop, ended.signal]);
  const parts = { logger, metrics, serverId: serverIdOf(hostname()), signal: untilEnd };
  const serviceAccounts = await serviceAccountsOfFlags(flags, { ownKey: pki.serviceAccountKey, ...parts });
  const issuers = flags.serviceAccountIssuer;
  const access = await accessOfFlags(flags, { issuers, audiences: flags.apiAudiences ?? issuers, ...parts });
  const admission = await admissionOfFlags(flags);
  const clientCa = await clientAuthorities(pki.authority, flags.clientCaFile);
  const signing = name === "server" ? await signingOf(flags, flags.dataDir) : undefined;
  const { storage, checks, followed } = await openStore(flags, parts);
  const server = serverOf(name, flags, addresses, {
    pki,
    storage,
    checks,
    logger,
    metrics,
    audit: auditLog?.filters,
    access: { ...access.options, serviceAccounts },
    clientCa,
    admission,
  });
  let components = Promise.resolve();
  let clusterObjects: { stop(): void } | undefined;
  try {
    await server.start();
    const objects = { registry: server.registry, clock: realClock, logger, dnsAddress: addresses.dnsAddress };
    clusterObjects = await ensureClusterObjects(objects);
    const port = await listen(server, flags, pki, clientCa);
    const url = `https://${urlHost(addresses.local)}:${port}`;
    const files = [
      ...followed,
      ...(signing?.followed ?? []),
      ...access.followed((modes) => server.setAuthorizationModes(modes)),
      await followedCertificates(flags, (certificates) => server.setCertificates(certificates)),
    ];
    for (const one of files) void followFiles(one, { clock: realClock, logger }, untilEnd);
    const { serverState } = dataFiles(flags.dataDir);
    await writeRunState(serverState, { name, url, startedAt });
    logger.info("ready", {
      url,
      dataDir: flags.dataDir,
      store: flags.store,
      milliseconds: Math.round(process.uptime() * 1_000),
    });
    if (name === "server") {
      components = runWithin(
        server,
        {
          rootCa: pki.authority,
          // Keys that somebody else keeps sign nothing here.
          signToken: serviceAccounts.keys === undefined ? legacyTokenSigner(serviceAccounts.signingKey) : undefined,
          signing: signing?.signing,
          legacyTokenCleanUpMs: flags.legacyServiceAccountTokenCleanUpPeriod,
          clusterCidrs: flags.allocateNodeCidrs === "true" ? addresses.clusterCidrs : undefined,
          serviceCidrs: addresses.serviceCidrs,
          shared: flags.store.startsWith("etcd="),
          logger,
        },
        ended.signal,
      );
    }
    // Components end before they are told to only where there is a bug, and without its store the server shows what was: the
    // process says so and ends.
    await Promise.race([abortOf(stop), failureOf(components), server.failed]);
    logger.info("stopping");
    await removeRunState(serverState);
  } finally {
    ended.abort();
    clusterObjects?.stop();
    await components.catch(() => {}); // If they have failed, that is what ended the wait above.
    await server.close(graceMs);
    await storage.close();
    await auditLog?.close();
  }
}

async function preparePki(flags: ServerFlags, { advertised, local, serviceAddresses }: Addresses): Promise<Pki> {
  try {
    return await ensurePki({
      dataDir: flags.dataDir,
      clock: realClock,
      hostname: hostname(),
      advertiseAddress: advertised,
      serviceAddresses,
      extraNames: [local],
      clusterDomain: "cluster.local",
      serverUrl: `https://${urlHost(local)}:${flags.apiPort}`,
      localServerUrl: `https://${urlHost(local)}:${flags.apiPort}`,
      serviceAccountKey: "rsa",
      ...(flags.nodeName === undefined ? {} : { nodeName: flags.nodeName }),
      nodeAddresses: flags.nodeIp?.split(",") ?? [],
    });
  } catch (error) {
    throw error instanceof DamagedFileError
      ? new CommandError(error.message, { cause: error })
      : fileError(error, flags.dataDir);
  }
}

interface ServerParts {
  readonly pki: Pki;
  readonly storage: Storage;
  readonly checks: readonly HealthCheck[];
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly audit: AuditFilters | undefined;
  readonly access: FlagAccess["options"] & Pick<AccessOptions, "serviceAccounts">;
  /** PEM of the authorities of certificates that name users. */
  readonly clientCa: string;
  readonly admission: AdmissionSettings;
}

function serverOf(
  name: string,
  flags: ServerFlags,
  addresses: Addresses,
  { pki, storage, checks, logger, metrics, audit, access, clientCa, admission }: ServerParts,
): ApiServer {
  const externalAddress = `${urlHost(addresses.advertised)}:${flags.apiPort}`;
  const server: ApiServer = new ApiServer({
    storage,
    checks,
    clock: realClock,
    random: realRandom,
    logger,
    metrics,
    definitions: builtInResources,
    access: {
      clientCa,
      requestHeaderCa: pki.frontProxyAuthority,
      ...access,
      externalAddress,
    },
    serviceCidrs: addresses.serviceCidrs,
    serviceNodePorts: addresses.serviceNodePorts,
    components: name === "server" ? checksWithin : checksOfOthers(() => server.registry, realClock),
    service: {
      clusterIP: addresses.serviceAddresses[0]!,
      endpoint: addresses.advertised.startsWith("127.") ? undefined : { ip: addresses.advertised, port: flags.apiPort },
    },
    externalAddress,
    sharedStore: flags.store.startsWith("etcd="),
    identity: { id: serverIdOf(hostname()), hostname: hostname(), address: externalAddress },
    ...(audit === undefined ? {} : { audit }),
    admission,
    requestLimits: requestLimitsOf(flags),
    probeTimeouts: { healthMs: flags.etcdHealthcheckTimeout, readinessMs: flags.etcdReadycheckTimeout },
    proxyClient: proxyClientOf(pki),
    aggregatorRouting: flags.enableAggregatorRouting === "true" ? "endpoints" : "services",
    kubelet: kubeletCredentials(pki),
    version: versionInfo(buildInfo),
    flags: flagTexts(flags),
    descriptionsFile: fileURLToPath(new URL("./descriptions.json", import.meta.url)),
  });
  return server;
}

function proxyClientOf({ pairs }: Pki): ProxyClient {
  const { key, certificate } = pairs.get("front-proxy-client")!;
  return { key, cert: certificate };
}

function kubeletCredentials({ pairs, authority }: Pki): KubeletCredentials {
  const { key, certificate } = pairs.get("apiserver-kubelet-client")!;
  return { clientKey: key, clientCert: certificate, ca: authority };
}

async function listen(server: ApiServer, flags: ServerFlags, pki: Pki, clientCa: string): Promise<number> {
  const { key, certificate } = pki.pairs.get("apiserver")!;
  const host = flags.bindAddress;
  const trusted = `${clientCa}\n${pki.frontProxyAuthority}`;
  try {
    return await server.listen({ host, port: flags.apiPort, key, cert: certificate, clientCa: trusted });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new CommandError(
        `port ${flags.apiPort} on ${flags.bindAddress} is taken by another program: stop that one, or choose another port with --api-port`,
        { cause: error },
      );
    }
    if (code === "EACCES" || code === "EADDRNOTAVAIL") {
      const why = code === "EACCES" ? "may not be used by this user" : "is none of this machine's";
      throw new CommandError(
        `${flags.bindAddress}:${flags.apiPort} ${why}: choose others with --bind-address and --api-port`,
        { cause: error },
      );
    }
    throw error;
  }
}

function fileError(error: unknown, dataDir: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const why: Readonly<Record<string, string>> = {
    EACCES: "this user may not write there: run as root, or choose another directory with --data-dir",
    EPERM: "this user may not write there: run as root, or choose another directory with --data-dir",
    EROFS: "the file system is read-only: choose another directory with --data-dir",
    ENOSPC: "the disk is full: make room, then start again",
    ENOTDIR: "part of the path is a file: choose another directory with --data-dir",
  };
  const text = code === undefined ? undefined : why[code];
  return text === undefined ? error : new CommandError(`cannot use ${dataDir}: ${text}`, { cause: error });
}

/** A port that nobody uses; 0 where the address cannot be used at all, which `listen` then says. */
function freePort(host: string): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(0));
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Never resolves; rejects with what `task` fails with. */
function failureOf(task: Promise<void>): Promise<never> {
  return new Promise((_, reject) => task.catch(reject));
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
