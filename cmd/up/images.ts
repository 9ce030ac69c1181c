import { access, constants } from "node:fs/promises";
import { resolve } from "node:path";
import { realClock } from "../../base/mod.ts";
import { createCriClient } from "../../cri/mod.ts";
import { criAnswers } from "../../node/containerd/readiness.ts";
import { nodeFiles } from "../../node/files.ts";
import { importImages } from "../../node/pause-image/import.ts";
import { CommandError } from "../command-error.ts";
import { programName } from "../program-name.ts";
import { clusterIn, flagOf } from "./down.ts";

/** Takes images in from archives, one after another; names them on standard output. */
export async function loadImages(dataDir: string, archives: readonly string[]): Promise<void> {
  const sockets = await socketsOf(dataDir);
  for (const archive of archives) {
    const file = resolve(archive);
    await access(file, constants.R_OK).catch((cause) => {
      throw new CommandError(
        `cannot read ${archive}: ${cause.code === "ENOENT" ? "it does not exist" : cause.message}`,
        { cause },
      );
    });
    for (const socket of sockets) {
      const said = await importImages(socket, file).catch((cause) => {
        throw new CommandError(
          `${archive} holds no images that can be taken in: ${lastLine(cause.stderr ?? cause.message)}`,
          {
            cause,
          },
        );
      });
      if (socket === sockets[0]) {
        for (const name of namesIn(said)) process.stdout.write(`${name}\n`);
      }
    }
  }
}

/** What ctr says of each image: `unpacking NAME (sha256:…)...done`. */
export function namesIn(said: string): readonly string[] {
  return [...said.matchAll(/^unpacking (\S+)/gm)].map(([, name]) => name!);
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

/** A table of the images of the first node; all have the same, but for what they have pulled. */
export async function listImages(dataDir: string): Promise<void> {
  const [socketPath] = await socketsOf(dataDir);
  const cri = createCriClient({ clock: realClock, socketPath: socketPath! });
  try {
    const { images } = await cri.listImages({});
    const rows = images
      .flatMap(({ id, repoTags, repoDigests, size }) => {
        const names = repoTags.length > 0 ? repoTags : repoDigests.slice(0, 1);
        return (names.length > 0 ? names : ["<none>"]).map((name) => [
          name,
          id.replace("sha256:", "").slice(0, 12),
          `${(size / 1e6).toFixed(1)} MB`,
        ]);
      })
      .sort(([a], [b]) => (a! < b! ? -1 : 1));
    process.stdout.write(tableOf([["IMAGE", "ID", "SIZE"], ...rows]));
  } finally {
    cri.close();
  }
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join("   ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** Of the containerd of each node, all of which must run. */
async function socketsOf(dataDir: string): Promise<readonly string[]> {
  const cluster = await clusterIn(dataDir);
  const sockets = cluster?.nodes.map(({ directory }) => nodeFiles(directory).containerd.socket) ?? [];
  for (const socket of sockets) {
    if (!(await criAnswers(socket))) throw notRunning(dataDir);
  }
  if (sockets.length === 0) throw notRunning(dataDir);
  return sockets;
}

function notRunning(dataDir: string): CommandError {
  return new CommandError(`the cluster in ${dataDir} does not run: start it with ${programName} up${flagOf(dataDir)}`);
}
