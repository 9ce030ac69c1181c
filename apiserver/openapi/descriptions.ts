import { existsSync, readFileSync } from "node:fs";

/** The sentences of one definition. */
export interface DefinitionDescriptions {
  readonly description?: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** By full definition name, such as `io.k8s.api.core.v1.Pod`. */
export type Descriptions = Readonly<Record<string, DefinitionDescriptions>>;

/** What the build has written; undefined where it has written nothing. Throws where the file is none of the build's. */
export function loadDescriptions(path: string): Descriptions | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Descriptions) : undefined;
}
