import type { Command } from "commander";
import { addServerFlags, type ServerFlags } from "./server-options.ts";

const examples = `
Examples:
  k8ts server --data-dir ./data
      a cluster of your own in ./data, on port 6443
  k8ts server --data-dir ./data --store memory --bind-address 127.0.0.1
      for this machine alone, forgotten at the end
  k8ts server --store etcd=https://10.0.0.5:2379,https://10.0.0.6:2379 \\
      --etcd-cafile ca.crt --etcd-certfile client.crt --etcd-keyfile client.key
      objects in an etcd that others keep
  k8ts server --audit-policy-file policy.yaml --audit-log-path audit.log
      every request that the policy names is recorded

While it runs, with --data-dir ./data:
  kubectl --kubeconfig ./data/admin.conf get namespaces
Ctrl-C stops it; the next start goes on where it was.
`;

export function addServerCommand(program: Command): void {
  const command = program
    .command("server")
    .description("run the control plane in the foreground, until SIGTERM or SIGINT");
  addServerFlags(command)
    .addHelpText("after", examples)
    .action(async (flags: ServerFlags) => {
      const { runServer } = await import("../server/run.ts");
      await runServer("server", flags);
    });
}
