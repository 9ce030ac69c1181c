import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm test`: types, style, the build, then every test. Unit tests share one process, they are many and short; tests that
 * start processes of their own each get one. `npm test -- FOLDER…` builds and runs the tests of some folders alone, top ones
 * (`apiserver`) or others (`apiserver/cache`).
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name: string): string => join(root, "node_modules", ".bin", name);
const asked = process.argv.slice(2).map((folder) => relative(root, resolve(root, folder)));

const units = [
  "base",
  "apimachinery",
  "api",
  "client",
  "apiserver",
  "controllers",
  "scheduler",
  "cri",
  "kubelet",
  "proxy",
  "dns",
  "node",
  "cluster",
  "cmd",
  "tools",
];
const processes = ["storage", "test"];

const unknown = asked.filter(
  (folder) => ![...units, ...processes].includes(topOf(folder)) || !existsSync(join(root, folder)),
);
if (unknown.length > 0) {
  process.stderr.write(
    `There is no folder of tests ${unknown.join(", ")}: choose from ${[...units, ...processes].join(", ")}, or folders below.\n`,
  );
  process.exit(1);
}

if (asked.length === 0) {
  await run("types", bin("tsc"), ["-b"]);
  await run("style", bin("biome"), ["check", "--error-on-warnings", "."]);
}
await run("build", process.execPath, [join(root, "tools/build.ts")]);
await test("unit tests", chosen(units), ["--test-isolation=none"]);
await test("tests with processes of their own", chosen(processes), [`--test-concurrency=${availableParallelism()}`]);

function chosen(folders: readonly string[]): readonly string[] {
  return asked.length === 0 ? folders : asked.filter((folder) => folders.includes(topOf(folder)));
}

function topOf(folder: string): string {
  return folder.split(sep)[0]!;
}

async function test(name: string, folders: readonly string[], flags: readonly string[]): Promise<void> {
  if (folders.length > 0) {
    const globs = folders.map((folder) => `${folder}/**/*.test.ts`);
    await run(name, process.execPath, [
      "--import",
      join(root, "tools/property-seed.ts"),
      "--test",
      "--test-reporter=spec",
      ...flags,
      ...globs,
    ]);
  }
}

async function run(name: string, command: string, args: readonly string[]): Promise<void> {
  const started = performance.now();
  process.stdout.write(`\n${name}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env["PATH"]}` },
    });
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(`${name}: ${code === 0 ? "good" : `failed with ${code}`} (${seconds} s)\n`);
  if (code !== 0) {
    process.exit(1);
  }
}
