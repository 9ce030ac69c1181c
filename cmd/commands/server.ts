import type { Command } from "commander";
import { runServer } from "../server/run.ts";
import { addServerFlags, type ServerFlags } from "./server-options.ts";

export function addServerCommand(program: Command): void {
  const command = program
    .command("server")
    .description("run the control plane in the foreground, until SIGTERM or SIGINT");
  addServerFlags(command).action(async (flags: ServerFlags) => runServer("server", flags));
}
