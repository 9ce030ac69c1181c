import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { type Clock, onAbort } from "../../base/mod.ts";
import type { ImageService } from "../image-service.ts";

export interface LoadImagesOptions {
  readonly clock: Clock;
  /** containerd's socket. */
  readonly socketPath: string;
  /** The CRI behind the same socket: what is loaded is awaited there. */
  readonly images: Pick<ImageService, "imageStatus">;
  /** A path, or what it holds: an OCI image layout or what `docker save` writes; compressed ones too. */
  readonly archive: string | Readable;
  readonly signal?: AbortSignal;
}

export interface LoadedImage {
  /** In full: `docker.io/library/busybox:1.36`. */
  readonly name: string;
  /** Of its manifest. */
  readonly digest: string;
}

/** The archive holds no image, or is none. */
export class ImageLoadError extends Error {
  override readonly name = "ImageLoadError";
}

const namespace = "k8s.io";
const settleMs = 10_000;
const pollMs = 10;
const maxOutputLength = 1 << 20;

/**
 * Brings the images of an archive into a containerd, under the names that stand in it, so that pods find them. Resolves once the
 * CRI knows them. Needs containerd's `ctr` on the path; rejects with `ImageLoadError` in its words.
 */
export async function loadImages({
  clock,
  socketPath,
  images,
  archive,
  signal,
}: LoadImagesOptions): Promise<readonly LoadedImage[]> {
  const output = await importArchive({ socketPath, archive, signal });
  const loaded = [...output.matchAll(/^unpacking (\S+) \((\S+?)\)\.\.\./gm)].map(([, name, digest]) => ({
    name: name as string,
    digest: digest as string,
  }));
  if (loaded.length === 0) throw new ImageLoadError("the archive holds no image for this machine");
  const deadlineMs = clock.monotonicMs() + settleMs;
  for (const { name } of loaded) {
    // containerd tells its CRI of new images by an event of its own, a few milliseconds later.
    while ((await images.imageStatus({ image: { image: name } }, signal)).image === undefined) {
      if (clock.monotonicMs() > deadlineMs)
        throw new ImageLoadError(`${name} is loaded, but the runtime does not know it`);
      await clock.sleep(pollMs, signal);
    }
  }
  return loaded;
}

interface ImportOptions {
  readonly socketPath: string;
  readonly archive: string | Readable;
  readonly signal: AbortSignal | undefined;
}

/** What `ctr` prints. */
async function importArchive({ socketPath, archive, signal }: ImportOptions): Promise<string> {
  signal?.throwIfAborted();
  const source = typeof archive === "string" ? createReadStream(archive) : archive;
  // The file is opened first: that it is missing is its own error, not ctr's.
  if (typeof archive === "string") await once(source, "open");
  const child = spawn("ctr", ["--address", socketPath, "--namespace", namespace, "images", "import", "-"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  using _ = signal && onAbort(signal, () => child.kill("SIGKILL"));
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const closed = once(child, "close");
  // ctr may end before it has read everything; what it says then says more than the broken pipe.
  const fed = feed(source, child.stdin).then(
    () => undefined,
    (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" || error.code === "ERR_STREAM_PREMATURE_CLOSE" ? undefined : error,
  );
  const [code] = (await closed) as [number | null];
  signal?.throwIfAborted();
  const failure = await fed;
  if (failure !== undefined) throw failure;
  if (code !== 0) throw new ImageLoadError(reason(await stderr) || `ctr images import ended with ${code}`);
  return stdout;
}

const gzipMagic = Buffer.from([0x1f, 0x8b]);
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Not every `ctr` reads compressed archives, so they are opened here. */
async function feed(source: Readable, sink: Writable): Promise<void> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let start: Buffer = Buffer.alloc(0);
  while (start.length < zstdMagic.length) {
    const next = await chunks.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  const whole = async function* (): AsyncGenerator<Buffer, undefined> {
    try {
      yield start;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    } finally {
      await chunks.return?.();
    }
  };
  if (start.subarray(0, 2).equals(gzipMagic)) await pipeline(whole, createGunzip(), sink);
  else if (start.subarray(0, 4).equals(zstdMagic)) await pipeline(whole, createZstdDecompress(), sink);
  else await pipeline(whole, sink);
}

/** Of what `ctr` says, the error: its last line. */
function reason(text: string): string {
  return (text.trim().split("\n").at(-1) ?? "").replace(/^ctr: /, "");
}

async function collect(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) if (text.length < maxOutputLength) text += chunk;
  return text;
}
