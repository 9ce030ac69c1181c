import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { RuntimeService } from "../../cri/runtime-service.ts";
import { planRotation, rotationSuffix } from "./rotation-plan.ts";

export interface LogRotationOptions {
  readonly runtime: Pick<RuntimeService, "listContainers" | "containerStatus" | "reopenContainerLog">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** containerLogMaxSize; default 10 MiB. Negative: logs are never rotated. */
  readonly maxBytes?: number;
  /** containerLogMaxFiles, the current one included; at least 2, default 5. */
  readonly maxFiles?: number;
  /** containerLogMonitorInterval; default 10 s. */
  readonly intervalMs?: number;
}

const defaultMaxBytes = 10 * 1024 * 1024;
const defaultMaxFiles = 5;
const defaultIntervalMs = 10_000;

/** Looks at the logs of running containers until `signal` aborts, and rotates those that have grown too large. */
export async function runLogRotation(options: LogRotationOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, maxBytes = defaultMaxBytes, intervalMs = defaultIntervalMs } = options;
  if (maxBytes < 0) return;
  while (!signal.aborted) {
    try {
      await rotateAll(options, maxBytes, signal);
    } catch (error) {
      if (!signal.aborted) logger.error("Failed to rotate container logs", { error });
    }
    // Ends early only where the signal aborts, which the loop looks at.
    await clock.sleep(intervalMs, signal).catch(() => {});
  }
}

async function rotateAll(options: LogRotationOptions, maxBytes: number, signal: AbortSignal): Promise<void> {
  const { containers } = await options.runtime.listContainers({}, signal);
  for (const { id, state } of containers) {
    if (state !== "CONTAINER_RUNNING") continue;
    if (signal.aborted) return;
    try {
      await rotateOne(options, id, maxBytes, signal);
    } catch (error) {
      options.logger.error("Failed to rotate log for container", { containerID: id, error });
    }
  }
}

async function rotateOne(
  options: LogRotationOptions,
  id: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const { runtime, clock, maxFiles = defaultMaxFiles } = options;
  const { status } = await runtime.containerStatus({ containerId: id }, signal);
  const path = status?.logPath ?? "";
  if (path === "") return;
  let size = await sizeOf(path);
  if (size === undefined) {
    // Somebody took the file away, or a rotation was cut short: the runtime makes it anew.
    await runtime.reopenContainerLog({ containerId: id }, signal);
    size = (await sizeOf(path)) ?? 0;
  }
  if (size < maxBytes) return;
  const directory = dirname(path);
  const rotated = (await readdir(directory)).filter((name) => name.startsWith(`${basename(path)}.`));
  const { remove, compress } = planRotation(rotated, maxFiles);
  for (const name of remove) await rm(join(directory, name), { force: true });
  for (const name of compress) await compressLog(join(directory, name));
  const target = `${path}.${rotationSuffix(clock.now())}`;
  await rename(path, target);
  try {
    await runtime.reopenContainerLog({ containerId: id }, signal);
  } catch (error) {
    // The runtime still writes to the file: under its old name the next attempt finds it.
    await rename(target, path);
    throw new Error("failed to reopen container log", { cause: error });
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** `x` becomes `x.gz`, whole or not at all. */
async function compressLog(path: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const { mode } = await stat(path);
    await pipeline(createReadStream(path), createGzip(), createWriteStream(temporary, { mode }));
    await rename(temporary, `${path}.gz`);
  } finally {
    await rm(temporary, { force: true });
  }
  await rm(path, { force: true });
}
