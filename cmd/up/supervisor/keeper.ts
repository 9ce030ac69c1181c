import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { CgroupTree } from "../../../node/cgroups/cgroup-tree.ts";
import { isAlive, startTicksOf } from "../../run-state.ts";
import { standardError } from "../../standard-error.ts";
import { type ComponentCommand, type ComponentRecord, readJson, recordFile, writeJson } from "./component.ts";
import { afterExit, noFailures } from "./restart-policy.ts";

/** How often a component that an earlier supervisor started is looked at: its end is told to that one's parent only. */
const adoptedPollMs = 100;
const saveAgainMs = 1_000;

/** Keeps one component running: adopts the process that runs, starts one where none does, again and again. */
export class Keeper {
  readonly #dataDir: string;
  readonly #component: ComponentCommand;
  readonly #cgroups: CgroupTree;
  #record: ComponentRecord | undefined;
  #saveAgain: NodeJS.Timeout | undefined;

  constructor(dataDir: string, component: ComponentCommand, cgroups: CgroupTree) {
    this.#dataDir = dataDir;
    this.#component = component;
    this.#cgroups = cgroups;
  }

  /** Never resolves. */
  async run(): Promise<never> {
    const file = recordFile(this.#dataDir, this.#component.name);
    this.#record = await readJson<ComponentRecord>(file);
    let history = noFailures;
    for (;;) {
      const startedMs = performance.now();
      const adopted = this.#record !== undefined && (await isAlive(this.#record));
      const how = adopted ? await untilGone(this.#record!) : await this.#runOnce().catch(notStarted);
      const next = afterExit(history, performance.now() - startedMs);
      history = next.history;
      const { name } = this.#component;
      standardError.write(`${new Date().toISOString()} ${name} ${how}, starts again in ${next.delayMs} ms\n`);
      this.#record = {
        ...this.#blank(),
        ...this.#record,
        pid: 0,
        exits: (this.#record?.exits ?? 0) + 1,
        lastExit: how,
      };
      await this.#save();
      await new Promise((resolve) => setTimeout(resolve, next.delayMs));
    }
  }

  /** Starts it and waits for its end. */
  async #runOnce(): Promise<string> {
    const { command, args, log, cgroup, name } = this.#component;
    mkdirSync(dirname(log), { recursive: true });
    // Its output goes on when the supervisor ends: into the file, not through this process.
    const output = openSync(log, "a", 0o640);
    const child = spawn(command, args, { stdio: ["ignore", output, output], detached: true, cwd: "/" });
    closeSync(output);
    const ended = endOf(child);
    if (child.pid !== undefined) {
      await this.#cgroups.add(cgroup, child.pid).catch((error) => {
        standardError.write(`${name} stays in the cgroup of its parent: ${(error as Error).message}\n`);
      });
      const startTicks = (await startTicksOf(child.pid)) ?? "";
      const { exits, lastExit } = this.#record ?? this.#blank();
      const last = lastExit === undefined ? {} : { lastExit };
      this.#record = { name, pid: child.pid, startTicks, startedAt: new Date().toISOString(), exits, ...last };
      await this.#save();
    }
    return ended;
  }

  /** By it others find the process: what cannot be written now, on a full disk, is written once it can be. */
  async #save(): Promise<void> {
    const { name } = this.#component;
    await writeJson(recordFile(this.#dataDir, name), this.#record).catch((error) => {
      standardError.write(`${name} cannot be recorded: ${(error as Error).message}\n`);
      clearTimeout(this.#saveAgain);
      this.#saveAgain = setTimeout(() => void this.#save(), saveAgainMs);
    });
  }

  #blank(): ComponentRecord {
    return { name: this.#component.name, pid: 0, startTicks: "", startedAt: "", exits: 0 };
  }
}

function notStarted(error: Error): string {
  return `could not be started: ${error.message}`;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(notStarted(error)));
    child.once("exit", (code, signal) => resolve(signal === null ? `exited with ${code}` : `was killed by ${signal}`));
  });
}

function untilGone(record: ComponentRecord): Promise<string> {
  return new Promise((resolve) => {
    const timer = setInterval(async () => {
      if (!(await isAlive(record))) {
        clearInterval(timer);
        resolve("has ended");
      }
    }, adoptedPollMs);
  });
}
