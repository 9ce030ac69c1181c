import { execFileSync } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

export interface KubectlBinary {
  /** 33 for kubectl 1.33. */
  readonly minor: number;
  readonly path: string;
}

/** Every kubectl of a known version beside the one in PATH, oldest first; else that one alone; none where there is none. */
export function kubectlBinaries(): readonly KubectlBinary[] {
  const found = (process.env["PATH"] ?? "")
    .split(":")
    .map((folder) => realPath(join(folder, "kubectl")))
    .find((path) => path !== undefined);
  if (found === undefined) {
    return [];
  }
  const folder = dirname(found);
  const beside = readdirSync(folder).flatMap((name) => {
    const minor = /^kubectl\.1\.(\d+)$/.exec(name)?.[1];
    return minor === undefined ? [] : [{ minor: Number(minor), path: join(folder, name) }];
  });
  return beside.length > 0 ? beside.sort((a, b) => a.minor - b.minor) : [{ minor: minorOf(found), path: found }];
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function minorOf(path: string): number {
  const version = execFileSync(path, ["version", "--client", "-o", "json"], { encoding: "utf8" });
  return Number.parseInt((JSON.parse(version) as { clientVersion: { minor: string } }).clientVersion.minor, 10);
}
