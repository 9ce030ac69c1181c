import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { atExit } from "./at-exit.ts";

const run = promisify(execFile);

/** A network of a test's own, which no packet leaves. */
export interface TestNamespace {
  /** As `ip netns` lists it. */
  readonly name: string;
  /** `/run/netns/NAME`, for `nsenter --net=PATH`. */
  readonly path: string;
  /** The node's address in it, of 198.18.0.0/15 (RFC 2544), on an interface without an uplink. */
  readonly address: string;
  /** The command line that runs a program in it. */
  command(program: string, args: readonly string[]): [program: string, args: string[]];
  /** Runs a program in it to its end and gives its standard output; throws with what it wrote to standard error. */
  run(program: string, ...args: readonly string[]): Promise<string>;
}

const prefix = "k8ts-test";
let made = 0;

/**
 * Makes a network namespace that goes with the test, together with whatever processes are still in it. It has a loopback
 * interface, an address, and a default route to nowhere, so that service addresses have a route as on a real machine.
 */
export async function createNetworkNamespace(t: TestContext): Promise<TestNamespace> {
  removeAbandoned();
  made += 1;
  const name = `${prefix}-${process.pid}-${made}`;
  const path = `/run/netns/${name}`;
  const subnet = `198.${18 + (made & 1)}.${process.pid % 256}`;
  const removeNow = (): void => remove(name);
  await run("ip", ["netns", "add", name]);
  const done = atExit(removeNow);
  t.after(() => {
    done();
    removeNow();
  });
  const ip = (...args: string[]) => run("ip", ["-n", name, ...args]);
  await ip("link", "set", "lo", "up");
  await ip("link", "add", "eth0", "type", "veth", "peer", "name", "nowhere");
  await ip("link", "set", "eth0", "up");
  await ip("link", "set", "nowhere", "up");
  await ip("address", "add", `${subnet}.1/24`, "dev", "eth0");
  await ip("route", "add", "default", "via", `${subnet}.254`, "dev", "eth0");
  const command = (program: string, args: readonly string[]): [string, string[]] => [
    "nsenter",
    [`--net=${path}`, program, ...args],
  ];
  return {
    name,
    path,
    address: `${subnet}.1`,
    command,
    run: async (program, ...args) => (await run(...command(program, args), { maxBuffer: 2 ** 26 })).stdout,
  };
}

function remove(name: string): void {
  if (!existsSync(`/run/netns/${name}`)) return;
  const pids = execFileSync("ip", ["netns", "pids", name], { encoding: "utf8" }).split("\n").map(Number);
  for (const pid of pids) {
    if (pid > 0 && pid !== process.pid) kill(pid);
  }
  execFileSync("ip", ["netns", "delete", name]);
}

/** Those of test runs that were killed themselves. */
function removeAbandoned(): void {
  for (const name of existsSync("/run/netns") ? readdirSync("/run/netns") : []) {
    const pid = new RegExp(`^${prefix}-(\\d+)-\\d+$`).exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      remove(name);
    } catch (error) {
      if (existsSync(`/run/netns/${name}`)) throw error; // Else another test was faster.
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
