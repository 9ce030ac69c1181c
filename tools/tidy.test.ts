import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What each top folder may import of the others: the map of ARCHITECTURE.md. Type checking enforces it too; here it has words. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  apimachinery: ["base"],
  api: ["apimachinery", "base"],
  storage: ["base"],
  client: ["api", "apimachinery", "base"],
  apiserver: ["api", "storage", "apimachinery", "base"],
  controllers: ["client", "api", "apimachinery", "base"],
  scheduler: ["client", "api", "apimachinery", "base"],
  proxy: ["client", "api", "apimachinery", "base"],
  dns: ["client", "api", "apimachinery", "base"],
  cri: ["base"],
  kubelet: ["client", "cri", "api", "apimachinery", "base"],
  node: ["cri", "base"],
  cluster: ["scheduler", "controllers", "apiserver", "client", "storage", "api", "apimachinery", "base"],
};
/** These wire things together and may import everything. */
const free = ["cmd", "test", "bench", "tools", "examples"];

const maxLines = 400;
/** Real time, chance and the console are for these folders; tests may use them. */
const realTimeFolders = ["base", "cmd", "bench", "tools", "test", "examples"];
const banned: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bDate\.now\(|\bnew Date\(\)/, instead: "Clock.now()" },
  { pattern: /\bperformance\.now\(|\bprocess\.hrtime\b/, instead: "Clock.monotonicMs()" },
  { pattern: /\bMath\.random\(|\brandom(Bytes|Int)\(|\bgetRandomValues\(/, instead: "Random" },
  { pattern: /\b(setTimeout|setInterval)\(|\bAbortSignal\.timeout\(|"node:timers/, instead: "Clock.setTimer()" },
  { pattern: /\brandomUUID\(/, instead: "Random.uuid()" },
  { pattern: /\bconsole\.|\bprocess\.std(out|err)\b/, instead: "Logger" },
];

const files = execFileSync("git", ["-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)) && !file.includes("/generated/"));

const textOf = (file: string): string => readFileSync(join(root, file), "utf8");
const topOf = (file: string): string => file.split("/")[0]!;

/** What a file imports: packages by name, files by their path from the root. */
function importsOf(file: string): readonly string[] {
  const found = textOf(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"\n]+)"/g);
  return [...found].map(([, path]) => (path!.startsWith(".") ? join(dirname(file), path!) : path!));
}

/** Files of the program itself: what tests do is their own affair. */
const isProgram = (file: string): boolean => !file.endsWith(".test.ts") && !/\/testing\/|\/test-/.test(file);

test("folders import only what the map allows them", () => {
  const broken: string[] = [];
  for (const file of files) {
    const allowed = mayImport[topOf(file)];
    if (allowed === undefined) {
      continue;
    }
    for (const target of importsOf(file)) {
      if (!existsSync(join(root, target))) continue;
      if (topOf(target) !== topOf(file) && !allowed.includes(topOf(target))) {
        broken.push(`${file} imports ${target}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

test("real time, chance and the console stay where they belong", () => {
  const broken: string[] = [];
  for (const file of files) {
    if (realTimeFolders.includes(topOf(file)) || file.endsWith(".test.ts") || file.includes("/testing/")) {
      continue;
    }
    for (const [i, line] of textOf(file).split("\n").entries()) {
      const found = /^\s*(\/\/|\*|\/\*)/.test(line) ? undefined : banned.find(({ pattern }) => pattern.test(line));
      if (found !== undefined) {
        broken.push(`${file}:${i + 1}: use ${found.instead}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

/** Invariants of ARCHITECTURE.md that are absences of an import. */
const neverImport: readonly { readonly files: RegExp; readonly never: RegExp }[] = [
  { files: /^apiserver\/(authorization|admission)\//, never: /^storage\// },
  { files: /^apiserver\/(filters|handlers)\//, never: /^apiserver\/http\/|^node:(http|https|http2|net|tls)$/ },
  { files: /^cluster\//, never: /^node:(?!crypto$)|^storage\/(?!memory\/|storage\.ts$)|^apiserver\/http\// },
];

test("nobody imports what is none of their business", () => {
  const broken: string[] = [];
  for (const file of files.filter(isProgram)) {
    for (const { never } of neverImport.filter((rule) => rule.files.test(file))) {
      broken.push(...importsOf(file).flatMap((target) => (never.test(target) ? [`${file} imports ${target}`] : [])));
    }
  }
  assert.deepEqual(broken, []);
});

test("one place writes objects to the store, and few encode what is read", () => {
  const apiserver = files.filter((file) => topOf(file) === "apiserver" && isProgram(file));
  const filesWith = (pattern: RegExp) => apiserver.filter((file) => pattern.test(textOf(file)));
  // Which node ports are taken, and which servers there are, is no object, and all else that is written.
  const writers = [
    "apiserver/bootstrap/server-addresses.ts",
    "apiserver/registry/committer.ts",
    "apiserver/services/node-ports.ts",
  ];
  assert.deepEqual(filesWith(/\bstorage\.(put|delete)\(/).sort(), writers);
  const encoders = filesWith(/\bencodeObject\(/);
  assert.deepEqual(encoders, ["apiserver/registry/committer.ts"], "encoded once, when it is written");
});

test("files are short", () => {
  const long = files
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => ({ file, lines: textOf(file).split("\n").length }))
    .filter(({ lines, file }) => lines > maxLines && !isTable(file))
    .map(({ file, lines }) => `${file} has ${lines} lines`);
  assert.deepEqual(long, []);
});

/** Tables of facts may be as long as the facts are many. */
function isTable(file: string): boolean {
  return (
    file.startsWith("tools/generate/static-defaults") || file.startsWith("apiserver/authorization/rbac/bootstrap/")
  );
}

test("every folder is on the map", () => {
  const map = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const folders = new Set(files.map(topOf).filter((top) => !top.endsWith(".ts")));
  const missing = [...folders].filter((folder) => !map.includes(`${folder}/`));
  assert.deepEqual(missing, []);
  const unknown = [...folders].filter((folder) => mayImport[folder] === undefined && !free.includes(folder));
  assert.deepEqual(unknown, [], "a folder without import rules");
});
