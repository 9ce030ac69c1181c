import { readdirSync } from "node:fs";
import { join } from "node:path";

const suffix = ".txt";

/** Every transcript, by name. */
export const all: readonly string[] = readdirSync(join(import.meta.dirname, "transcripts"))
  .filter((name) => name.endsWith(suffix))
  .map((name) => name.slice(0, -suffix.length))
  .sort();
