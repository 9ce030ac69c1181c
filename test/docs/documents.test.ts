import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { anchorsOf, blocksOf, documents, linksOf, root, textOf } from "./markdown.ts";
import { isSameOutput } from "./same-output.ts";

test("every link between documents leads somewhere", () => {
  const broken = documents()
    .flatMap(linksOf)
    .filter(
      ({ path, anchor }) => !existsSync(join(root, path)) || (anchor !== "" && !anchorsOf(textOf(path)).has(anchor)),
    )
    .map(({ place, path, anchor }) => `${place} → ${path}${anchor === "" ? "" : `#${anchor}`}`);
  assert.deepEqual(broken, []);
});

test("the README leads to every document in docs/", () => {
  const linked = new Set(linksOf("README.md").map(({ path }) => path));
  const missing = documents().filter((document) => document.startsWith("docs/") && !linked.has(document));
  assert.deepEqual(missing, []);
});

describe("blocks of a document", () => {
  const text = "Text\n\n```sh run fails\necho a\n```\n\n```text\na\n```\n\n```yaml\nb: 1\n```\n";

  test("have a place, marks and the output shown after them", () => {
    const [first, , third] = blocksOf("x.md", text);
    assert.deepEqual(
      { ...first, marks: [...first!.marks] },
      { place: "x.md:3", language: "sh", marks: ["run", "fails"], text: "echo a", output: "a" },
    );
    assert.equal(third!.output, undefined);
  });

  test("must end", () => {
    assert.throws(() => blocksOf("x.md", "```sh\necho"), /x\.md:1/);
  });
});

describe("output is the same", () => {
  test("whatever the ages, times, identities and widths of columns", () => {
    assert.ok(isSameOutput("NAME AGE\na    3s\n", "NAME   AGE\na      1m2s\n"));
    assert.ok(isSameOutput("uid: 0c9b7d1c-6a0e-4a3e-9a64-6f4a0a8d1f00", "uid: ffffffff-6a0e-4a3e-9a64-6f4a0a8d1f11"));
    assert.ok(isSameOutput("https://127.0.0.1:6443", "https://127.0.0.1:34567"));
  });

  test("where dots stand for what is left out", () => {
    assert.ok(isSameOutput("a\n...\nd", "a\nb\nc\nd"));
    assert.ok(isSameOutput("a\n...", "a"));
    assert.ok(isSameOutput("error: this...", "error: this and that"));
  });

  test("and not otherwise", () => {
    assert.equal(isSameOutput("a\nb", "a"), false);
    assert.equal(isSameOutput("a", "a\nb"), false);
    assert.equal(isSameOutput("replicas: 2", "replicas: 3"), false);
    assert.equal(isSameOutput("a\n...\nd", "a\nb"), false);
  });
});

test("ARCHITECTURE.md lists the filters of the handler chain in their order", () => {
  const [, list = ""] = readFileSync(join(root, "apiserver/handler-chain.ts"), "utf8").split(
    "const filters: Filter[] = [",
  );
  const filters = [...list.split("\n  ];")[0]!.matchAll(/^ {4}(?:\.\.\..*\[)?(?:parts\.)?(\w+)/gm)].map(
    ([, name]) => name,
  );
  const described = [...textOf("ARCHITECTURE.md").matchAll(/^\d+\. `(\w+)`:/gm)].map(([, name]) => name);
  assert.ok(filters.length > 3);
  assert.deepEqual(described, filters);
});

test("every message that troubleshooting explains for a start is one that the program can give", () => {
  const [, rest = ""] = textOf("docs/troubleshooting.md").split("## Starting");
  const table = rest.split("## ")[0]!;
  const spans = [...table.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, span]) => span!),
  );
  const files = globSync(["cmd/**/*.ts", "storage/**/*.ts", "k8ts"], { cwd: root });
  const sources = files.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  const missing = spans
    .flatMap((span) => span.split(/…|\b[A-Z]{2,}\b|\d[\d.]*/))
    .map((fragment) => fragment.replace(/^[:\s]+|\s+$/g, ""))
    .filter((fragment) => fragment.split(" ").length > 2 && !sources.includes(fragment));
  assert.ok(spans.length > 10);
  assert.deepEqual(missing, []);
});

test("every option of startCluster is in docs/cluster-in-a-test.md", () => {
  const [, rest = ""] = readFileSync(join(root, "cluster/cluster.ts"), "utf8").split(
    "export interface ClusterOptions {",
  );
  const options = [...rest.split("\n}")[0]!.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name);
  const [, section = ""] = textOf("docs/cluster-in-a-test.md").split("## Options");
  const documented = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(documented, options);
});

test("every file of the project that a document names is there", () => {
  // ARCHITECTURE.md speaks of the API server's own folders without saying so each time.
  const bases = ["", "apiserver/"];
  const missing = documents().flatMap((document) =>
    [...textOf(document).matchAll(/(?<=[`\s'])([a-z0-9-]+\/[\w./-]+\.(?:test\.)?(?:ts|md))(?=[`\s'])/g)]
      .map(([, path]) => path!)
      .filter((path) => !/[A-Z]{3,}/.test(path) && !bases.some((base) => existsSync(join(root, base + path))))
      .map((path) => `${document}: ${path}`),
  );
  assert.deepEqual(missing, []);
});
