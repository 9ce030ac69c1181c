import type { Command } from "commander";
import { addKubeletFlags, addNodeFlags, type KubeletFlags, type NodeFlags } from "./node-options.ts";

/** A node, whole or in parts: a process each. */
export function addNodeCommands(program: Command): void {
  const node = program
    .command("node")
    .description("run this machine as a node: kubelet, proxy and DNS in one process, until SIGTERM or SIGINT");
  addKubeletFlags(addNodeFlags(node, "kubelet.conf, proxy.conf and dns.conf")).action(
    async (flags: NodeFlags & KubeletFlags) => {
      const { runNode } = await import("../node/run.ts");
      await runNode("node", ["kubelet", "proxy", "dns"], flags);
    },
  );
  const kubelet = program.command("kubelet").description("run the kubelet alone, until SIGTERM or SIGINT");
  addKubeletFlags(addNodeFlags(kubelet, "kubelet.conf")).action(async (flags: NodeFlags & KubeletFlags) => {
    const { runNode } = await import("../node/run.ts");
    await runNode("kubelet", ["kubelet"], flags);
  });
  for (const part of ["proxy", "dns"] as const) {
    const what = part === "proxy" ? "the service proxy" : "the cluster's DNS";
    const command = program.command(part).description(`run ${what} alone, until SIGTERM or SIGINT`);
    addNodeFlags(command, `${part}.conf`).action(async (flags: NodeFlags) => {
      const { runNode } = await import("../node/run.ts");
      await runNode(part, [part], flags);
    });
  }
}
