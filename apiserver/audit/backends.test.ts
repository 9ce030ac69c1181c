import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { WebhookCallError, type WebhookClient } from "../webhook-client/webhook-client.ts";
import { BatchedBackend, type BatchOptions, defaultWebhookBatch } from "./batch.ts";
import type { AuditEvent } from "./event.ts";
import { AuditFile } from "./file-backend.ts";
import { legacyLine } from "./legacy-format.ts";
import { splitBySize, truncated } from "./truncate.ts";
import { AuditWebhook } from "./webhook-backend.ts";

const event = (auditID: string, change: Partial<AuditEvent> = {}): AuditEvent => ({
  kind: "Event",
  apiVersion: "audit.k8s.io/v1",
  level: "RequestResponse",
  auditID,
  stage: "ResponseComplete",
  requestURI: "/api/v1/pods",
  verb: "list",
  user: { username: "ann", groups: ["a", "b"] },
  requestReceivedTimestamp: "2026-05-01T12:00:00.500000Z",
  stageTimestamp: "2026-05-01T12:00:00.500000Z",
  ...change,
});

function batched(options: Partial<BatchOptions>) {
  const clock = new VirtualClock();
  const sent: string[][] = [];
  let dropped = 0;
  const sink = {
    send: async (events: readonly AuditEvent[]) => void sent.push(events.map(({ auditID }) => auditID)),
    close: async () => {},
  };
  const onDropped = (count: number) => {
    dropped += count;
  };
  const backend = new BatchedBackend(sink, { ...defaultWebhookBatch, ...options }, { clock, onDropped });
  return { clock, sent, backend, dropped: () => dropped };
}

test("a batch goes out when it is full, or its first event has waited", async () => {
  const { clock, sent, backend } = batched({ maxBatchSize: 2, maxWaitMs: 1_000 });
  for (const id of ["1", "2", "3"]) backend.write(event(id));
  assert.deepEqual(sent, [["1", "2"]]);
  await clock.advance(999);
  assert.equal(sent.length, 1);
  await clock.advance(1);
  assert.deepEqual(sent, [["1", "2"], ["3"]]);
});

test("batches are throttled, and what does not fit meanwhile is dropped and counted", async () => {
  const throttle = { perSecond: 2, burst: 1 };
  const { clock, sent, backend, dropped } = batched({ maxBatchSize: 1, bufferSize: 3, throttle });
  for (let i = 0; i < 10; i++) backend.write(event(String(i)));
  assert.deepEqual([sent.length, dropped()], [1, 6]);
  await clock.advance(500);
  assert.equal(sent.length, 2);
  await clock.advance(1_000);
  assert.equal(sent.length, 4);
});

test("law: what is accepted is sent once, in order, by the time of closing", async () => {
  const gaps = fc.array(fc.nat(400), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(gaps, fc.integer({ min: 1, max: 5 }), fc.boolean(), async (list, maxBatchSize, throttled) => {
      const throttle = throttled
        ? { throttle: { perSecond: 5, burst: 2 } }
        : { throttle: { perSecond: 1e6, burst: 1e6 } };
      const { clock, sent, backend, dropped } = batched({
        maxBatchSize,
        bufferSize: 1_000,
        maxWaitMs: 300,
        ...throttle,
      });
      for (const [i, gap] of list.entries()) {
        backend.write(event(String(i)));
        await clock.advance(gap);
      }
      await backend.close();
      assert.deepEqual(
        sent.flat(),
        list.map((_, i) => String(i)),
      );
      assert.ok(sent.every((batch) => batch.length <= maxBatchSize));
      assert.equal(dropped(), 0);
    }),
    { numRuns: 50 },
  );
});

