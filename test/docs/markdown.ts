import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A fenced block of a document: ```` ```sh run ```` has the language `sh` and the mark `run`. */
export interface Block {
  /** The document and line, `README.md:12`. */
  readonly place: string;
  readonly language: string;
  readonly marks: ReadonlySet<string>;
  readonly text: string;
  /** What the document says the block prints: the ```` ```text ```` block right after it. */
  readonly output: string | undefined;
}

/** The project's documents, by path from its root: those beside README.md and all in docs/. */
export function documents(): readonly string[] {
  const markdown = (folder: string): string[] =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).filter((file) => file.endsWith(".md")) : [];
  return [...markdown("."), ...markdown("docs").map((file) => `docs/${file}`)].sort();
}

export function textOf(document: string): string {
  return readFileSync(join(root, document), "utf8");
}

export function blocksOf(document: string, text: string = textOf(document)): readonly Block[] {
  const found: (Omit<Block, "output"> & { readonly end: number })[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const opening = /^```(\w+)(.*)$/.exec(lines[i]!);
    if (opening === null) continue;
    const end = lines.indexOf("```", i + 1);
    if (end < 0) throw new Error(`${document}:${i + 1}: the block has no end`);
    const marks = new Set(opening[2]!.split(/\s+/).filter(Boolean));
    found.push({
      place: `${document}:${i + 1}`,
      language: opening[1]!,
      marks,
      text: lines.slice(i + 1, end).join("\n"),
      end,
    });
    i = end;
  }
  const between = (from: number, to: number): boolean => lines.slice(from + 1, to).every((line) => line === "");
  return found.map(({ end, ...block }, i) => {
    const next = found[i + 1];
    const begin = next === undefined ? 0 : Number(next.place.split(":")[1]) - 1;
    const follows = next?.language === "text" && between(end, begin);
    return { ...block, output: follows ? next.text : undefined };
  });
}

/** What GitHub makes of a heading's text as a link's target. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

export interface Link {
  readonly place: string;
  /** Path from the project's root, and the anchor behind `#`. */
  readonly path: string;
  readonly anchor: string;
}

/** Links from one file of the project to another. */
export function linksOf(document: string): readonly Link[] {
  const lines = textOf(document).split("\n");
  return lines.flatMap((line, i) =>
    [...line.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => {
        const [path = "", anchor = ""] = target.split("#");
        const from = join(root, dirname(document));
        return {
          place: `${document}:${i + 1}`,
          path: path === "" ? document : relative(root, join(from, path)),
          anchor,
        };
      }),
  );
}

/** True where the machine has a program of that name. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync("sh", ["-c", 'command -v "$0"', name], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
