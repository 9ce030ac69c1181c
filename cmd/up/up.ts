import { mkdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { checkKernel, checkMachine, rootNeeded } from "../../node/machine/checks.ts";
import { installTools, MachineError } from "../../node/machine/install.ts";
import { readKubeconfig } from "../certificates/kubeconfig.ts";
import { CommandError } from "../command-error.ts";
import type { UpFlags } from "../commands/up.ts";
import { dataFiles, defaultDataDir } from "../data-dir.ts";
import { nodeFacts } from "../node/facts.ts";
import { isAlive } from "../run-state.ts";
import { absoluteDataDir, type Cluster, clusterOf } from "./cluster.ts";
import { flagOf } from "./down.ts";
import { lockCluster } from "./lock.ts";
import { firstSubnet } from "./pod-range.ts";
import { type Progress, terminalProgress } from "./progress.ts";
import { type ClusterSettings, readSettings, settingsFor, writeSettings } from "./settings.ts";
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
  const settings = settingsFor(before, askedOf(flags), usualSettings(dataDir, flags), dataDir);
  const running = await isRunning(dataDir);
  await prepareMachine({ dataDir, settings, running, first: before === undefined, progress });
  const { nodeIPs } = nodeFacts({
    ...{ dataDir, logLevel: "info", hostnameOverride: settings.nodeName, clusterDomain: "cluster.local" },
    ...{ serviceCidr: settings.serviceCidr, clusterCidr: settings.podCidr },
    ...(flags.nodeIp === undefined ? {} : { nodeIp: flags.nodeIp }),
  });
  const podCidrs = settings.podCidr.split(",").map(firstSubnet);
  const cluster = clusterOf(dataDir, settings);
  // From here on something is there that could be left behind.
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  if (before === undefined) await writeSettings(dataDir, settings);
  const interrupted = interruption();
  try {
    progress.step(running ? "finding what runs" : "starting containerd, the control plane and the node");
    const orders = await startComponents({ cluster, nodeIp: nodeIPs.join(","), podCidrs, progress, has });
    const components = orders.components.map(({ name }) => name);
    await Promise.race([waitUntilReady({ cluster, components, timeoutMs: readyTimeoutMs }), interrupted]);
  } catch (error) {
    if (!running) await undo(cluster, before === undefined, progress);
    if (error instanceof MachineError) throw new CommandError(error.message, { cause: error });
    throw error instanceof CommandError ? withRemedy(error, flags.dataDir) : error;
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

function usualSettings(dataDir: string, flags: UpFlags): Omit<ClusterSettings, "version"> {
  return {
    store: "sqlite",
    apiPort: 6443,
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/16",
    nodeName: hostname().toLowerCase(),
    context: dataDir === resolve(defaultDataDir) ? "k8ts" : `k8ts-${basename(dataDir).replace(/[^A-Za-z0-9.-]/g, "-")}`,
    kubeconfig: resolve(flags.kubeconfig ?? userKubeconfigFile()),
  };
}

async function isRunning(dataDir: string): Promise<boolean> {
  const record = await readJson<ComponentRecord>(recordFile(dataDir, "server"));
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
    await checkMachine({ dataDir, ...(running ? {} : { apiPort: settings.apiPort }) });
    await installTools({ root: true, onCommand: (command) => progress.step(command) });
    if (first) await checkKernel();
  } catch (error) {
    throw error instanceof MachineError ? new CommandError(error.message, { cause: error }) : error;
  }
}

/** Leaves the machine as it was; but for the logs, in which the reason stands. */
async function undo(cluster: Cluster, first: boolean, progress: Progress): Promise<void> {
  progress.step("it failed: stopping what was started");
  await stopCluster(cluster, progress);
  if (first) await wipeCluster(cluster, progress, { keepLogs: true });
}

function withRemedy(error: CommandError, dataDir: string): CommandError {
  const text = `${error.message}\nWhat was started has been stopped again. When the cause is gone: k8ts up${flagOf(dataDir)}`;
  return new CommandError(text, { cause: error, exitCode: error.exitCode });
}

/** The name of the context; undefined where it could not be put into the kubeconfig, which is told. */
async function putContext({ dataDir, settings }: Cluster, progress: Progress): Promise<string | undefined> {
  const { context, kubeconfig } = settings;
  try {
    const content = readKubeconfig(await readFile(dataFiles(dataDir).adminConf, "utf8"));
    if (content === undefined) throw new Error("admin.conf is no kubeconfig of this cluster");
    await addContext(kubeconfig, context, content);
    return context;
  } catch (error) {
    progress.warn(`${kubeconfig} is left as it is: ${(error as Error).message}`);
    return undefined;
  }
}

function farewell(dataDir: string, context: string | undefined, cluster: Cluster, seconds: string): string {
  const kubectl = context === undefined ? `kubectl --kubeconfig ${dataFiles(cluster.dataDir).adminConf}` : "kubectl";
  const which =
    context === undefined ? "" : ` Its context, ${context}, is the current one of ${cluster.settings.kubeconfig}.`;
  return `The cluster is ready (${seconds} s).${which}

Try:
  ${kubectl} get nodes
  ${kubectl} create deployment web --image nginx
Stop it with k8ts down${flagOf(dataDir)}, wipe it with k8ts delete${flagOf(dataDir)}.
`;
}
