import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type AnyNode, type CallExpression, type Node, type Program, parse } from "acorn";
import { ancestor } from "acorn-walk";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** What every maker of field errors calls. */
const maker = "apimachinery/field/errors.ts make";

/** A call that may end in a field error: `invalid(…)` itself, or a function of the project that calls it on some way. */
export interface Site {
  /** From the root. */
  readonly file: string;
  /** `file:line:column`, as stacks have it: of the call, and of what asks a generator that it gives for its next error. */
  readonly places: readonly string[];
  /** Its line of the source, trimmed. */
  readonly text: string;
}

interface Call {
  readonly site: Site;
  /** `file name` of the function that is called. */
  readonly callee: string;
  /** `file name` of the functions around the call, the innermost first. */
  readonly within: readonly string[];
}

/** All such calls in the files of the folders, tests apart. Functions are told apart by their name within a file. */
export async function findSites(folders: readonly string[]): Promise<readonly Site[]> {
  const calls: Call[] = [];
  for await (const file of glob("{api,apimachinery}/**/*.ts", { cwd: root })) {
    if (!/\.test\.ts$|^api\/generated\/|\.d\.ts$/.test(file)) calls.push(...callsOf(file));
  }
  const makes = producers(calls);
  return calls
    .filter(({ callee, site }) => makes.has(callee) && folders.some((folder) => site.file.startsWith(folder)))
    .map(({ site }) => site);
}

function producers(calls: readonly Call[]): ReadonlySet<string> {
  const makes = new Set([maker]);
  let before = -1;
  while (makes.size > before) {
    before = makes.size;
    for (const { callee, within } of calls) {
      if (!makes.has(callee)) continue;
      for (const name of within) makes.add(name);
    }
  }
  return makes;
}

function callsOf(file: string): readonly Call[] {
  const source = readFileSync(join(root, file), "utf8");
  const lines = source.split("\n");
  const program = parse(stripTypeScriptTypes(source), { ecmaVersion: "latest", sourceType: "module", locations: true });
  const imported = importsOf(program, file);
  const calls: Call[] = [];
  ancestor(program, {
    CallExpression(node: CallExpression, _: unknown, ancestors: Node[]) {
      if (node.callee.type !== "Identifier") return;
      const { line } = node.callee.loc!.start;
      const places = [node.callee, ...consumers(node, ancestors)].map((one) => {
        const { start } = one.loc!;
        return `${file}:${start.line}:${start.column + 1}`;
      });
      calls.push({
        site: { file, places, text: lines[line - 1]!.trim() },
        callee: imported.get(node.callee.name) ?? `${file} ${node.callee.name}`,
        within: ancestors
          .map(nameOf)
          .filter((name) => name !== undefined)
          .map((name) => `${file} ${name}`),
      });
    },
  });
  return calls;
}

/** What the engine names in stacks as the caller of a generator's `next`: `push` of `push(...call())`, `e` of `for (e of call())`. */
function consumers(node: CallExpression, ancestors: readonly Node[]): readonly Node[] {
  const [parent, around] = [ancestors.at(-2), ancestors.at(-3)] as readonly (AnyNode | undefined)[];
  if (parent?.type === "SpreadElement" && around?.type === "CallExpression" && around.arguments[0] === parent) {
    return [around.callee.type === "MemberExpression" ? around.callee.property : around.callee];
  }
  if (parent?.type !== "ForOfStatement" || parent.right !== node) return [];
  return [parent.left.type === "VariableDeclaration" ? parent.left.declarations[0]!.id : parent.left];
}

/** Imported functions by their local names. */
function importsOf(program: Program, file: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const node of program.body) {
    if (node.type !== "ImportDeclaration") continue;
    const from = String(node.source.value);
    if (!from.startsWith(".")) continue;
    const path = relative(root, normalize(join(root, dirname(file), from)));
    for (const one of node.specifiers) {
      if (one.type !== "ImportSpecifier" || one.imported.type !== "Identifier") continue;
      names.set(one.local.name, `${path} ${one.imported.name}`);
    }
  }
  return names;
}

/** The name of a function, where it has one. */
function nameOf(node: Node): string | undefined {
  const { type, id, init } = node as Node & { id?: { name?: string } | null; init?: Node | null };
  if (type === "FunctionDeclaration") return id?.name;
  if (type === "VariableDeclarator" && /Function/.test(init?.type ?? "")) return id?.name;
  return undefined;
}
