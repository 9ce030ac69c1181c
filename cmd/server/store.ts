import { readFile } from "node:fs/promises";
import type { HealthCheck } from "../../apiserver/handlers/paths.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import { type Logger, realClock } from "../../base/mod.ts";
import { openStorage } from "../../storage/open.ts";
import type { Storage } from "../../storage/storage.ts";
import { CommandError } from "../command-error.ts";
import type { ServerFlags } from "../commands/server-options.ts";
import { openEncryption } from "./encryption.ts";
import type { FollowedFiles } from "./reload/followed-files.ts";

export interface Store {
  readonly storage: Storage;
  readonly checks: readonly HealthCheck[];
  /** Files that say how it is encrypted, whose changes are to be put into use. */
  readonly followed: readonly FollowedFiles[];
}

export interface StoreParts {
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Of this server among several. */
  readonly serverId: string;
  /** Nobody is asked for keys afterwards. */
  readonly signal: AbortSignal;
}

/** Opens the store that the flags name, encrypted as they ask. Whatever keeps it from opening is a CommandError. */
export async function openStore(flags: ServerFlags, parts: StoreParts): Promise<Store> {
  const reload = flags.encryptionProviderConfigAutomaticReload === "true";
  const encryption = await openEncryption(flags.encryptionProviderConfig, { ...parts, reload });
  const { checks, followed } = encryption;
  const storage = encryption.over(await openPlain(flags, parts.logger));
  return { storage, checks, followed: followed === undefined ? [] : [followed] };
}

async function openPlain(flags: ServerFlags, logger: Logger): Promise<Storage> {
  const tls = await etcdTls(flags);
  try {
    return await openStorage(flags.store, { dataDir: flags.dataDir, clock: realClock, logger, ...(tls && { tls }) });
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function etcdTls({ store, etcdCafile, etcdCertfile, etcdKeyfile }: ServerFlags) {
  if (etcdCafile === undefined && etcdCertfile === undefined && etcdKeyfile === undefined) return undefined;
  if (!store.startsWith("etcd=")) {
    throw new CommandError(`the --etcd-… flags are for --store etcd=URL, and the store is ${store}`);
  }
  if ((etcdCertfile === undefined) !== (etcdKeyfile === undefined)) {
    throw new CommandError("--etcd-certfile and --etcd-keyfile belong together: give both, or neither");
  }
  const [ca, cert, key] = await Promise.all([etcdCafile, etcdCertfile, etcdKeyfile].map(readPem));
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function readPem(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file);
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
