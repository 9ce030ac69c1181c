import { join, resolve } from "node:path";
import { MetricsRegistry, realClock, runTasks } from "../../base/mod.ts";
import type { KubeletFlags, NodeFlags } from "../commands/node-options.ts";
import { type Component, type ComponentParts, componentLogger, connect } from "../components/component.ts";
import { stopSignal } from "../stop-signal.ts";
import { fileIsThere, serverAnswers } from "./credentials.ts";
import { runNodeDns } from "./dns.ts";
import { type NodeFacts, nodeFacts } from "./facts.ts";
import { kubeletOptions, runNodeKubelet } from "./kubelet.ts";
import { runNodeProxy } from "./proxy.ts";

/** How long a node waits for a server that is being started together with it, before it goes on without. */
const patienceMs = 10_000;

export type NodePart = "kubelet" | "proxy" | "dns";

/** Who each part is to the API server: kubeadm's file names, where it has one. */
export const kubeconfigOf: Readonly<Record<NodePart, string>> = {
  kubelet: "kubelet.conf",
  proxy: "proxy.conf",
  dns: "dns.conf",
};

/** Runs parts of a node in this process until SIGTERM or SIGINT, or until one fails. Pods live on. */
export async function runNode(
  name: string,
  parts: readonly NodePart[],
  flags: NodeFlags & Partial<KubeletFlags>,
): Promise<void> {
  const facts = nodeFacts(flags);
  const logger = await componentLogger(name, flags);
  const metrics = new MetricsRegistry();
  const signal = stopSignal();
  const open: ComponentParts[] = [];
  const start = async (part: NodePart): Promise<ComponentParts> => {
    const component: Component = { name: part, kubeconfig: kubeconfigOf[part] };
    const patience = { clock: realClock, timeoutMs: patienceMs, signal };
    if (flags.kubeconfig === undefined) await fileIsThere(join(resolve(flags.dataDir), component.kubeconfig), patience);
    const own = await connect(component, flags, { logger: logger.child({ part }), metrics });
    open.push(own);
    await serverAnswers(own.client, patience);
    return own;
  };
  const task = (part: NodePart) => async (inner: AbortSignal) => run(part, await start(part), { facts, flags }, inner);
  try {
    await runTasks(signal, parts.map(task));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await Promise.all(open.map(({ client }) => client.close()));
  }
}

interface Place {
  readonly facts: NodeFacts;
  readonly flags: NodeFlags & Partial<KubeletFlags>;
}

function run(part: NodePart, own: ComponentParts, { facts, flags }: Place, signal: AbortSignal): Promise<void> {
  switch (part) {
    case "kubelet":
      return runNodeKubelet(own, kubeletOptions(facts, flags), signal);
    case "proxy":
      return runNodeProxy(own, facts, flags.dataDir, signal);
    case "dns":
      return runNodeDns(own, facts, signal);
  }
}
