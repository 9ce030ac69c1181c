import type { AuditBackend, AuditEvent } from "./event.ts";

/** Names as upstream's flags have them (--audit-*-truncate-*). */
export interface TruncateOptions {
  readonly maxEventSizeBytes: number;
  readonly maxBatchSizeBytes: number;
}

export const defaultTruncate: TruncateOptions = { maxEventSizeBytes: 100 * 1024, maxBatchSizeBytes: 10 * 1024 * 1024 };

const annotation = "audit.k8s.io/truncated";

/** An event that is not too large: as it is, or without request and response; undefined where even that is (plugin/pkg/audit/truncate). */
export function truncated(event: AuditEvent, { maxEventSizeBytes }: TruncateOptions): AuditEvent | undefined {
  if (sizeOf(event) <= maxEventSizeBytes) return event;
  if (event.level === "Metadata" || event.level === "None") return undefined;
  const { requestObject: _request, responseObject: _response, annotations, ...rest } = event;
  const shorter: AuditEvent = { ...rest, annotations: { ...annotations, [annotation]: "true" } };
  return sizeOf(shorter) <= maxEventSizeBytes ? shorter : undefined;
}

/** Batches no larger than allowed, but for single events. */
export function* splitBySize(events: readonly AuditEvent[], maxBytes: number): Generator<readonly AuditEvent[]> {
  let batch: AuditEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = sizeOf(event);
    if (batch.length > 0 && bytes + size > maxBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function sizeOf(event: AuditEvent): number {
  return Buffer.byteLength(JSON.stringify(event));
}

/** Passes on what is not too large. */
export class TruncatingBackend implements AuditBackend {
  readonly #next: AuditBackend;
  readonly #options: TruncateOptions;
  readonly #onDropped: (count: number, error: Error) => void;

  constructor(next: AuditBackend, options: TruncateOptions, onDropped: (count: number, error: Error) => void) {
    this.#next = next;
    this.#options = options;
    this.#onDropped = onDropped;
  }

  write(event: AuditEvent): void {
    const fitting = truncated(event, this.#options);
    if (fitting === undefined) this.#onDropped(1, new Error("event is too large even after truncating"));
    else this.#next.write(fitting);
  }

  close(): Promise<void> {
    return this.#next.close();
  }
}
