import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { compactDefinitions, textModule } from "./definitions.ts";
import { pathsTable, resourcesModule } from "./resources.ts";
import { readSource } from "./source.ts";
import { typeModules } from "./types.ts";

/**
 * Writes api/generated/ from the data of Kubernetes' API: `node tools/generate/main.ts [DATA-FOLDER]`. The output is
 * committed and depends on its input alone.
 */
function main(): number {
  const root = resolve(import.meta.dirname, "../..");
  const folder = resolve(process.argv[2] ?? join(root, "../shared/data"));
  const source = readSource(folder);
  if (source === undefined) {
    process.stderr.write(
      `There is nothing to generate from: ${folder} holds no kubernetes-1.36-definitions.json and -paths.json.\n` +
        "Name their folder: npm run generate -- FOLDER. What is committed in api/generated/ stays as it is.\n",
    );
    return 1;
  }
  const out = join(root, "api/generated");
  const types = join(out, "types");
  mkdirSync(types, { recursive: true });
  const definitions = compactDefinitions(source);
  writeFileSync(
    join(out, "definitions-data.ts"),
    textModule(
      "definitionsText",
      `The definitions of Kubernetes ${source.version}, as JSON text of CompactDefinitions.`,
      definitions,
    ),
  );
  writeFileSync(
    join(out, "paths-data.ts"),
    textModule("pathsText", "Every path the API server publishes, as JSON text of PathsTable.", pathsTable(source)),
  );
  writeFileSync(join(out, "resources.ts"), resourcesModule(source));
  const modules = typeModules(definitions);
  for (const stale of readdirSync(types)) if (!modules.has(stale)) rmSync(join(types, stale));
  for (const [file, text] of modules) writeFileSync(join(types, file), text);
  process.stdout.write(
    `api/generated: ${Object.keys(definitions).length} definitions, ${modules.size} type modules, ${source.discovery.length} resources\n`,
  );
  return 0;
}

process.exitCode = main();
