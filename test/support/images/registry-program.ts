import { type RegistryOptions, serveRegistry } from "./registry.ts";

/** A registry as a process of its own, in whatever network it was started in: see registry-process.ts. */
process.once("message", async (options) => {
  const { port } = await serveRegistry(options as RegistryOptions, (request) => process.send?.({ request }));
  process.send?.({ port });
});
process.once("disconnect", () => process.exit(0));
