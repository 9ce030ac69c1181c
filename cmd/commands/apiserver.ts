import type { Command } from "commander";
import { runServer } from "../server/run.ts";
import { addServerFlags, type ServerFlags } from "./server-options.ts";

export function addApiserverCommand(program: Command): void {
  const command = program
    .command("apiserver")
    .description("run the API server alone, without controllers, until SIGTERM or SIGINT");
  addServerFlags(command).action(async (flags: ServerFlags) => runServer("apiserver", flags));
}
