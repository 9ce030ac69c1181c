import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { busyboxMissing } from "../support/images/busybox.ts";
import { createClusterPlace, whyNoContainers } from "../support/real-cluster.ts";
import { type Block, blocksOf, documents, hasProgram, root } from "./markdown.ts";
import { isSameOutput } from "./same-output.ts";
import { Shell } from "./shell.ts";

/**
 * What the documents show is done, word for word. Marks behind a block's language say how:
 * `sh run` runs to its end without a failure and prints what the ```` ```text ```` block after it shows; `sh run fails` fails;
 * `sh server` starts a server that later blocks talk to; `sh up` makes a machine a cluster, which is one of its own, and gone
 * after the document; `ts run` is a file of tests in the project's root.
 */
const programs = ["kubectl", "sqlite3"];
const timeout = 300_000;

for (const document of documents()) {
  const blocks = blocksOf(document).filter(
    ({ language, marks }) => language === "sh" && ["run", "server", "up"].some((mark) => marks.has(mark)),
  );
  if (blocks.length > 0) {
    test(`${document} does what it shows:`, { timeout }, (t) => runAll(t, blocks));
  }
}

async function runAll(t: TestContext, blocks: readonly Block[]): Promise<void> {
  const isCluster = blocks.some(({ marks }) => marks.has("up"));
  const why = isCluster ? (whyNoContainers() ?? busyboxMissing()) : undefined;
  if (why !== undefined) return t.skip(why);
  const shell = await Shell.open(isCluster ? await createClusterPlace(t) : undefined);
  t.after(() => shell.close());
  let broken: string | undefined;
  for (const block of blocks) {
    await t.test(`${block.place} ${block.text.split("\n")[0]}`, { timeout }, async (t) => {
      const missing = programs.find(
        (name) => new RegExp(`(^|[|&;(\\s])${name}\\s`, "m").test(block.text) && !hasProgram(name),
      );
      if (missing !== undefined) return t.skip(`there is no ${missing} on this machine`);
      if (broken !== undefined) return t.skip(`${broken} failed before`);
      try {
        await runOne(shell, block);
      } catch (error) {
        broken = block.place;
        throw error;
      }
    });
  }
}

async function runOne(shell: Shell, { text, marks, output }: Block): Promise<void> {
  if (marks.has("server")) {
    const command = text.split("\n").findLast((line) => line.startsWith("./k8ts"));
    assert.ok(command !== undefined, "a block that starts a server ends in ./k8ts …");
    const dataDir = /--data-dir (\S+)/.exec(command)?.[1];
    assert.ok(dataDir !== undefined, "the command names its data directory");
    return shell.serve(command, join(dataDir, "run/server.json"));
  }
  const fails = marks.has("fails");
  const printed = await shell.run(text);
  assert.equal(printed.code !== 0, fails, `it ended with ${printed.code}:\n${printed.output}`);
  if (output !== undefined && !isSameOutput(output, printed.output)) {
    assert.equal(printed.output, output);
  }
}

const examples = documents().flatMap((document) =>
  blocksOf(document).filter(({ language, marks }) => language === "ts" && marks.has("run")),
);

describe("the programs in the documents", { timeout }, () => {
  const folder = join(root, "build/docs-examples");
  const files = examples.map(({ place }) => join(folder, `${place.replace(/\W+/g, "-")}.test.ts`));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [i, { text }] of examples.entries()) writeFileSync(files[i]!, text.replaceAll('from "./', 'from "../../'));

  for (const [i, { place }] of examples.entries()) {
    test(`${place} passes`, { timeout }, () => {
      // A test runner that finds itself inside another one reports to it: this one is to stand alone.
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const { status, stdout, stderr } = spawnSync(process.execPath, ["--test", files[i]!], {
        cwd: root,
        encoding: "utf8",
        env,
      });
      assert.equal(status, 0, `${stdout}\n${stderr}`);
      assert.match(stdout, /pass [1-9]/, "it has tests");
    });
  }

  test("fit their types", { timeout }, () => {
    const compilerOptions = { composite: false, declaration: false, emitDeclarationOnly: false, noEmit: true };
    const config = { extends: "../../tsconfig.base.json", compilerOptions, files };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { stdout, error } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], {
      cwd: root,
      encoding: "utf8",
    });
    assert.equal(error, undefined);
    // What the examples import is checked with the folders it lies in.
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.startsWith("build/docs-examples/")),
      [],
    );
  });
});
