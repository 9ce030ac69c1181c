/**
 * Time of the proxy's transactions: everything at once, and one service's endpoints changed, in a network namespace of its
 * own. `node bench/proxy.ts [SERVICES …]`, default 100 and 1000, each with 5 endpoints. Needs root and nft.
 */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { realClock } from "../base/mod.ts";
import { buildRuleset, createNft, diff, renderFull } from "../proxy/mod.ts";
import { endpoint, facts, service, slice } from "../proxy/testing/objects.ts";

const namespace = `k8ts-bench-${process.pid}`;
const endpointsEach = 5;
const repeats = 5;

type Row = Record<string, string | number>;

execFileSync("ip", ["netns", "add", namespace]);
const command = ["nsenter", `--net=/run/netns/${namespace}`, "nft"];
const monitor = spawn(command[0] as string, [...command.slice(1), "monitor"], { stdio: "ignore" });
try {
  const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1000];
  const rows: Row[] = [];
  for (const size of sizes) rows.push(await measure(size));
  // biome-ignore lint/suspicious/noConsole: the table is what this program is for
  console.table(rows);
} finally {
  monitor.kill("SIGKILL");
  execFileSync("ip", ["netns", "del", namespace]);
}

async function measure(size: number): Promise<Row> {
  const nft = createNft({ command });
  const services = Array.from({ length: size }, (_, i) => service(`s${i}`, `198.18.${128 + (i >> 8)}.${i & 255}`));
  const slices = services.map((_, i) => slice(`s${i}`, endpointsOf(i, endpointsEach)));
  const started = realClock.monotonicMs();
  const whole = buildRuleset(services, slices, facts);
  const buildMs = realClock.monotonicMs() - started;
  const fullMs = await median(() => nft.apply(renderFull(whole)));
  let applied = whole;
  let endpoints = endpointsEach;
  const changeMs = await median(async () => {
    endpoints = endpoints === endpointsEach ? endpointsEach - 1 : endpointsEach;
    const next = buildRuleset(services, [slice("s0", endpointsOf(0, endpoints)), ...slices.slice(1)], facts);
    const script = diff(applied, next);
    const startedMs = realClock.monotonicMs();
    await nft.apply(script);
    applied = next;
    return realClock.monotonicMs() - startedMs;
  });
  const status = readFileSync(`/proc/${monitor.pid}/status`, "utf8");
  const monitorMiB = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  return {
    services: size,
    "build ms": round(buildMs),
    "full ms": round(fullMs),
    "change one ms": round(changeMs),
    "monitor MiB": monitorMiB,
  };
}

function endpointsOf(i: number, count: number) {
  return Array.from({ length: count }, (_, k) =>
    endpoint(`198.19.${(i * endpointsEach + k) >> 8}.${(i * endpointsEach + k) & 255}`),
  );
}

async function median(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const startedMs = realClock.monotonicMs();
    const own = await run();
    times.push(typeof own === "number" ? own : realClock.monotonicMs() - startedMs);
  }
  return times.sort((a, b) => a - b)[repeats >> 1] as number;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
