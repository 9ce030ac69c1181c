import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { type NodePlace, nodeFiles } from "../../node/files.ts";
import { findProgram } from "../../node/machine/programs.ts";
import { within } from "../../node/process/run.ts";

export interface TemporaryContainerd extends AsyncDisposable {
  /** Whether there is anything that it could know of; it does not run otherwise. */
  readonly hasState: boolean;
}

/** Runs a node's containerd for as long as it is held, to put in order what a crash has left. */
export async function spawnContainerd(place: NodePlace): Promise<TemporaryContainerd> {
  const { config, root } = nodeFiles(place.directory).containerd;
  const command = await findProgram("containerd");
  const there = await Promise.all(
    [config, root].map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (command === undefined || there.includes(false)) return { hasState: false, async [Symbol.asyncDispose]() {} };
  const child = spawn(...mutable(within(place.networkNamespace, command, ["--config", config])), { stdio: "ignore" });
  const ended = once(child, "exit");
  await once(child, "spawn");
  return {
    hasState: true,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function mutable([command, args]: readonly [string, readonly string[]]): [string, string[]] {
  return [command, [...args]];
}
