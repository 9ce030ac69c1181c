import { join } from "node:path";

/** Where everything of one cluster lies unless `--data-dir` says otherwise. */
export const defaultDataDir = process.env["K8TS_DATA_DIR"] || "/var/lib/k8ts";

/** The files of a data directory that commands meet at. */
export function dataFiles(dataDir: string): {
  readonly adminConf: string;
  readonly run: string;
  readonly serverState: string;
} {
  const run = join(dataDir, "run");
  return { adminConf: join(dataDir, "admin.conf"), run, serverState: join(run, "server.json") };
}
