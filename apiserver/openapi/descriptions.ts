import { existsSync, readFileSync } from "node:fs";
import type { Descriptions } from "../../api/descriptions.ts";

/** What the build has written (tools/descriptions.ts); undefined where it has written nothing. */
export function loadDescriptions(path: string): Descriptions | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Descriptions) : undefined;
}
