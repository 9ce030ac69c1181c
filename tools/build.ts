import { execFileSync } from "node:child_process";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles the binary into dist/: one small entry, the parts that few commands need in files of their own, loaded when asked for. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "dist");
/** Built here first: a server that starts meanwhile finds the old build whole, or the new one. */
const fresh = join(root, "build", `dist-${process.pid}`);

/** Files of an older build go this long after: a server may still be about to load one. */
const staleMs = 10 * 60_000;
/** Kept by the program itself (cmd/main.ts). */
const compileCache = "compile-cache";

// Packages in CommonJS call `require`, which an ES module does not have.
const banner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

await build({
  absWorkingDir: root,
  entryPoints: {
    k8ts: "cmd/main.ts",
    "sqlite-worker": "storage/sqlite/worker.ts",
    supervisor: "cmd/up/supervisor/main.ts",
  },
  outdir: fresh,
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
await writeDescriptions?.(join(fresh, "descriptions.json"));
await writeFile(join(fresh, "package.json"), '{ "type": "module" }\n');
await publish();

/** Moves the new files over the old ones, entries last; what the new build no longer has goes once nobody can be loading it. */
async function publish(): Promise<void> {
  await mkdir(out, { recursive: true });
  const isEntry = (name: string): boolean => ["k8ts.mjs", "sqlite-worker.mjs", "supervisor.mjs"].includes(name);
  const names = (await readdir(fresh)).sort((a, b) => Number(isEntry(a)) - Number(isEntry(b)));
  for (const name of names) {
    await rename(join(fresh, name), join(out, name));
  }
  await rm(fresh, { recursive: true, force: true });
  for (const name of await readdir(out)) {
    if (
      name !== compileCache &&
      !names.includes(name) &&
      Date.now() - (await stat(join(out, name))).mtimeMs > staleMs
    ) {
      await rm(join(out, name), { force: true });
    }
  }
}

function commit(): string {
  try {
    return execFileSync("git", ["-C", root, "rev-parse", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}
