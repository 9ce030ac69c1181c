import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { criFiles, readCriSource } from "./cri.ts";
import { generatedFiles } from "./generate.ts";
import { readSource } from "./source.ts";

/**
 * Writes api/generated/ from the data of Kubernetes' API and cri/generated/ from that of the CRI:
 * `node tools/generate/main.ts [DATA-FOLDER]`. The output is committed and depends on its input alone.
 */
function main(): number {
  const root = resolve(import.meta.dirname, "../..");
  const folder = resolve(process.argv[2] ?? join(root, "../shared/data"));
  const source = readSource(folder);
  if (source === undefined) {
    process.stderr.write(
      `There is nothing to generate from: ${folder} lacks one of kubernetes-1.36-definitions.json, -paths.json and -protobuf.json.\n` +
        "Name their folder: npm run generate -- FOLDER. What is committed in api/generated/ stays as it is.\n",
    );
    return 1;
  }
  const out = join(root, "api/generated");
  mkdirSync(join(out, "types"), { recursive: true });
  const files = generatedFiles(source);
  for (const stale of readdirSync(join(out, "types")))
    if (!files.has(`types/${stale}`)) rmSync(join(out, "types", stale));
  for (const [file, text] of files) writeFileSync(join(out, file), text);
  process.stdout.write(`api/generated: ${files.size} files written from ${folder}\n`);
  const cri = readCriSource(folder);
  if (cri === undefined) return 0;
  mkdirSync(join(root, "cri/generated"), { recursive: true });
  for (const [file, text] of criFiles(cri)) writeFileSync(join(root, "cri/generated", file), text);
  process.stdout.write(`cri/generated: written from ${folder}\n`);
  return 0;
}

process.exitCode = main();
