import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { Lease } from "../../api/coordination/v1/lease.ts";
import { createJsonLogger, type Logger, MetricsRegistry, realClock, realRandom } from "../../base/mod.ts";
import {
  type Client,
  createClient,
  createHttpTransport,
  LeaderElector,
  LeaseLock,
  loadKubeconfig,
  resolveContext,
  type ServerAccess,
} from "../../client/mod.ts";
import { CommandError } from "../command-error.ts";
import type { ComponentFlags, LeaderFlags } from "../commands/component-options.ts";
import { standardError } from "../standard-error.ts";
import { stopSignal } from "../stop-signal.ts";

/** What a component works with. */
export interface ComponentParts {
  readonly access: ServerAccess;
  readonly client: Client;
  readonly clock: typeof realClock;
  readonly random: typeof realRandom;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface Component {
  /** As in logs and in the client's name. */
  readonly name: string;
  /** Below the data directory. */
  readonly kubeconfig: string;
}

/** Runs `task` until SIGTERM or SIGINT, or until it fails. A kubeconfig that cannot be used is a CommandError. */
export async function runComponent(
  component: Component,
  flags: ComponentFlags,
  task: (parts: ComponentParts, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const logger = await componentLogger(component.name, flags);
  const stop = stopSignal();
  const parts = await connect(component, flags, { logger, metrics: new MetricsRegistry() });
  try {
    await task(parts, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    await parts.client.close();
  }
}

export function componentLogger(name: string, { logLevel }: ComponentFlags): Promise<Logger> {
  return createJsonLogger({
    level: logLevel as "info",
    destination: standardError,
    clock: realClock,
    bindings: { component: name },
  });
}

/** The API server as this component reaches it. A kubeconfig that cannot be used is a CommandError. */
export async function connect(
  { name, kubeconfig }: Component,
  flags: ComponentFlags,
  shared: Pick<ComponentParts, "logger" | "metrics">,
): Promise<ComponentParts> {
  const access = await accessOf(resolve(flags.kubeconfig ?? join(flags.dataDir, kubeconfig)));
  const transport = createHttpTransport(access, { clock: realClock, userAgent: `k8ts-${name}` });
  return { access, client: createClient(transport), clock: realClock, random: realRandom, ...shared };
}

/** One that works only while no other of its name does: the holder of a Lease in kube-system. */
export async function runLeader(
  component: Component & { readonly lease: string },
  flags: LeaderFlags,
  task: (parts: ComponentParts, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await runComponent(component, flags, async (parts, signal) => {
    if (flags.leaderElect === "false") return task(parts, signal);
    const identity = `${hostname()}_${parts.random.uuid()}`;
    await lead({ ...parts, lease: component.lease, identity }, signal, (inner) => task(parts, inner));
  });
}

export interface Leadership extends Pick<ComponentParts, "client" | "clock" | "random" | "logger" | "metrics"> {
  /** In kube-system, under upstream's names: `kube-scheduler`, `kube-controller-manager`. */
  readonly lease: string;
  readonly identity: string;
}

/** Waits until nobody else leads, then runs `task`. The lease is free at once after an orderly end. */
export function lead(
  { client, clock, random, logger, metrics, lease, identity }: Leadership,
  signal: AbortSignal,
  task: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const lock = new LeaseLock({ client: client.resource(Lease, "kube-system"), name: lease });
  const elector = new LeaderElector({
    lock,
    identity,
    name: lease,
    clock,
    random,
    logger,
    releaseOnCancel: true,
    registry: metrics,
  });
  return elector.run(signal, task);
}

async function accessOf(file: string): Promise<ServerAccess> {
  try {
    const { access } = await resolveContext(await loadKubeconfig([file]));
    return access;
  } catch (cause) {
    throw new CommandError(
      `cannot reach the API server by ${file}: ${(cause as Error).message}. Name a kubeconfig with --kubeconfig, or the cluster's directory with --data-dir`,
      { cause },
    );
  }
}
