import { CgroupTree } from "../../../node/cgroups/cgroup-tree.ts";
import { readRunState, writeRunState } from "../../run-state.ts";
import { standardError } from "../../standard-error.ts";
import { ordersFile, readJson, type SupervisorOrders, supervisorFile } from "./component.ts";
import { Keeper } from "./keeper.ts";
import { boundLog } from "./log-size.ts";

/**
 * The supervisor of a cluster, a program of its own so that it stays small: `supervisor.mjs DATA-DIR`. It keeps the
 * components running that its orders name. They outlive it: whoever starts the cluster again finds and adopts them.
 */
const logCheckMs = 30_000;

async function main(dataDir: string): Promise<void> {
  const orders = await readJson<SupervisorOrders>(ordersFile(dataDir));
  if (orders === undefined) throw new Error(`there are no orders in ${ordersFile(dataDir)}`);
  if ((await readRunState(supervisorFile(dataDir))) !== undefined) return; // One is enough.
  await writeRunState(supervisorFile(dataDir), { name: "supervisor", url: "", startedAt: new Date().toISOString() });
  process.on("SIGTERM", () => process.exit(0));
  process.on("SIGINT", () => {}); // Of the terminal that the cluster was started from.
  process.on("SIGHUP", () => {});
  const cgroups = await CgroupTree.open(orders.cgroupRoot);
  await cgroups.add("system", process.pid);
  const logs = [...orders.components.map(({ log }) => log), `${dataDir}/log/supervisor.log`];
  setInterval(() => void checkLogs(logs), logCheckMs);
  await Promise.all(orders.components.map((component) => new Keeper(dataDir, component, cgroups).run()));
}

async function checkLogs(logs: readonly string[]): Promise<void> {
  for (const log of logs) {
    await boundLog(log).catch((error) => standardError.write(`${(error as Error).message}\n`));
  }
}

await main(process.argv[2] ?? "").catch((error) => {
  standardError.write(`${(error as Error).stack}\n`);
  process.exit(1);
});
