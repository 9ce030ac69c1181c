import type { Command } from "commander";
import { addServerFlags, type ServerFlags } from "./server-options.ts";

export function addApiserverCommand(program: Command): void {
  const command = program
    .command("apiserver")
    .description("run the API server alone, without controllers, until SIGTERM or SIGINT");
  addServerFlags(command).action(async (flags: ServerFlags) => {
    const { runServer } = await import("../server/run.ts");
    await runServer("apiserver", flags);
  });
}
