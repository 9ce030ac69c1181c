import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { root, textOf } from "./markdown.ts";

const document = "docs/command-line.md";
const text = textOf(document);

function help(...command: string[]): string {
  return execFileSync(process.execPath, [join(root, "cmd/main.ts"), ...command, "--help"], { encoding: "utf8" });
}

interface Flag {
  /** As help spells it: `-o, --output <format>`. */
  readonly spelling: string;
  readonly default: string | undefined;
}

/** What help lists: names at two spaces, descriptions further in. */
function entriesOf(helpText: string, heading: string): readonly string[] {
  const [, rest = ""] = helpText.split(`${heading}:\n`);
  const [section = ""] = rest.split("\n\n");
  return section.split(/\n {2}(?=\S)/).map((entry) => entry.trim().replace(/\s*\n\s+/g, " "));
}

function flagsOf(helpText: string): readonly Flag[] {
  return entriesOf(helpText, "Options")
    .map((entry) => ({
      spelling: /^(-\w, )?--[\w-]+( <[^>\s]+>(\[,<\w+>\])?)?/.exec(entry)![0],
      default: /default: "?([^"),]+(?:,[^"),]+)*)"?\)/.exec(entry)?.[1],
    }))
    .filter(({ spelling }) => spelling !== "-h, --help");
}

/** Rows of the table of flags below `## command`. */
function documentedFlags(command: string): readonly Flag[] {
  const [, rest = ""] = text.split(`\n## ${command}\n`);
  const [section = ""] = rest.split("\n## ");
  return [...section.matchAll(/^\| `(-[^`]+)` \|([^|]*)\|/gm)].map(([, spelling, value]) => ({
    spelling: spelling!,
    default: /^`(.+)`$/.exec(value!.trim())?.[1],
  }));
}

const commands = entriesOf(help(), "Commands").map((entry) => entry.split(" ")[0]!);

test("every command of --help is in the document, and no other", () => {
  const documented = [...text.matchAll(/^\| \[?`k8ts ([\w-]+)`/gm)].map(([, command]) => command);
  assert.deepEqual(documented, commands);
});

for (const command of commands.filter((name) => name !== "help")) {
  const described = command === "apiserver" ? "server" : command;
  test(`every flag of k8ts ${command} is in the document with its default, and no other`, () => {
    const shown = flagsOf(help(command));
    // Defaults that help puts in words ("that of the first network interface") are words in the document, too.
    const inWords = ({ spelling, default: value }: Flag): Flag => ({
      spelling,
      default: value?.includes(" ") ? undefined : value,
    });
    assert.deepEqual(documentedFlags(described), shown.map(inWords));
  });
}