test("an event too large goes without its objects, or not at all", () => {
  const limits = { maxEventSizeBytes: 1_000, maxBatchSizeBytes: 1_000 };
  const small = event("1");
  assert.equal(truncated(small, limits), small);
  const large = event("2", { requestObject: { data: "x".repeat(2_000) }, annotations: { a: "b" } });
  const cut = truncated(large, limits)!;
  assert.deepEqual([cut.requestObject, cut.annotations], [undefined, { a: "b", "audit.k8s.io/truncated": "true" }]);
  assert.equal(truncated(event("3", { requestURI: "x".repeat(2_000) }), limits), undefined);
  assert.equal(truncated(event("4", { level: "Metadata", requestURI: "x".repeat(2_000) }), limits), undefined);
  const sizes = [...splitBySize([small, small, small], 700)].map((batch) => batch.length);
  assert.deepEqual(sizes, [2, 1]);
});

test("the webhook is asked again, ever later, and then given up on", async () => {
  const clock = new VirtualClock();
  const calls: { at: number; body: unknown }[] = [];
  let fails = 2;
  const client: WebhookClient = {
    async call(_config, { body }) {
      calls.push({ at: clock.monotonicMs(), body });
      if (fails-- > 0) throw new WebhookCallError("no");
      return { code: 200, contentType: "", body: Buffer.alloc(0) };
    },
    close() {},
  };
  let dropped = 0;
  const webhook = new AuditWebhook({
    client,
    server: { server: "https://a" },
    initialBackoffMs: 1_000,
    clock,
    random: new SeededRandom(1),
    onDropped: (count) => {
      dropped += count;
    },
  });
  const first = webhook.send([event("1")]);
  await clock.advance(10_000);
  await first;
  assert.equal(calls.length, 3);
  assert.ok(calls[1]!.at >= 1_000 && calls[1]!.at <= 1_200 && calls[2]!.at - calls[1]!.at >= 1_500);
  assert.deepEqual(calls[0]!.body, {
    kind: "EventList",
    apiVersion: "audit.k8s.io/v1",
    metadata: {},
    items: [event("1")],
  });
  fails = 100;
  const second = webhook.send([event("2"), event("3")]);
  await clock.advance(60_000);
  await second;
  assert.deepEqual([calls.length, dropped], [8, 2]);
});

test("the old format is a line of text", () => {
  const { user: _, ...rest } = event("i");
  const change = { sourceIPs: ["192.0.2.1"], userAgent: "k", responseStatus: { code: 200 } } as Partial<AuditEvent>;
  assert.equal(
    legacyLine(event("i", change)),
    '2026-05-01T12:00:00.5Z AUDIT: id="i" stage="ResponseComplete" ip="192.0.2.1" method="list" user="ann" groups="\\"a\\",\\"b\\"" as="<self>" asgroups="<lookup>" user-agent="k" namespace="<none>" uri="/api/v1/pods" response="200"',
  );
  assert.match(
    legacyLine({ ...rest, user: {} }),
    /ip="<unknown>" .* user="<none>" groups="<none>" .* response="<deferred>"/,
  );
});

test("files put aside are compressed where that is asked for, and count as files put aside", async () => {
  const dir = mkdtempSync(join(tmpdir(), "k8ts-audit-"));
  try {
    const clock = new VirtualClock({ startMs: Date.parse("2026-05-01T12:00:00Z") });
    const path = join(dir, "audit.log");
    const file = new AuditFile({ path, maxSizeMegabytes: 1, maxBackups: 1, compress: true, clock });
    for (const id of ["1", "2", "3"]) {
      file.write(event(id, { requestURI: "x".repeat(700_000) }));
      await file.close();
      await clock.advance(1_000);
    }
    assert.deepEqual(readdirSync(dir).sort(), ["audit-2026-05-01T12-00-02.000.log.gz", "audit.log"]);
    const text = gunzipSync(readFileSync(join(dir, "audit-2026-05-01T12-00-02.000.log.gz"))).toString();
    assert.equal(JSON.parse(text).auditID, "2");
  } finally {
    rmSync(dir, { recursive: true });
  }
});
