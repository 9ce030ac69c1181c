/**
 * The child of the crash test. Prints, one line each: the events since revision `argv[3]`, then `open`, then each write once
 * it is acknowledged. Standard output is a file: what was written to it outlives the process, and writing never fails for a
 * slow reader. Descriptor 3 hears of `open` too, for the parent to know when to kill. Goes on until it is killed.
 */
import { writeSync } from "node:fs";
import { realClock } from "../../../base/mod.ts";
import type { Storage, StorageEvent } from "../../storage.ts";
import { sqliteStorage } from "../sqlite.ts";
import { crashValue, isWhole, sequenceOf } from "./crash-values.ts";

const writers = 8;
const keys = 40;

const [path, from, workerUrl] = process.argv.slice(2) as [string, string, string];

const storage = await sqliteStorage({ path, clock: realClock, workerUrl: new URL(workerUrl) });
await printHistory(storage, Number(from));
const opened = await storage.currentRevision();
say(`open ${opened}`);
writeSync(3, "open\n");
// Not waited for: a kill in the midst of compaction must not hurt either.
storage.compact(opened).catch(fail);
for (let writer = 0; writer < writers; writer++) keepWriting(writer).catch(fail);

async function keepWriting(writer: number): Promise<void> {
  for (let round = 0; ; round++) {
    const key = `/crash/${(writer * 7 + round * 13) % keys}`;
    const sequence = `${opened}.${writer}.${round}`;
    const remove = round % 5 === 4;
    const result = remove ? await storage.delete(key) : await storage.put(key, crashValue(key, sequence));
    if (result.ok) say(`acknowledged ${result.revision} ${key} ${remove ? "-" : sequence}`);
  }
}

function printHistory(storage: Storage, fromRevision: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const last = storage.currentRevision() as number;
    if (fromRevision > last) {
      resolve();
      return;
    }
    storage.watch("/crash/", "/crash0", {
      fromRevision,
      signal: controller.signal,
      onEvents: (events, revision) => {
        for (const event of events) say(describe(event));
        if (revision >= last) controller.abort();
      },
      onEnd: (error) => (error === undefined ? resolve() : reject(error)),
    });
  });
}

function describe(event: StorageEvent): string {
  if (event.type === "delete") return `event ${event.revision} ${event.key} -`;
  const { key, value, modRevision } = event.entry;
  return `event ${modRevision} ${key} ${isWhole(key, value) ? sequenceOf(value) : "half"}`;
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function fail(error: unknown): void {
  say(`failed ${error instanceof Error ? error.stack : error}`);
  process.exit(1);
}
