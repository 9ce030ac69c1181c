/**
 * A transcript is what a terminal would show:
 *
 *     # A sentence says what the next commands show; it becomes the name of their test.
 *     $ kubectl create namespace team
 *     namespace/team created
 *     $ kubectl create -f - <<END
 *     > kind: Namespace
 *     > END
 *     ! error: …
 *     [1]
 *
 * Commands are shell, `>` continues them. What stdout printed comes first, then what stderr did, with `! ` before each line, then
 * the exit code where it is not 0. White space at the end of lines, and empty lines before the next command, count for nothing.
 * `{<1.30} ` before any line keeps it for kubectl older than 1.30, `{>=1.30} ` for 1.30 and newer; where the versions between
 * are not under test the bound says no more than that kubectl changed somewhere among them. Lines before the first sentence
 * that begin with `//` are comments.
 */
export interface Section {
  readonly title: string;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly line: number;
  readonly text: string;
  readonly expected: string;
}

const condition = /^\{(<|>=)1\.(\d+)\} ?/;

/** The part of a transcript that is meant for a kubectl of this minor version. */
export function parseTranscript(text: string, minor: number): Section[] {
  const sections: { title: string; commands: { line: number; text: string; output: string[] }[] }[] = [];
  const lines = text.split("\n");
  for (const [i, whole] of lines.entries()) {
    const line = lineFor(whole, minor);
    const section = sections.at(-1);
    const command = section?.commands.at(-1);
    if (line === undefined) {
      continue;
    }
    if (isTitle(lines, i)) {
      sections.push({ title: line.slice(2), commands: [] });
    } else if (section !== undefined && line.startsWith("$ ")) {
      section.commands.push({ line: i + 1, text: line.slice(2), output: [] });
    } else if (command !== undefined && command.output.length === 0 && (line.startsWith("> ") || line === ">")) {
      command.text += `\n${line.slice(2)}`;
    } else if (command !== undefined) {
      command.output.push(line);
    } else if (line !== "" && !line.startsWith("//")) {
      throw new Error(`line ${i + 1} belongs to no command: ${line}`);
    }
  }
  return sections.map(({ title, commands }) => ({
    title,
    commands: commands.map(({ line, text: shell, output }) => ({
      line,
      text: shell,
      expected: trimmed(output.join("\n")),
    })),
  }));
}

/** Output may begin with `#` too; an empty line before makes it a title. */
function isTitle(lines: readonly string[], i: number): boolean {
  return lines[i]!.startsWith("# ") && (i === 0 || lines[i - 1] === "");
}

function lineFor(line: string, minor: number): string | undefined {
  const match = condition.exec(line);
  if (match === null) {
    return line;
  }
  const bound = Number(match[2]);
  const meant = match[1] === "<" ? minor < bound : minor >= bound;
  return meant ? line.slice(match[0].length) : undefined;
}

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** What a command printed, as a transcript shows it. */
export function shown({ stdout, stderr, code }: Printed): string {
  const errors = trimmed(stderr)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `! ${line}`);
  const parts = [trimmed(stdout), ...errors, ...(code === 0 ? [] : [`[${code}]`])];
  return parts.filter((part) => part !== "").join("\n");
}

function trimmed(text: string): string {
  return text.replace(/[ \t]+$/gm, "").replace(/\n+$/, "");
}

/** The transcript with other output after some commands, named by their line. Output with conditions is for people to change. */
export function updateTranscript(text: string, outputs: ReadonlyMap<number, string>): string {
  const lines = text.split("\n");
  for (const [line, output] of [...outputs].sort(([a], [b]) => b - a)) {
    let from = line;
    while (lines[from]?.startsWith(">") === true) {
      from++;
    }
    let to = from;
    while (to < lines.length && !/^(\{[<>=.\d]+\} ?)?\$ /.test(lines[to]!) && !isTitle(lines, to)) {
      to++;
    }
    while (to > from && lines[to - 1] === "") {
      to--;
    }
    if (lines.slice(from, to).some((old) => condition.test(old))) {
      throw new Error(`line ${line} has output for some versions only: change it by hand to\n${output}`);
    }
    lines.splice(from, to - from, ...(output === "" ? [] : output.split("\n")));
  }
  return lines.join("\n");
}
