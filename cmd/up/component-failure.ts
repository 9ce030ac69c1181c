import { readFileSync } from "node:fs";
import { CommandError } from "../command-error.ts";
import { logFile } from "./cluster.ts";

const shownLines = 8;
const shownCharacters = 400;

/** A component that does not do what it should: the message names it, shows the end of its log, and says where the rest is. */
export class ComponentFailure extends CommandError {
  readonly component: string;

  constructor(component: string, dataDir: string, problem: string, options: { readonly cause?: unknown } = {}) {
    const file = logFile(dataDir, component);
    const lines = lastLines(file);
    const shown =
      lines.length === 0
        ? "It has logged nothing."
        : `Its log (${file}) ends so:\n${lines.map((line) => `  ${line}`).join("\n")}`;
    super(`${component} ${problem}.\n${shown}`, options);
    this.component = component;
  }
}

function lastLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-shownLines)
      .map((line) => readable(line).slice(0, shownCharacters));
  } catch {
    return [];
  }
}

/** Of k8ts's own lines of JSON, what people need. */
export function readable(line: string): string {
  try {
    const { level, message, time, component, pid, ...values } = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.entries(values).map(
      ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    return message === undefined ? line : [String(level ?? "info"), String(message), ...rest].join(" ");
  } catch {
    return line;
  }
}
