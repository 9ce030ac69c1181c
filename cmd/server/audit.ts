import { readFile } from "node:fs/promises";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { type AuditMetrics, auditMetrics } from "../../apiserver/audit/audit-metrics.ts";
import { Auditor } from "../../apiserver/audit/auditor.ts";
import { BatchedBackend } from "../../apiserver/audit/batch.ts";
import type { AuditBackend } from "../../apiserver/audit/event.ts";
import { AuditFile } from "../../apiserver/audit/file-backend.ts";
import { legacyLine } from "../../apiserver/audit/legacy-format.ts";
import { parseAuditPolicy } from "../../apiserver/audit/policy.ts";
import { severalBackends } from "../../apiserver/audit/several-backends.ts";
import { defaultTruncate, TruncatingBackend } from "../../apiserver/audit/truncate.ts";
import { AuditWebhook } from "../../apiserver/audit/webhook-backend.ts";
import { type AuditFilters, audit } from "../../apiserver/filters/audit.ts";
import type { Logger } from "../../base/logger.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import { realClock, realRandom } from "../../base/mod.ts";
import { CommandError } from "../command-error.ts";
import type { AuditFlags } from "../commands/audit-options.ts";
import { usableFile } from "./access/usable-file.ts";
import { accessWebhooks, webhookServer } from "./access/webhook-server.ts";

export interface AuditLog {
  readonly filters: AuditFilters;
  /** Resolves once every event is in the file, and has been posted or given up on. */
  close(): Promise<void>;
}

type OnDropped = (plugin: Parameters<AuditMetrics["error"]>[0]) => (count: number, error?: unknown) => void;

/** The audit log that the flags ask for; undefined where they ask for none. A policy that cannot be used is a CommandError. */
export async function openAuditLog(
  flags: AuditFlags,
  logger: Logger,
  registry: MetricsRegistry,
): Promise<AuditLog | undefined> {
  const { auditPolicyFile: file, auditLogPath: path, auditWebhookConfigFile: webhook } = flags;
  if (file === undefined && path === undefined && webhook === undefined) return undefined;
  if (file === undefined || (path === undefined && webhook === undefined)) {
    throw new CommandError(
      "--audit-policy-file says what is recorded, --audit-log-path and --audit-webhook-config-file where: give the first and one of the others, or none",
    );
  }
  const policy = await readPolicy(file);
  const metrics = auditMetrics(registry);
  const onDropped: OnDropped = (plugin) => (count, error) => {
    metrics.error(plugin, count);
    logger.warn("audit events were dropped", { plugin, count, error });
  };
  const backends = [
    ...(path === undefined ? [] : [fileBackend(flags, path, onDropped)]),
    ...(webhook === undefined ? [] : [await webhookBackend(flags, webhook, onDropped)]),
  ];
  const backend = severalBackends(backends);
  return {
    filters: audit(new Auditor({ policy, backend, metrics, clock: realClock, random: realRandom })),
    close: () => backend.close(),
  };
}

function fileBackend(flags: AuditFlags, path: string, onDropped: OnDropped): AuditBackend {
  const file = new AuditFile({
    path,
    maxSizeMegabytes: flags.auditLogMaxsize,
    maxBackups: flags.auditLogMaxbackup,
    maxAgeDays: flags.auditLogMaxage,
    compress: flags.auditLogCompress === true,
    ...(flags.auditLogFormat === "legacy" ? { format: legacyLine } : {}),
    clock: realClock,
    onDropped: onDropped("log"),
  });
  if (flags.auditLogTruncateEnabled !== true) return file;
  const maxEventSizeBytes = flags.auditLogTruncateMaxEventSize;
  return new TruncatingBackend(file, { ...defaultTruncate, maxEventSizeBytes }, onDropped("truncate"));
}

async function webhookBackend(flags: AuditFlags, file: string, onDropped: OnDropped): Promise<AuditBackend> {
  const server = await usableFile("--audit-webhook-config-file", file, webhookServer);
  const truncates = flags.auditWebhookTruncateEnabled === true;
  const webhook = new AuditWebhook({
    client: accessWebhooks,
    server: server!,
    initialBackoffMs: flags.auditWebhookInitialBackoff,
    ...(truncates ? { maxBatchSizeBytes: flags.auditWebhookTruncateMaxBatchSize } : {}),
    clock: realClock,
    random: realRandom,
    onDropped: onDropped("webhook"),
  });
  const throttle = {
    perSecond: Math.max(1, flags.auditWebhookBatchThrottleQps),
    burst: Math.max(1, flags.auditWebhookBatchThrottleBurst),
  };
  const batched = new BatchedBackend(
    webhook,
    {
      bufferSize: flags.auditWebhookBatchBufferSize,
      maxBatchSize: Math.max(1, flags.auditWebhookBatchMaxSize),
      maxWaitMs: flags.auditWebhookBatchMaxWait,
      ...(flags.auditWebhookBatchThrottleEnable === "true" ? { throttle } : {}),
    },
    { clock: realClock, onDropped: onDropped("buffered") },
  );
  if (!truncates) return batched;
  const limits = {
    maxEventSizeBytes: flags.auditWebhookTruncateMaxEventSize,
    maxBatchSizeBytes: flags.auditWebhookTruncateMaxBatchSize,
  };
  return new TruncatingBackend(batched, limits, onDropped("truncate"));
}

async function readPolicy(file: string) {
  try {
    return parseAuditPolicy(parseYaml(await readFile(file, "utf8")).value);
  } catch (error) {
    throw new CommandError(`the audit policy ${file} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
