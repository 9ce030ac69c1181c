import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { ApiServer } from "../../apiserver/server.ts";
import { type Logger, realClock, realRandom, runTasks } from "../../base/mod.ts";
import { type Client, createClient } from "../../client/mod.ts";
import { type CertificateSigning, runAllControllers, type SignToken } from "../../controllers/mod.ts";
import { runScheduler } from "../../scheduler/mod.ts";
import { lead } from "../components/component.ts";

export interface WithinOptions {
  /** PEM of the authority that vouches for the API server. */
  readonly rootCa: string;
  /** Signs the tokens that secrets hold. */
  readonly signToken: SignToken | undefined;
  /** Signs the certificates that clients ask for. */
  readonly signing: CertificateSigning | undefined;
  readonly legacyTokenCleanUpMs: number;
  /** Of which nodes get parts; none where they get none. */
  readonly clusterCidrs: readonly string[] | undefined;
  readonly serviceCidrs: readonly string[];
  /** Other servers may keep their objects in the same store: one of them leads. */
  readonly shared: boolean;
  readonly logger: Logger;
}

/** Controllers and scheduler within the server's process: they share its objects, and may do what their roles say. */
export function runWithin(server: ApiServer, options: WithinOptions, signal: AbortSignal): Promise<void> {
  const { metrics } = server;
  const { rootCa, signToken, signing, legacyTokenCleanUpMs, clusterCidrs, serviceCidrs, logger } = options;
  const parts = { clock: realClock, random: realRandom, logger, metrics };
  const clientOf =
    (agent: string) =>
    (user: UserInfo): Client =>
      createClient(server.transport(user, agent));
  const schedulerClient = clientOf("kube-scheduler")(user("system:kube-scheduler"));
  const whereLeading = (lease: string, username: string, task: (signal: AbortSignal) => Promise<void>) => {
    if (!options.shared) return task;
    const client = clientOf(lease)(user(username));
    return (inner: AbortSignal) => lead({ ...parts, client, lease, identity: identity() }, inner, task);
  };
  return runTasks(signal, [
    whereLeading("kube-controller-manager", "system:kube-controller-manager", (inner) =>
      runAllControllers(
        {
          ...parts,
          clientAs: clientOf("kube-controller-manager"),
          rootCa,
          signToken,
          signing,
          legacyTokenCleanUpMs,
          ...(clusterCidrs && { clusterCidr: clusterCidrs }),
          serviceCidrs,
        },
        inner,
      ),
    ),
    whereLeading("kube-scheduler", "system:kube-scheduler", (inner) =>
      runScheduler({ ...parts, client: schedulerClient }, inner),
    ),
  ]);
}

function user(username: string): UserInfo {
  return { username, groups: ["system:authenticated"] };
}

/** The same at each start of this server, so that after a crash it goes on leading at once. */
function identity(): string {
  const place = createHash("sha256").update(process.argv.join("\0")).digest("hex").slice(0, 12);
  return `${hostname()}_${place}`;
}
