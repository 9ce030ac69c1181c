import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { ApiServer } from "../../apiserver/server.ts";
import { type Logger, realClock, realRandom } from "../../base/mod.ts";
import { type Client, createClient } from "../../client/mod.ts";
import { runAllControllers } from "../../controllers/mod.ts";

/** The controllers within the server's process: they share its objects, and may do what their roles say. */
export function controllersWithin(
  server: ApiServer,
  rootCa: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { metrics } = server;
  const clientAs = (user: UserInfo): Client => createClient(server.transport(user, "kube-controller-manager"));
  return runAllControllers({ clientAs, clock: realClock, random: realRandom, logger, metrics, rootCa }, signal);
}
