import { Worker } from "node:worker_threads";
import type { WorkerOptions } from "./messages.ts";

/**
 * Starts the store's thread. It needs little: values lie outside the heap, and the database's cache is SQLite's own.
 */
export function startWorker(url: URL, options: WorkerOptions): Worker {
  return new Worker(url, {
    workerData: options,
    name: "storage",
    execArgv: ["--disable-warning=ExperimentalWarning"],
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8, codeRangeSizeMb: 16 },
  });
}

/**
 * Where the thread's file is. From source it lies beside this one. In a bundle `import.meta.url` is the bundle's, and the
 * build emits `storage/sqlite/worker.ts` beside it as `sqlite-worker` with the bundle's ending (`.js` or `.mjs`).
 */
export function defaultWorkerUrl(): URL {
  const ending = /\.(ts|m?js)$/.exec(new URL(import.meta.url).pathname)?.[1];
  return ending === "ts"
    ? new URL("./worker.ts", import.meta.url)
    : new URL(`./sqlite-worker.${ending}`, import.meta.url);
}
