import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDurationMs } from "../../apimachinery/time/duration.ts";
import { count } from "./numbers.ts";

/** Which requests are recorded, and where. */
export interface AuditFlags {
  readonly auditPolicyFile?: string;
  readonly auditLogPath?: string;
  readonly auditLogMaxsize: number;
  readonly auditLogMaxbackup: number;
  readonly auditLogMaxage: number;
  readonly auditLogCompress?: boolean;
  readonly auditLogFormat: string;
  readonly auditLogTruncateEnabled?: boolean;
  readonly auditLogTruncateMaxEventSize: number;
  readonly auditWebhookConfigFile?: string;
  readonly auditWebhookInitialBackoff: number;
  readonly auditWebhookBatchBufferSize: number;
  readonly auditWebhookBatchMaxSize: number;
  readonly auditWebhookBatchMaxWait: number;
  readonly auditWebhookBatchThrottleEnable: string;
  readonly auditWebhookBatchThrottleQps: number;
  readonly auditWebhookBatchThrottleBurst: number;
  readonly auditWebhookTruncateEnabled?: boolean;
  readonly auditWebhookTruncateMaxEventSize: number;
  readonly auditWebhookTruncateMaxBatchSize: number;
}

/** Under upstream's names. */
export function addAuditFlags(command: Command): Command {
  return addWebhookFlags(addLogFlags(command));
}

function addLogFlags(command: Command): Command {
  return command
    .option(
      "--audit-policy-file <file>",
      "which requests are recorded, and how much of them: an audit.k8s.io/v1 Policy",
    )
    .option("--audit-log-path <file>", "where requests are recorded (- is standard output)")
    .option("--audit-log-maxsize <megabytes>", "size at which the file is put aside; 0 is never", count, 100)
    .option("--audit-log-maxbackup <n>", "files put aside that are kept; 0 is all", count, 10)
    .option("--audit-log-maxage <days>", "days that files put aside are kept; 0 is for ever", count, 0)
    .option("--audit-log-compress", "compress files that are put aside with gzip")
    .addOption(
      new Option("--audit-log-format <format>", "a line of JSON an event, or one of text")
        .choices(["json", "legacy"])
        .default("json"),
    )
    .option("--audit-log-truncate-enabled", "cut events that are too large, or leave them out")
    .option("--audit-log-truncate-max-event-size <bytes>", "size above which an event is too large", count, 102_400);
}

function addWebhookFlags(command: Command): Command {
  return command
    .option("--audit-webhook-config-file <file>", "kubeconfig of a webhook that events are posted to")
    .addOption(
      time("--audit-webhook-initial-backoff <time>", "time before a failed post is tried again").default(10_000, "10s"),
    )
    .option("--audit-webhook-batch-buffer-size <n>", "events that may wait; further ones are dropped", count, 10_000)
    .option("--audit-webhook-batch-max-size <n>", "events that are posted together", count, 400)
    .addOption(
      time("--audit-webhook-batch-max-wait <time>", "time that an event waits for others").default(30_000, "30s"),
    )
    .addOption(
      new Option("--audit-webhook-batch-throttle-enable <yes>", "whether posts are throttled")
        .choices(["true", "false"])
        .default("true"),
    )
    .option("--audit-webhook-batch-throttle-qps <n>", "posts a second, on average", count, 10)
    .option("--audit-webhook-batch-throttle-burst <n>", "posts at once, where there were fewer before", count, 15)
    .option("--audit-webhook-truncate-enabled", "cut events that are too large, or leave them out")
    .option("--audit-webhook-truncate-max-event-size <bytes>", "size above which an event is too large", count, 102_400)
    .option("--audit-webhook-truncate-max-batch-size <bytes>", "size of a post's body", count, 10_485_760);
}

function time(flags: string, description: string): Option {
  return new Option(flags, description).argParser(duration);
}

function duration(text: string): number {
  try {
    const milliseconds = parseDurationMs(text);
    if (milliseconds > 0) return milliseconds;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError("this is a time, such as 30s or 5m");
}
