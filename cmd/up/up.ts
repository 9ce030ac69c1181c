import { mkdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { bridgeName } from "../../node/files.ts";
import { checkKernel, checkMachine, rootNeeded } from "../../node/machine/checks.ts";
import { installTools, MachineError } from "../../node/machine/install.ts";
import { firstFreePort } from "../../node/machine/ports.ts";
import { RunError, run } from "../../node/process/run.ts";
import { readKubeconfig } from "../certificates/kubeconfig.ts";
import { CommandError } from "../command-error.ts";
import type { UpFlags } from "../commands/up.ts";
import { dataFiles, defaultDataDir } from "../data-dir.ts";
import { nodeFacts } from "../node/facts.ts";
import { programName } from "../program-name.ts";
import { isAlive } from "../run-state.ts";
import { dnsAddressOf } from "../server/addresses.ts";
import { absoluteDataDir, type Cluster, clusterOf } from "./cluster.ts";
import { flagOf } from "./down.ts";
import { lockCluster } from "./lock.ts";
import { firstSubnet } from "./pod-range.ts";
import { type Progress, terminalProgress } from "./progress.ts";
import { checkRanges, type Route } from "./ranges.ts";
import { type ClusterSettings, readSettings, settingsFor, usualKubeletPort, writeSettings } from "./settings.ts";
import { startComponents } from "./start.ts";
import { stopCluster } from "./stop.ts";
import { type ComponentRecord, readJson, recordFile } from "./supervisor/component.ts";
import { addContext, userKubeconfigFile } from "./user-kubeconfig.ts";
import { waitUntilReady } from "./wait-ready.ts";
import { wipeCluster } from "./wipe.ts";

/** A first start makes keys and takes images in; a slow machine may need a while. */
const readyTimeoutMs = 60_000;

/**
 * Makes this machine a cluster, or goes on with the one in its directory, and returns once pods can run. A start that fails
 * leaves nothing running that did not run before, and no files where there were none; but for logs.
 */
export async function up(flags: UpFlags, has: (component: string) => boolean): Promise<void> {
  const startedMs = performance.now();
  const progress = terminalProgress();
  const dataDir = await absoluteDataDir(flags.dataDir);
  needRoot();
  await using _lock = await lockCluster({
    dataDir,
    onWait: (pid) => progress.step(`waiting for another command (pid ${pid})`),
  });
  const before = await readSettings(dataDir);
  const usual = before ?? (await usualSettings(dataDir, flags));
  const settings = settingsFor(before, askedOf(flags), usual, dataDir);
  checkNodeName(settings.nodeName);
  const { nodeIPs } = nodeFacts({
    ...{ dataDir, logLevel: "info", hostnameOverride: settings.nodeName, clusterDomain: "cluster.local" },
    ...{ serviceCidr: settings.serviceCidr, clusterCidr: settings.podCidr },
    ...(flags.nodeIp === undefined ? {} : { nodeIp: flags.nodeIp }),
  });
  const podCidrs = settings.podCidr.split(",").map(firstSubnet);
  const running = await isRunning(dataDir, "server");
  await prepareMachine({ dataDir, settings, running, first: before === undefined, progress });
  const cluster = clusterOf(dataDir, settings);
  const interrupted = interruption();
  try {
    // From here on something is there that could be left behind.
    await mkdir(dataDir, { recursive: true, mode: 0o755 });
    if (before === undefined) await writeSettings(dataDir, settings);
    progress.step(running ? "finding what runs" : "starting containerd, the control plane and the node");
    const orders = await startComponents({ cluster, nodeIp: nodeIPs.join(","), podCidrs, progress, has });
    const components = orders.components.map(({ name }) => name);
    await Promise.race([waitUntilReady({ cluster, components, timeoutMs: readyTimeoutMs }), interrupted]);
  } catch (error) {
    if (!running) await undo(cluster, before === undefined, progress);
    throw told(error, flags.dataDir, { running, first: before === undefined });
  }
  const context = await putContext(cluster, progress);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  process.stdout.write(farewell(flags.dataDir, context, cluster, seconds));
}

function askedOf({ store, apiPort, podCidr, serviceCidr, nodeName }: UpFlags) {
  return Object.fromEntries(
    Object.entries({ store, apiPort, podCidr, serviceCidr, nodeName }).filter(([, value]) => value !== undefined),
  );
}

async function usualSettings(dataDir: string, flags: UpFlags): Promise<Omit<ClusterSettings, "version">> {
  return {
    store: "sqlite",
    apiPort: 6443,
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/16",
    nodeName: hostname().toLowerCase(),
    kubeletPort: await firstFreePort(usualKubeletPort),
    context: dataDir === resolve(defaultDataDir) ? "k8ts" : `k8ts-${basename(dataDir).replace(/[^A-Za-z0-9.-]/g, "-")}`,
    kubeconfig: resolve(flags.kubeconfig ?? userKubeconfigFile()),
  };
}

async function isRunning(dataDir: string, component: string): Promise<boolean> {
  const record = await readJson<ComponentRecord>(recordFile(dataDir, component));
  return record !== undefined && (await isAlive(record));
}

/** Rejects at Ctrl-C and at the end of the terminal; what was started is stopped then, too. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => reject(new CommandError(`${signal} was received`, { exitCode: 130 })));
    }
  });
}

/** Upstream's rule for names of nodes (a lowercase RFC 1123 subdomain). */
const validNodeName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function checkNodeName(name: string): void {
  if (validNodeName.test(name) && name.length <= 253) return;
  throw new CommandError(
    `${JSON.stringify(name)} cannot be the name of a node, which has lower case letters, digits, '-' and '.' alone: choose one with --node-name`,
  );
}

function needRoot(): void {
  if (process.getuid?.() !== 0) throw new CommandError(rootNeeded);
}

interface MachineOptions {
  readonly dataDir: string;
  readonly settings: ClusterSettings;
  readonly running: boolean;
  readonly first: boolean;
  readonly progress: Progress;
}

async function prepareMachine({ dataDir, settings, running, first, progress }: MachineOptions): Promise<void> {
  try {
    const node = { kubeletPort: settings.kubeletPort, dnsAddress: dnsAddressOf(settings.serviceCidr) };
    const nodeRuns = await isRunning(dataDir, "node");
    await checkMachine({
      dataDir,
      first,
      ...(running ? {} : { apiPort: settings.apiPort }),
      ...(nodeRuns ? {} : { node }),
    });
    await installTools({ root: true, onCommand: progress.step, onProgress: progress.detail });
    if (first) await checkKernel();
    if (!running) checkRanges(settings, await routes(), bridgeName(dataDir));
  } catch (error) {
    throw error instanceof MachineError ? new CommandError(error.message, { cause: error }) : error;
  }
}

async function routes(): Promise<readonly Route[]> {
  const texts = await Promise.all(
    ["-4", "-6"].map((family) => run("ip", [family, "-json", "route"]).catch(() => "[]")),
  );
  return texts.flatMap((text) => JSON.parse(text || "[]") as Route[]);
}

/** Leaves the machine as it was; but for the logs, in which the reason stands. */
async function undo(cluster: Cluster, first: boolean, progress: Progress): Promise<void> {
  progress.step("it failed: stopping what was started");
  await stopCluster(cluster, progress);
  if (first) await wipeCluster(cluster, progress, { keepLogs: true });
}

/** What people can do something about has words for them; the rest are defects, as they came. */
function told(error: unknown, dataDir: string, { running, first }: { running: boolean; first: boolean }): unknown {
  const { message, code } = error as NodeJS.ErrnoException;
  const known = error instanceof CommandError || error instanceof MachineError || error instanceof RunError;
  if (!known && !(code !== undefined && ofTheMachine.has(code))) return error;
  const again = `${programName} up${flagOf(dataDir)}`;
  const stays = first ? `; its logs stay in ${dataDir}/log until ${programName} delete${flagOf(dataDir)}` : "";
  const stopped = running ? "" : `What was started has been stopped again${stays}. `;
  const text = `${message}\n${stopped}When the cause is gone: ${again}`;
  return new CommandError(text, { cause: error, ...(error instanceof CommandError && { exitCode: error.exitCode }) });
}

/** Refusals of the system that are no defect of ours. */
const ofTheMachine = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "ENOMEM", "EMFILE", "ENFILE"]);

/** The name of the context; undefined where it could not be put into the kubeconfig, which is told. */
async function putContext({ dataDir, settings }: Cluster, progress: Progress): Promise<string | undefined> {
  const { context, kubeconfig } = settings;
  try {
    const content = readKubeconfig(await readFile(dataFiles(dataDir).adminConf, "utf8"));
    if (content === undefined) throw new Error("admin.conf is no kubeconfig of this cluster");
    await addContext(kubeconfig, context, content);
    return context;
  } catch (error) {
    progress.warn(`${kubeconfig} is left as it is: ${firstLine((error as Error).message)}`);
    return undefined;
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function farewell(dataDir: string, context: string | undefined, cluster: Cluster, seconds: string): string {
  const kubectl = context === undefined ? `kubectl --kubeconfig ${dataFiles(cluster.dataDir).adminConf}` : "kubectl";
  const which =
    context === undefined ? "" : ` Its context, ${context}, is the current one of ${cluster.settings.kubeconfig}.`;
  return `The cluster is ready (${seconds} s).${which}

Try:
  ${kubectl} get nodes
  ${kubectl} create deployment web --image nginx
Stop it with ${programName} down${flagOf(dataDir)}, wipe it with ${programName} delete${flagOf(dataDir)}.
`;
}
