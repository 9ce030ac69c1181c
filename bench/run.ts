import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * `npm run bench`: a fresh server, the yardstick that upstream was measured with driven against it through its API alone, and
 * the table of bench/README.md as it comes out here and now. Needs kubectl and the yardstick (`--measure FILE`).
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const flags = new Map(process.argv.slice(2).map((flag) => [flag.split("=")[0]!, flag.split("=")[1] ?? ""]));
const yardstick = resolve(flags.get("--measure") ?? join(root, "../shared/measure/measure.mjs"));
const only = flags.get("--only") ?? "api,pods10k";

interface Timed {
  readonly perSecond: number;
  readonly serverCpuMsPerOp: number;
  readonly p50: number;
  readonly p99: number;
}

interface Measured {
  readonly rssMiBStart: number;
  readonly api?: Readonly<Record<string, Timed>>;
  readonly pods10k?: Readonly<Record<string, Timed>> & {
    readonly rssMiB: number;
    readonly deleteCollection10kSeconds: number;
    readonly watchFanout: { readonly deliveredPerSecond: number; readonly serverCpuMsPerDelivery: number };
  };
}

if (!existsSync(yardstick)) {
  process.stderr.write(`there is no ${yardstick}: name the yardstick with --measure=FILE\n`);
  process.exit(2);
}
const dataDir = await mkdtemp(join(tmpdir(), "k8ts-bench-"));
const server = spawn(
  process.execPath,
  [join(root, "dist/k8ts.mjs"), "server", "--data-dir", dataDir, "--api-port", "0", "--bind-address", "127.0.0.1"],
  { stdio: "ignore" },
);
try {
  const kubeconfig = await ready(dataDir);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [yardstick, "--only", only, "--pids", String(server.pid)],
    { env: { ...process.env, KUBECONFIG: kubeconfig }, maxBuffer: 2 ** 24 },
  );
  process.stdout.write(flags.has("--json") ? stdout : table(JSON.parse(stdout) as Measured));
} finally {
  server.kill("SIGTERM");
  await new Promise((gone) => server.once("exit", gone));
  await rm(dataDir, { recursive: true, force: true });
}

/** The administrator's kubeconfig, pointed at the port that the server took. */
async function ready(dir: string): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const state = await readFile(join(dir, "run/server.json"), "utf8").catch(() => undefined);
    if (state !== undefined) {
      return join(dir, "admin.conf");
    }
    await sleep(50);
  }
  throw new Error("the server was not ready within 10 s");
}

/** Upstream's figures (Kubernetes 1.36 and etcd 3.5, 2 cores): CPU ms an operation, p50 ms. */
function table({ rssMiBStart, api, pods10k }: Measured): string {
  const rows: string[] = [
    "| work | k8ts: rate | p50 / p99 ms | CPU ms an operation | upstream: p50 | CPU ms | must |",
    "|---|---|---|---|---|---|---|",
  ];
  const row = (name: string, timed: Timed | undefined, upstream: readonly [string, string, string]): void => {
    if (timed !== undefined) {
      const { perSecond, p50, p99, serverCpuMsPerOp } = timed;
      rows.push(`| ${name} | ${perSecond}/s | ${p50} / ${p99} | ${serverCpuMsPerOp} | ${upstream.join(" | ")} |`);
    }
  };
  row("create ConfigMap of 1 KB, 16 at a time", api?.["createConfigMap"], ["12", "1.28", "1.28"]);
  row("create, one at a time", api?.["createSequential"], ["2.0", "2.35", ""]);
  row("get", api?.["getConfigMap"], ["5.6", "0.65", "0.65"]);
  row("merge patch", api?.["mergePatch"], ["13", "1.66", "1.66"]);
  row("server-side apply", api?.["serverSideApply"], ["7.6", "1.74", ""]);
  row("list of 2,000 ConfigMaps", api?.["list2000"], ["34", "24.5", ""]);
  row("list, limit 500", api?.["list500Limit"], ["18", "7.2", ""]);
  row("delete", api?.["deleteConfigMap"], ["11", "1.25", "1.25"]);
  row("create pod, up to 10,000", pods10k?.["createPod"], ["20", "2.45", ""]);
  row("list of 10,000 pods", pods10k?.["list10kPods"], ["426", "447", ""]);
  row("list of 10,000 pods, resourceVersion=0", pods10k?.["list10kCached"], ["370", "385", "100 ms"]);
  row("list by label among 10,000", pods10k?.["listBySelector"], ["7.4", "3.3", ""]);
  if (pods10k !== undefined) {
    const { watchFanout, rssMiB, deleteCollection10kSeconds } = pods10k;
    const { deliveredPerSecond, serverCpuMsPerDelivery } = watchFanout;
    rows.push(
      `| watch: 200 watchers × 200 events | ${deliveredPerSecond}/s | | ${serverCpuMsPerDelivery} | | 0.035 | 0.03 |`,
    );
    rows.push(`| deletecollection of 10,000 pods | ${deleteCollection10kSeconds} s | | | 39 s | | |`);
    rows.push(`| memory at 10,000 pods | ${rssMiB} MiB | | | 1,594 MiB | | 700 MiB |`);
  }
  rows.push(`| memory at the start | ${rssMiBStart} MiB | | | | | 120 MiB |`);
  return `${rows.join("\n")}\n`;
}
