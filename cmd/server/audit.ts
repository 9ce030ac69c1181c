import { readFile } from "node:fs/promises";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { Auditor } from "../../apiserver/audit/auditor.ts";
import { AuditFile } from "../../apiserver/audit/file-backend.ts";
import { parseAuditPolicy } from "../../apiserver/audit/policy.ts";
import type { Filter } from "../../apiserver/chain.ts";
import { audit } from "../../apiserver/filters/audit.ts";
import { type Logger, realClock, realRandom } from "../../base/mod.ts";
import { CommandError } from "../command-error.ts";
import type { ServerFlags } from "../commands/server-options.ts";

export interface AuditLog {
  readonly filter: Filter;
  /** Resolves once every event is in the file. */
  close(): Promise<void>;
}

/** The audit log that the flags ask for; undefined where they ask for none. A policy that cannot be used is a CommandError. */
export async function openAuditLog(flags: ServerFlags, logger: Logger): Promise<AuditLog | undefined> {
  const { auditPolicyFile: file, auditLogPath: path } = flags;
  if (file === undefined && path === undefined) return undefined;
  if (file === undefined || path === undefined) {
    throw new CommandError(
      "--audit-policy-file says what is recorded and --audit-log-path where: give both, or neither",
    );
  }
  const policy = await readPolicy(file);
  const backend = new AuditFile({
    path,
    maxSizeMegabytes: flags.auditLogMaxsize,
    maxBackups: flags.auditLogMaxbackup,
    maxAgeDays: flags.auditLogMaxage,
    clock: realClock,
    onDropped: (count, error) => logger.warn("audit events were dropped", { count, error }),
  });
  return {
    filter: audit(new Auditor({ policy, backend, clock: realClock, random: realRandom })),
    close: () => backend.close(),
  };
}

async function readPolicy(file: string) {
  try {
    return parseAuditPolicy(parseYaml(await readFile(file, "utf8")).value);
  } catch (error) {
    throw new CommandError(`the audit policy ${file} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
