import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { resolve } from "node:path";
import { criAnswers } from "../../node/containerd/readiness.ts";
import { nodeFiles } from "../../node/files.ts";
import { readKubeconfig } from "../certificates/kubeconfig.ts";
import { dataFiles } from "../data-dir.ts";
import { programName } from "../program-name.ts";
import { isAlive, memoryOf, type RunState, readRunState } from "../run-state.ts";
import { apiQuestions } from "./api-questions.ts";
import { flagOf } from "./down.ts";
import { type ClusterSettings, readSettings } from "./settings.ts";
import { type ComponentRecord, readJson, recordFile, supervisorFile } from "./supervisor/component.ts";

/** One process of a cluster; `status -o json` shows it as it is here. */
export interface ComponentStatus {
  readonly name: string;
  /** Absent where it should run and does not. */
  readonly pid?: number;
  /** Where it answers: a URL, or the path of a socket. */
  readonly url?: string;
  readonly startedAt?: string;
  /** Resident. */
  readonly memoryBytes?: number;
  /** Ends since the cluster was last started. */
  readonly restarts?: number;
  readonly healthy: boolean;
  /** Why it is not healthy. */
  readonly problem?: string;
}

export interface ClusterStatus {
  readonly ready: boolean;
  readonly components: readonly ComponentStatus[];
}

const readyTimeoutMs = 3_000;

/** What runs in a directory, started by `up` or by hand. */
export async function clusterStatus(dataDir: string): Promise<ClusterStatus> {
  const [settings, server] = await Promise.all([readSettings(dataDir), readRunState(dataFiles(dataDir).serverState)]);
  const components =
    settings === undefined ? await aloneStatus(dataDir, server) : await upStatus(dataDir, settings, server);
  return { ready: components.length > 0 && components.every(({ healthy }) => healthy), components };
}

/** `k8ts server`, in the foreground somewhere. */
async function aloneStatus(dataDir: string, server: RunState | undefined): Promise<readonly ComponentStatus[]> {
  return server === undefined ? [] : [await serverStatus(dataDir, server)];
}

async function serverStatus(dataDir: string, { name, pid, url, startedAt }: RunState): Promise<ComponentStatus> {
  const healthy = await isReady(url, dataFiles(dataDir).adminConf);
  const problem = healthy ? {} : { problem: "it does not say that it is ready" };
  return { name, pid, url, startedAt, ...(await memory(pid)), healthy, ...problem };
}

async function upStatus(
  dataDir: string,
  settings: ClusterSettings,
  server: RunState | undefined,
): Promise<readonly ComponentStatus[]> {
  const records = await Promise.all(["server", "node", "containerd"].map((name) => recordOf(dataDir, name)));
  const supervisor = await readRunState(supervisorFile(dataDir));
  if (records.every((record) => record === undefined || record.pid === undefined) && supervisor === undefined)
    return [];
  const known = records.filter((record) => record !== undefined);
  const components = await Promise.all(
    known.map(async ({ name, pid, startedAt, restarts, problem }) => {
      const one = { name, startedAt, restarts };
      if (pid === undefined) return { ...one, healthy: false, problem };
      const address = name === "server" ? server?.url : name === "containerd" ? socketOf(dataDir) : undefined;
      const wrong = await problemOf(name, { dataDir, settings, server, startedAt });
      return {
        ...{ ...one, pid, ...(address === undefined ? {} : { url: address }), ...(await memory(pid)) },
        ...(wrong === undefined ? { healthy: true } : { healthy: false, problem: wrong }),
      };
    }),
  );
  return [...components, await supervisorStatus(supervisor)];
}

interface Seen {
  readonly name: string;
  readonly pid?: number;
  readonly startedAt: string;
  readonly restarts: number;
  readonly problem: string;
}

async function recordOf(dataDir: string, name: string): Promise<Seen | undefined> {
  const record = await readJson<ComponentRecord>(recordFile(dataDir, name));
  if (record === undefined) return undefined;
  const { startedAt, exits, lastExit = "has ended" } = record;
  const seen = { name, startedAt, restarts: exits, problem: `it ${lastExit}` };
  return (await isAlive(record)) ? { ...seen, pid: record.pid } : seen;
}

interface Context {
  readonly dataDir: string;
  readonly settings: ClusterSettings;
  readonly server: RunState | undefined;
  readonly startedAt: string;
}

/** Undefined where a process that runs is well. */
async function problemOf(name: string, { dataDir, settings, server, startedAt }: Context): Promise<string | undefined> {
  if (name === "containerd") return (await criAnswers(socketOf(dataDir))) ? undefined : "it does not answer";
  if (name === "server") {
    const ready = server !== undefined && (await isReady(server.url, dataFiles(dataDir).adminConf));
    return ready ? undefined : "it does not say that it is ready";
  }
  using questions = await apiQuestions(dataDir);
  const verdict = await questions?.nodeReady(settings.nodeName, startedAt);
  if (verdict === undefined) return "admin.conf cannot be read, so nobody can be asked";
  return verdict.ready ? undefined : verdict.why;
}

async function supervisorStatus(state: RunState | undefined): Promise<ComponentStatus> {
  if (state === undefined) {
    return {
      name: "supervisor",
      healthy: false,
      problem: `it does not run: nothing would be restarted. ${programName} up starts it`,
    };
  }
  const { pid, startedAt } = state;
  return { name: "supervisor", pid, startedAt, ...(await memory(pid)), healthy: true };
}

function socketOf(dataDir: string): string {
  return nodeFiles(resolve(dataDir)).containerd.socket;
}

async function memory(pid: number): Promise<{ memoryBytes?: number }> {
  const memoryBytes = await memoryOf(pid);
  return memoryBytes === undefined ? {} : { memoryBytes };
}

async function isReady(url: string, adminConf: string): Promise<boolean> {
  const config = readKubeconfig(await readFile(adminConf, "utf8").catch(() => ""));
  return new Promise((done) => {
    const ask = request(`${url}/readyz`, { ca: config?.authority, timeout: readyTimeoutMs }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    ask.on("timeout", () => ask.destroy());
    ask.on("error", () => done(false));
    ask.end();
  });
}

export function textOfStatus(dataDir: string, { ready, components }: ClusterStatus): string {
  if (components.length === 0) {
    return `not running (${dataDir}). Start it with: ${programName} up${flagOf(dataDir)}\n`;
  }
  const lines = components.map(({ name, pid, url, startedAt, memoryBytes, healthy, restarts, problem }) => {
    const parts = [
      healthy ? "ready" : `not ready: ${problem}`,
      ...(pid === undefined ? [] : [`pid ${pid}`]),
      ...(url === undefined ? [] : [url]),
      ...(startedAt === undefined || pid === undefined ? [] : [`since ${startedAt}`]),
      ...(memoryBytes === undefined ? [] : [`${Math.round(memoryBytes / 2 ** 20)} MiB`]),
      ...(restarts ? [`restarted ${restarts === 1 ? "once" : `${restarts} times`}`] : []),
    ];
    return `${name}: ${parts.join(", ")}`;
  });
  return `${ready ? "ready" : "not ready"} (${dataDir})\n${lines.join("\n")}\n`;
}
