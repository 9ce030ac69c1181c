import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Compiled code is kept between runs, beside the build it belongs to: compiling is most of a start. It helps only what is
// loaded after this line, so this file loads nothing before it.
if (import.meta.url.endsWith(".mjs")) {
  enableCompileCache(fileURLToPath(new URL("./compile-cache", import.meta.url)));
}
const { runProgram } = await import("./program.ts");
await runProgram();
