import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { realClock, realRandom, SeededRandom } from "../../base/mod.ts";

const rounds = Number(process.env["K8TS_CRASH_ROUNDS"] ?? 200);
const lanes = 2;

test(`every acknowledged write survives kill -9, whole and in its place (${rounds} rounds)`, {
  timeout: 60_000 + rounds * 2000,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "k8ts-crash-"));
  try {
    const program = await bundle(folder);
    const seed = Number(process.env["K8TS_SEED"] ?? realRandom.below(2 ** 31));
    t.diagnostic(`K8TS_SEED=${seed}`);
    const totals = await Promise.all(
      Array.from({ length: lanes }, (_, lane) =>
        runLane(program, join(folder, `lane-${lane}`, "state.db"), new SeededRandom(seed + lane)),
      ),
    );
    const acknowledged = totals.reduce((sum, count) => sum + count, 0);
    t.diagnostic(`${acknowledged} acknowledged writes checked`);
    assert.ok(acknowledged >= rounds, "too few writes to mean anything");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

interface Program {
  readonly writer: string;
  readonly worker: string;
}

/** Bundled, the child starts in a third of the time; and the store runs as users run it. */
async function bundle(folder: string): Promise<Program> {
  const source = (name: string): string => new URL(name, import.meta.url).pathname;
  await build({
    entryPoints: { writer: source("./testing/crash-writer.ts"), worker: source("./worker.ts") },
    outdir: folder,
    bundle: true,
    platform: "node",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    external: ["pino"],
    logLevel: "error",
  });
  return { writer: join(folder, "writer.mjs"), worker: pathToFileURL(join(folder, "worker.mjs")).href };
}

/** What the child said: revision to "key sequence". */
interface Said {
  readonly events: Map<number, string>;
  readonly acknowledged: Map<number, string>;
  readonly revision: number;
}

async function runLane(program: Program, path: string, random: SeededRandom): Promise<number> {
  await mkdir(dirname(path));
  let acknowledged = 0;
  let before: Said = { events: new Map(), acknowledged: new Map(), revision: 1 };
  for (let round = 0; round <= rounds / lanes; round++) {
    const now = await runAndKill(program, path, before.revision + 1, random.below(30));
    check(before, now);
    acknowledged += before.acknowledged.size;
    before = now;
  }
  return acknowledged;
}

/** The child was killed after `before`; `now` is what its successor found. */
function check(before: Said, now: Said): void {
  const revisions = [...now.events.keys()];
  const expected = Array.from({ length: now.revision - before.revision }, (_, index) => before.revision + 1 + index);
  assert.deepEqual(revisions, expected, "revisions are not contiguous");
  for (const [revision, what] of before.acknowledged)
    assert.equal(now.events.get(revision), what, `acknowledged at revision ${revision}, then lost`);
  for (const [revision, what] of now.events) assert.ok(!what.endsWith(" half"), `half a write at revision ${revision}`);
}

async function runAndKill(program: Program, path: string, from: number, delayMs: number): Promise<Said> {
  const ledgerPath = `${path}.ledger`;
  const ledger = await open(ledgerPath, "w");
  try {
    const child = spawn(process.execPath, [program.writer, path, String(from), program.worker], {
      stdio: ["ignore", ledger.fd, "inherit", "pipe"],
    });
    const exited = once(child, "exit");
    try {
      await Promise.race([once(child.stdio[3] as Readable, "data"), exited]);
      await realClock.sleep(delayMs);
    } finally {
      child.kill("SIGKILL");
      await exited;
    }
  } finally {
    await ledger.close();
  }
  return parse(await readFile(ledgerPath, "utf8"));
}

function parse(ledger: string): Said {
  const events = new Map<number, string>();
  const acknowledged = new Map<number, string>();
  let revision: number | undefined;
  // What follows the last line break is a line that the kill cut short: it was not said.
  for (const line of ledger.split("\n").slice(0, -1)) {
    const [kind, number, ...rest] = line.split(" ") as [string, string];
    if (kind === "event") events.set(Number(number), rest.join(" "));
    else if (kind === "acknowledged") acknowledged.set(Number(number), rest.join(" "));
    else if (kind === "open") revision = Number(number);
    else assert.fail(ledger.slice(ledger.indexOf(line)));
  }
  assert.ok(revision !== undefined, "the store did not open");
  return { events, acknowledged, revision };
}
