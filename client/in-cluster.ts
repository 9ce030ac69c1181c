import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerAccess } from "./http/server-access.ts";

/** Where every container finds its service account (KEP-1205). */
const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface InClusterOptions {
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT of the environment. */
  readonly host: string;
  readonly port: string;
  /** Default: `serviceAccountFolder`. */
  readonly folder?: string;
}

/** How a pod reaches the cluster it runs in (client-go rest.InClusterConfig). */
export async function inClusterAccess({
  host,
  port,
  folder = serviceAccountFolder,
}: InClusterOptions): Promise<ServerAccess> {
  const address = host.includes(":") ? `[${host}]` : host;
  return {
    server: `https://${address}:${port}`,
    ca: await readFile(join(folder, "ca.crt"), "utf8"),
    tokenFile: join(folder, "token"),
  };
}
