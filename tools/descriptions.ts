import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DefinitionDescriptions, Descriptions } from "../api/descriptions.ts";
import { compactDefinitions } from "../api/generated/definitions.ts";
import type { CompactDefinition } from "../apimachinery/schema/compact.ts";

const generated = join(import.meta.dirname, "../node_modules/@kubernetes/client-node/dist/gen");

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

function readDefinitions(folder: string): Descriptions["definitions"] {
  const files = new Set(readdirSync(folder));
  const result: Record<string, DefinitionDescriptions> = {};
  for (const [name, definition] of Object.entries(compactDefinitions())) {
    const model = modelNames(name).find((candidate) => files.has(`${candidate}.d.ts`));
    if (model === undefined || definition.fields === undefined) continue;
    result[`io.k8s.${name}`] = describe(readFileSync(join(folder, `${model}.d.ts`), "utf8"), definition);
  }
  return result;
}

/** The text before a method of an API's requests, and a parameter's in it, whose name may have a mark of the language's. */
const methodComment = /\/\*\*\r?\n((?: +\*[^\n]*\n)+?) +\*\/\r?\n +(\w+)\(/g;
const parameterComment = /@param _?(\w+) (.*)/g;

const entities: Readonly<Record<string, string>> = { "&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** Those of parameters are written for HTML besides. What two spaces part are paragraphs. */
function parameterText(text: string): string {
  const plainText = text.replace(/&(?:#(x?)([0-9a-fA-F]+)|\w+);/g, (entity, hexadecimal, code) =>
    code === undefined
      ? (entities[entity] ?? entity)
      : String.fromCodePoint(Number.parseInt(code, hexadecimal === "x" ? 16 : 10)),
  );
  return unescaped(plainText).replaceAll(".  ", ".\n\n");
}

/** What an operation says of its parameters. */
export interface DescribedOperation {
  readonly id: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The operations of `CoreV1Api.d.ts`, whose ids have `CoreV1` after their first word. */
export function operationsIn(declaration: string, tag: string): readonly DescribedOperation[] {
  const requests = declaration.split("export declare class ")[1] ?? "";
  return [...requests.matchAll(methodComment)].map(([, comment, method]) => ({
    id: method!.replace(/^[a-z]+/, (verb) => verb + tag),
    parameters: Object.fromEntries(
      [...comment!.matchAll(parameterComment)].map(([, name, text]) => [name!, parameterText(text!)]),
    ),
  }));
}

function mostOften(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

/** Each sentence once: by the name alone where most operations have it, else by the verb or the operation (api/descriptions.ts). */
export function parameterSentences(operations: readonly DescribedOperation[]): Descriptions["parameters"] {
  const result: Record<string, string> = {};
  const names = new Set(operations.flatMap(({ parameters }) => Object.keys(parameters)));
  // A name is always said to be of its kind; the package's second path is that of the query, which another operation has alone.
  for (const known of ["name", "path2"]) names.delete(known);
  for (const name of names) {
    const having = operations.filter(({ parameters }) => parameters[name] !== undefined);
    const usual = mostOften(having.map(({ parameters }) => parameters[name]!));
    result[name] = usual;
    const byVerb = Map.groupBy(having, ({ id }) => /^[a-z]+/.exec(id)![0]);
    for (const [verb, ofVerb] of byVerb) {
      const ofThese = mostOften(ofVerb.map(({ parameters }) => parameters[name]!));
      if (ofThese !== usual) result[`${verb} ${name}`] = ofThese;
      for (const { id, parameters } of ofVerb) {
        if (parameters[name] !== ofThese) result[`${id} ${name}`] = parameters[name]!;
      }
    }
  }
  return result;
}

function readParameters(folder: string): Descriptions["parameters"] {
  const operations = readdirSync(folder).flatMap((file) => {
    // What the package says of any custom resource is of no API.
    const tag = file === "CustomObjectsApi.d.ts" ? undefined : /^(\w+)Api\.d\.ts$/.exec(file)?.[1];
    return tag === undefined ? [] : operationsIn(readFileSync(join(folder, file), "utf8"), tag);
  });
  return parameterSentences(operations);
}

/** The sentences of all that the API has, from the declarations of @kubernetes/client-node; none where the folder is absent. */
export function readDescriptions(folder: string = generated): Descriptions {
  if (!existsSync(folder)) return { definitions: {}, parameters: {} };
  return { definitions: readDefinitions(join(folder, "models")), parameters: readParameters(join(folder, "apis")) };
}

/** Writes them where the server looks for them. They are part of a build, and never of the repository. */
export async function writeDescriptions(file: string): Promise<void> {
  await writeFile(file, `${JSON.stringify(readDescriptions())}\n`);
}
