import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DefinitionDescriptions, Descriptions } from "../api/descriptions.ts";
import { compactDefinitions } from "../api/generated/definitions.ts";
import type { CompactDefinition } from "../apimachinery/schema/compact.ts";

const models = join(import.meta.dirname, "../node_modules/@kubernetes/client-node/dist/gen/models");

/** The text before a class, and before a field of one: a comment of one sentence line. */
const classComment = /\/\*\*\r?\n\* (.*)\r?\n\*\/\r?\nexport declare class /;
const fieldComment = /\/\*\*\r?\n {4}\* (.*)\r?\n {4}\*\/\r?\n {4}'([^']+)'\??:/g;

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/**
 * Names that the package's generator may have given a definition: `api.core.v1.Pod` is `V1Pod`, or `CoreV1Pod` where the
 * version has several of that name.
 */
export function modelNames(definition: string): readonly string[] {
  const parts = definition.split(".");
  const [group, version, kind] = parts.slice(-3).map(capitalized) as [string, string, string];
  return [`${group}${version}${kind}`, `${version}${kind}`];
}

const plain = (name: string): string => name.replace(/[^A-Za-z0-9]/g, "").toLowerCase();

/** The package's comments escape quotes and backslashes, and what would end a comment. */
function unescaped(text: string): string {
  return text.replace(/\\(.)/g, "$1").replaceAll("*_/", "*/").trim();
}

/** The sentences of one declaration file, for the fields that the definition has. */
export function describe(declaration: string, definition: CompactDefinition): DefinitionDescriptions {
  const names = new Map(Object.keys(definition.fields ?? {}).map((name) => [plain(name), name]));
  const fields: Record<string, string> = {};
  for (const [, text, written] of declaration.matchAll(fieldComment)) {
    const name = names.get(plain(written!));
    if (name !== undefined) fields[name] = unescaped(text!);
  }
  const own = classComment.exec(declaration)?.[1];
  return { ...(own !== undefined && { description: unescaped(own) }), fields };
}

/** The sentences of all definitions, from the declarations of @kubernetes/client-node; none where the folder is absent. */
export function readDescriptions(folder: string = models): Descriptions {
  if (!existsSync(folder)) return {};
  const files = new Set(readdirSync(folder));
  const result: Record<string, DefinitionDescriptions> = {};
  for (const [name, definition] of Object.entries(compactDefinitions())) {
    const model = modelNames(name).find((candidate) => files.has(`${candidate}.d.ts`));
    if (model === undefined || definition.fields === undefined) continue;
    result[`io.k8s.${name}`] = describe(readFileSync(join(folder, `${model}.d.ts`), "utf8"), definition);
  }
  return result;
}

/** Writes them where the server looks for them. They are part of a build, and never of the repository. */
export async function writeDescriptions(file: string): Promise<void> {
  await writeFile(file, `${JSON.stringify(readDescriptions())}\n`);
}
