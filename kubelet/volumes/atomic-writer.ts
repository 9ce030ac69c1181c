import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { FileContent, Payload } from "./payload.ts";

const dataLink = "..data";
const newDataLink = "..data_tmp";

export interface AtomicWriteOptions {
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  /** Called with everything written and nothing published: for owners and permissions. */
  readonly beforePublish?: () => Promise<void>;
}

/**
 * Makes a directory hold exactly these files, all of them changing at one moment for whoever reads them
 * (pkg/volume/util/atomic_writer.go). True where something changed.
 *
 * Files lie in `DIR/..2026_01_31_12_00_00.NUMBER/`, which the link `DIR/..data` points to; what is seen, `DIR/NAME`, is a
 * link to `..data/NAME`. To change is to write another such directory and to rename a link over `..data`.
 *
 * Calls for one directory must not overlap. Files are small and mostly in memory, so they are written without leaving the
 * thread.
 */
export async function writeAtomically(
  directory: string,
  payload: Payload,
  options: AtomicWriteOptions,
): Promise<boolean> {
  const files = cleaned(payload);
  const before = linkTarget(join(directory, dataLink));
  const gone = before === undefined ? [] : surplus(join(directory, before), files);
  const isSame = before !== undefined && gone.length === 0 && holds(join(directory, before), files);
  if (!isSame) {
    const name = timestampName(options);
    const fresh = join(directory, name);
    mkdirSync(fresh);
    try {
      chmodSync(fresh, 0o755);
      for (const [path, content] of files) writeContent(join(fresh, path), content);
      await options.beforePublish?.();
      rmSync(join(directory, newDataLink), { force: true });
      symlinkSync(name, join(directory, newDataLink));
      renameSync(join(directory, newDataLink), join(directory, dataLink));
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      throw error;
    }
  }
  const visible = new Set([...files.keys()].map((path) => path.split("/")[0]!));
  for (const name of visible) {
    if (linkTarget(join(directory, name)) === undefined) symlinkSync(join(dataLink, name), join(directory, name));
  }
  for (const path of gone) if (!path.includes("/")) rmSync(join(directory, path), { force: true });
  if (!isSame) removeOld(directory);
  return !isSame;
}

function cleaned(payload: Payload): Payload {
  const files = new Map<string, FileContent>();
  for (const [path, content] of payload) {
    checkPath(path);
    files.set(posix.normalize(path), content);
  }
  return files;
}

/** Throws upstream's words for a path that would leave the volume or clash with its own names. */
function checkPath(path: string): void {
  if (path === "") throw new Error(`invalid path: must not be empty: ${goQuote(path)}`);
  if (path.startsWith("/")) throw new Error(`invalid path: must be relative path: ${path}`);
  if (path.length > 4096) throw new Error("invalid path: must be less than or equal to 4096 characters");
  const parts = path.split("/");
  for (const part of parts) {
    if (part === "..") throw new Error(`invalid path: must not contain '..': ${path}`);
    if (Buffer.byteLength(part) > 255)
      throw new Error("invalid path: filenames must be less than or equal to 255 characters");
  }
  if (parts[0]!.startsWith("..")) throw new Error(`invalid path: must not start with '..': ${path}`);
}

/** Undefined: it is no link, or not there. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EINVAL") return undefined;
    throw error;
  }
}

/** Paths on the disk that are neither among the files nor above one. */
function surplus(directory: string, files: Payload): readonly string[] {
  const kept = new Set<string>();
  for (const path of files.keys()) {
    for (let part = path; part !== "."; part = dirname(part)) kept.add(part);
  }
  return pathsBelow(directory).filter((path) => !kept.has(path));
}

function pathsBelow(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: "utf8" });
  } catch (error) {
    // A restart between two steps may leave the link without what it points to.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function holds(directory: string, files: Payload): boolean {
  for (const [path, { data }] of files) {
    const there = lstatSync(join(directory, path), { throwIfNoEntry: false });
    if (there?.isFile() !== true || !readFileSync(join(directory, path)).equals(bytesOf(data))) return false;
  }
  return files.size > 0 || lstatSync(directory, { throwIfNoEntry: false }) !== undefined;
}

function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? Buffer.from(data) : data;
}

function writeContent(path: string, { data, mode, uid }: FileContent): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data, { mode });
  chmodSync(path, mode); // The process's umask has had its say.
  if (uid !== undefined) chownSync(path, uid, -1);
}

/** Whatever is not published, what an interrupted write has left too. */
function removeOld(directory: string): void {
  const current = linkTarget(join(directory, dataLink));
  for (const name of readdirSync(directory)) {
    if (/^\.\.\d{4}_/.test(name) && name !== current) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function timestampName({ clock, random }: AtomicWriteOptions): string {
  const time = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "_");
  return `..${time}.${random.below(4_294_967_296)}`;
}
