import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { realClock } from "../../base/real-clock.ts";
import { realRandom } from "../../base/real-random.ts";
import { writeAtomically } from "./atomic-writer.ts";
import type { Payload } from "./payload.ts";

const options = { clock: realClock, random: realRandom };
const of = (files: Readonly<Record<string, string>>): Payload =>
  new Map(Object.entries(files).map(([path, data]) => [path, { data, mode: 0o644 }]));

function inFolder(use: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "k8ts-volumes-"));
    try {
      await use(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

function seen(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  const walk = (path: string): void => {
    for (const name of readdirSync(join(folder, path))) {
      const inner = join(path, name);
      if (path === "" && name.startsWith("..")) continue;
      if (statSync(join(folder, inner)).isDirectory()) walk(inner);
      else files[inner] = readFileSync(join(folder, inner), "utf8");
    }
  };
  walk("");
  return files;
}

test(
  "files are seen through links, and change together",
  inFolder(async (folder) => {
    assert.equal(await writeAtomically(folder, of({ a: "1", "x/y": "2" }), options), true);
    assert.deepEqual(seen(folder), { a: "1", "x/y": "2" });
    assert.equal(readlinkSync(join(folder, "a")), "..data/a");
    assert.equal(readlinkSync(join(folder, "x")), "..data/x");
    const first = readlinkSync(join(folder, "..data"));
    assert.match(first, /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+$/);

    assert.equal(await writeAtomically(folder, of({ a: "1", "x/y": "2" }), options), false, "nothing to do");
    assert.equal(readlinkSync(join(folder, "..data")), first);

    assert.equal(await writeAtomically(folder, of({ b: "1", "x/z": "3" }), options), true);
    assert.deepEqual(seen(folder), { b: "1", "x/z": "3" });
    assert.equal(readdirSync(folder).filter((name) => name.startsWith("..2")).length, 1, "the old version is gone");
  }),
);

test(
  "a volume without files is a volume",
  inFolder(async (folder) => {
    assert.equal(await writeAtomically(folder, new Map(), options), true);
    assert.equal(await writeAtomically(folder, new Map(), options), false);
    await writeAtomically(folder, of({ a: "1" }), options);
    await writeAtomically(folder, new Map(), options);
    assert.deepEqual(seen(folder), {});
  }),
);

test(
  "modes are as asked, whatever the umask",
  inFolder(async (folder) => {
    await writeAtomically(
      folder,
      new Map([
        ["a", { data: "", mode: 0o666 }],
        ["b", { data: "", mode: 0o400 }],
      ]),
      options,
    );
    assert.equal(statSync(join(folder, "a")).mode & 0o777, 0o666);
    assert.equal(statSync(join(folder, "b")).mode & 0o777, 0o400);
  }),
);

test(
  "what an interrupted write left behind goes with the next, and a failed one publishes nothing",
  inFolder(async (folder) => {
    await writeAtomically(folder, of({ a: "1" }), options);
    mkdirSync(join(folder, "..2020_01_01_00_00_00.1"));
    const beforePublish = (): Promise<void> => Promise.reject(new Error("no"));
    await assert.rejects(writeAtomically(folder, of({ a: "2" }), { ...options, beforePublish }), /no/);
    assert.deepEqual(seen(folder), { a: "1" });
    await writeAtomically(folder, of({ a: "2" }), options);
    assert.equal(readdirSync(folder).filter((name) => name.startsWith("..2")).length, 1);
  }),
);

for (const [path, message] of [
  ["", 'invalid path: must not be empty: ""'],
  ["/a", "invalid path: must be relative path: /a"],
  ["a/../b", "invalid path: must not contain '..': a/../b"],
  ["..a", "invalid path: must not start with '..': ..a"],
  ["x".repeat(256), "invalid path: filenames must be less than or equal to 255 characters"],
] as const) {
  test(
    `the path ${path.slice(0, 10)} is refused`,
    inFolder((folder) => assert.rejects(writeAtomically(folder, of({ [path]: "" }), options), new Error(message))),
  );
}

test("after any two writes the second is seen", async () => {
  const part = fc.constantFrom("a", "b", "c");
  const payload = fc.dictionary(
    fc.tuple(fc.constantFrom("f", "g"), part, part).map((parts) => parts.join("/")),
    fc.string({ maxLength: 4 }),
    { maxKeys: 4 },
  );
  await fc.assert(
    fc.asyncProperty(payload, payload, (first, second) =>
      inFolder(async (folder) => {
        await writeAtomically(folder, of(first), options);
        await writeAtomically(folder, of(second), options);
        assert.deepEqual(seen(folder), { ...second });
      })(),
    ),
    { numRuns: 50 },
  );
});
