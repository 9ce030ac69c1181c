import type { Command } from "commander";
import { addLeaderFlags, type LeaderFlags } from "./component-options.ts";

const kubeconfig = "scheduler.conf";

export function addSchedulerCommand(program: Command): void {
  const command = program.command("scheduler").description("run the scheduler alone, until SIGTERM or SIGINT");
  addLeaderFlags(command, kubeconfig).action(async (flags: LeaderFlags) => {
    const { runLeader } = await import("../components/component.ts");
    const { runScheduler } = await import("../../scheduler/mod.ts");
    await runLeader({ name: "scheduler", kubeconfig, lease: "kube-scheduler" }, flags, (parts, signal) =>
      runScheduler(parts, signal),
    );
  });
}
