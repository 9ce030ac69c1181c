import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./markdown.ts";

const document = readFileSync(join(root, "docs/conformance.md"), "utf8");
const folder = join(root, "test/conformance/upstream");
const reasons = ["node", "controller", "kubectl"];

interface Row {
  readonly title: string;
  /** A file, or why there is none. */
  readonly body: string;
}

const rows: readonly Row[] = document
  .split("\n")
  .map((line) => /^\| (.+) \| (`[^`]+\.ts`|[a-z]+) \|$/.exec(line))
  .flatMap((match) => (match === null ? [] : [{ title: match[1]!.replaceAll("\\|", "|"), body: match[2]! }]))
  .filter(({ title }) => title !== "test");

/** What ends a title, for each text of the file: what a template fills in may be anything. */
function titlesIn(file: string): readonly RegExp[] {
  const texts = readFileSync(file, "utf8").matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g);
  return [...texts]
    .map(([, plain, template]) => (plain ?? template!).replaceAll(/\\([`"])/g, "$1"))
    .filter((text) => text.replaceAll(/\$\{[^}]*\}/g, "").length >= 14)
    .map(
      (text) =>
        new RegExp(
          `${text
            .split(/\$\{[^}]*\}/)
            .map(RegExp.escape)
            .join(".*")}$`,
        ),
    );
}

test("each of upstream's conformance tests is listed once, with a body or a reason", () => {
  assert.equal(rows.length, 446);
  assert.equal(new Set(rows.map(({ title }) => title)).size, rows.length);
  const odd = rows.filter(({ body }) => !body.startsWith("`") && !reasons.includes(body));
  assert.deepEqual(odd, []);
});

test("the bodies that are listed are there", () => {
  const titles = new Map(globSync("*.ts", { cwd: folder }).map((file) => [file, titlesIn(join(folder, file))]));
  const missing = rows.filter(({ title, body }) => {
    if (!body.startsWith("`")) return false;
    const file = body.slice(1, -1);
    const own = titles.get(file);
    return own === undefined || !own.some((pattern) => pattern.test(title));
  });
  assert.deepEqual(missing, []);
});

test("the sums at the top are those of the rows", () => {
  const counts = [
    rows.filter(({ body }) => body.startsWith("`")).length,
    ...["kubectl", "controller", "node"].map((reason) => rows.filter(({ body }) => body === reason).length),
  ];
  const sums = [...document.matchAll(/^\| .* \| ([0-9]+) \|$/gm)].map(([, sum]) => Number(sum));
  assert.deepEqual(sums, counts);
});

test("every area runs", () => {
  const entries = globSync("*.test.ts", { cwd: folder }).map((file) => readFileSync(join(folder, file), "utf8"));
  const areas = globSync("*.ts", { cwd: folder }).filter((file) => !file.endsWith(".test.ts"));
  const left = areas.filter((file) => !entries.some((entry) => entry.includes(`import "./${file}";`)));
  assert.deepEqual(left, []);
});
