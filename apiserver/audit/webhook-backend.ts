import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { WebhookClient, WebhookServer } from "../webhook-client/webhook-client.ts";
import type { BatchSink } from "./batch.ts";
import type { AuditEvent } from "./event.ts";
import { splitBySize } from "./truncate.ts";

export interface AuditWebhookOptions {
  readonly client: WebhookClient;
  readonly server: WebhookServer;
  /** Before the first retry; each later one waits half as long again, up to a fifth more by chance. */
  readonly initialBackoffMs: number;
  /** A body is not made larger; absent: as large as it is. */
  readonly maxBatchSizeBytes?: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of events that could not be handed over. */
  readonly onDropped: (count: number, error: Error) => void;
}

const attempts = 5;
const factor = 1.5;
const jitter = 0.2;
const timeoutMs = 30_000;

/** Posts events as audit.k8s.io/v1 EventLists (apiserver/plugin/pkg/audit/webhook). Whatever goes wrong is tried again. */
export class AuditWebhook implements BatchSink {
  readonly #options: AuditWebhookOptions;
  readonly #closing = new AbortController();

  constructor(options: AuditWebhookOptions) {
    this.#options = options;
  }

  async send(events: readonly AuditEvent[]): Promise<void> {
    const { maxBatchSizeBytes = Number.POSITIVE_INFINITY, onDropped } = this.#options;
    for (const batch of splitBySize(events, maxBatchSizeBytes)) {
      try {
        await this.#post(batch);
      } catch (error) {
        onDropped(batch.length, error as Error);
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("the audit webhook is closed"));
  }

  async #post(items: readonly AuditEvent[]): Promise<void> {
    const { client, server, clock, random, initialBackoffMs } = this.#options;
    const body = { kind: "EventList", apiVersion: "audit.k8s.io/v1", metadata: {}, items };
    const { signal } = this.#closing;
    for (let made = 1, delayMs = initialBackoffMs; ; made++, delayMs *= factor) {
      try {
        await client.call(server, { body, timeoutMs, signal });
        return;
      } catch (error) {
        if (made === attempts || signal.aborted) throw error;
      }
      await clock.sleep(delayMs * (1 + jitter * random.next()), signal);
    }
  }
}
