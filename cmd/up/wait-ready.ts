import { Resolver } from "node:dns/promises";
import { statfs } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { realClock } from "../../base/mod.ts";
import { waitForCri } from "../../node/containerd/readiness.ts";
import { nodeFiles } from "../../node/files.ts";
import { ensurePauseImage } from "../../node/pause-image/import.ts";
import { CommandError } from "../command-error.ts";
import { isAlive } from "../run-state.ts";
import { type ApiQuestions, apiQuestions } from "./api-questions.ts";
import type { Cluster } from "./cluster.ts";
import { ComponentFailure } from "./component-failure.ts";
import { type ComponentRecord, readJson, recordFile } from "./supervisor/component.ts";

const pollMs = 20;
/** Ends of one component in a start that are one too many: the second start may have been bad luck. */
const tooManyExits = 3;

export interface WaitOptions {
  readonly cluster: Cluster;
  /** Components that the supervisor runs. */
  readonly components: readonly string[];
  readonly timeoutMs: number;
}

/** Waits until pods can run, their names are answered, and the node says so. Throws ComponentFailure where that does not come. */
export async function waitUntilReady(options: WaitOptions): Promise<void> {
  const { cluster, components, timeoutMs } = options;
  const stop = new AbortController();
  const goals = [
    sandboxesReady(cluster, timeoutMs, stop.signal),
    apiReady(options, stop.signal),
    ...(components.includes("node") ? [dnsAnswers(options, stop.signal)] : []),
  ];
  try {
    await Promise.race([Promise.all(goals), failed(options, stop.signal)]);
  } finally {
    stop.abort();
  }
}

async function sandboxesReady({ nodes, dataDir }: Cluster, timeoutMs: number, signal: AbortSignal): Promise<void> {
  for (const { directory } of nodes) {
    const files = nodeFiles(directory);
    await waitForCri(files.containerd.socket, { clock: realClock, timeoutMs, signal }).catch((cause) => {
      throw new ComponentFailure("containerd", dataDir, (cause as Error).message, { cause });
    });
    await ensurePauseImage(files).catch((cause) => {
      throw new ComponentFailure("containerd", dataDir, `cannot take an image in: ${cause.message}`, { cause });
    });
  }
}

/** The server, then the node. */
async function apiReady(options: WaitOptions, signal: AbortSignal): Promise<void> {
  const { cluster, components, timeoutMs } = options;
  const { dataDir, settings } = cluster;
  using questions = await until(() => apiQuestions(dataDir), signal, {
    timeoutMs,
    late: () => new ComponentFailure("server", dataDir, `has made no admin.conf in ${timeoutMs / 1_000} s`),
  });
  await until(async () => ((await questions.ready()) ? true : undefined), signal, {
    timeoutMs,
    late: () => new ComponentFailure("server", dataDir, `is not ready after ${timeoutMs / 1_000} s`),
  });
  if (components.includes("node")) await nodeReady(questions, settings.nodeName, options, signal);
}

async function nodeReady(
  questions: ApiQuestions,
  name: string,
  { cluster, timeoutMs }: WaitOptions,
  signal: AbortSignal,
): Promise<void> {
  let why = "it did not start";
  const isReady = async (): Promise<true | undefined> => {
    const record = await readJson<ComponentRecord>(recordFile(cluster.dataDir, "node"));
    if (record === undefined || !(await isAlive(record))) return undefined;
    const verdict = await questions.nodeReady(name, record.startedAt);
    if (verdict.ready) return true;
    why = verdict.why;
    return undefined;
  };
  await until(isReady, signal, {
    timeoutMs,
    late: () => new ComponentFailure("node", cluster.dataDir, `is not ready after ${timeoutMs / 1_000} s: ${why}`),
  });
}

async function dnsAnswers({ cluster, timeoutMs }: WaitOptions, signal: AbortSignal): Promise<void> {
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([cluster.dnsAddress]);
  const isThere = async (): Promise<true | undefined> => {
    try {
      await resolver.resolve4("kubernetes.default.svc.cluster.local");
      return true;
    } catch {
      return undefined;
    }
  };
  const late = (): Error =>
    new ComponentFailure(
      "node",
      cluster.dataDir,
      `answers no names at ${cluster.dnsAddress} after ${timeoutMs / 1_000} s`,
    );
  await until(isThere, signal, { timeoutMs, late });
}

/** Rejects once a component has ended too often; never resolves. */
async function failed({ cluster, components }: WaitOptions, signal: AbortSignal): Promise<never> {
  const { dataDir } = cluster;
  const endedTooOften = async (): Promise<CommandError | undefined> => {
    if (await isFull(dataDir)) return new CommandError(`the disk that ${dataDir} lies on is full: make room`);
    for (const name of components) {
      const record = await readJson<ComponentRecord>(recordFile(dataDir, name));
      if ((record?.exits ?? 0) >= tooManyExits)
        return new ComponentFailure(name, dataDir, `${record?.lastExit}, again and again`);
    }
    return undefined;
  };
  throw await until(endedTooOften, signal, { timeoutMs: Number.POSITIVE_INFINITY, late: () => new Error("never") });
}

/** Too little for anybody to go on with. */
const fullBytes = 2 ** 20;

async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < fullBytes;
}

interface UntilOptions {
  readonly timeoutMs: number;
  readonly late: () => Error;
}

async function until<T>(
  question: () => Promise<T | undefined>,
  signal: AbortSignal,
  options: UntilOptions,
): Promise<T> {
  const end = performance.now() + options.timeoutMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined) return answer;
    signal.throwIfAborted();
    if (performance.now() > end) throw options.late();
    await delay(pollMs, undefined, { signal });
  }
}
