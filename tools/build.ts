import { rm, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles the binary into dist/: one small entry, the parts that few commands need in files of their own, loaded when asked for. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "dist");

// Packages in CommonJS call `require`, which an ES module does not have.
const banner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

await rm(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { k8ts: "cmd/main.ts", "sqlite-worker": "storage/sqlite/worker.ts" },
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  banner: { js: banner },
  define: { __K8TS_COMMIT__: JSON.stringify(commit()) },
  logLevel: "warning",
});
const { writeDescriptions } = await import("./descriptions.ts").catch(() => ({ writeDescriptions: undefined }));
await writeDescriptions?.(join(out, "descriptions.json"));
await writeFile(join(out, "package.json"), '{ "type": "module" }\n');

function commit(): string {
  try {
    return execFileSync("git", ["-C", root, "rev-parse", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}
