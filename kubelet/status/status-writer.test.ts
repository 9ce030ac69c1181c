import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { ContainerState, PodStatus } from "../../api/generated/types/core-v1.ts";
import { silentLogger, VirtualClock } from "../../base/mod.ts";
import type { Client } from "../../client/client.ts";
import { modelContainer, modelPod } from "../worker/testing/plan-model.ts";
import { StatusWriter } from "./status-writer.ts";

/** An API that takes every patch, and what it was sent and when. */
function start() {
  const clock = new VirtualClock();
  const written: { readonly atMs: number; readonly status: PodStatus }[] = [];
  let pod: Pod = { ...modelPod({ containers: [modelContainer("c")] }), status: statusOf({}) };
  const patch = async (_name: string, { body }: { body: { status: PodStatus } }): Promise<Pod> => {
    written.push({ atMs: clock.monotonicMs(), status: body.status });
    const resourceVersion = String(written.length + 1);
    pod = { ...pod, metadata: { ...pod.metadata, resourceVersion }, status: { ...pod.status, ...body.status } };
    return pod;
  };
  const client = { resource: () => ({ patch }) } as unknown as Client;
  const abort = new AbortController();
  const writer = new StatusWriter({ client, clock, logger: silentLogger, target: () => pod }, abort.signal);
  return { clock, written, abort, writer, set: (status: PodStatus) => writer.set("u", status, { final: false }) };
}

function statusOf(state: ContainerState, fields: PodStatus = {}): PodStatus {
  const container = { name: "c", state, lastState: {}, ready: false, restartCount: 0, image: "i", imageID: "" };
  return { phase: "Pending", startTime: "2026-01-01T00:00:00Z", containerStatuses: [container], ...fields };
}

test("an address is written together with what comes soon after it, and that at once", async () => {
  const { clock, written, set } = start();
  set(statusOf({}, { podIP: "10.0.0.1" }));
  await clock.advance(20);
  set(statusOf({ waiting: {} }, { podIP: "10.0.0.1" }));
  await clock.advance(50);
  assert.equal(written.length, 0);
  set(statusOf({ running: { startedAt: "2026-01-01T00:00:00Z" } }, { phase: "Running", podIP: "10.0.0.1" }));
  await clock.advance(1);
  assert.deepEqual(
    written.map(({ atMs, status }) => [atMs, status.phase, status.podIP]),
    [[70, "Running", "10.0.0.1"]],
  );
});

test("an address that nothing follows is written all the same", async () => {
  const { clock, written, set } = start();
  set(statusOf({}, { podIP: "10.0.0.1" }));
  await clock.advance(1_000);
  assert.deepEqual(
    written.map(({ status }) => status.podIP),
    ["10.0.0.1"],
  );
});

test("why a container waits is written at once", async () => {
  const { clock, written, set } = start();
  set(statusOf({ waiting: { reason: "ErrImagePull", message: "no such image" } }));
  await clock.advance(1);
  assert.equal(written.length, 1);
});

test("a writer that is to end waits for nothing more", async () => {
  const { clock, written, set, abort, writer } = start();
  set(statusOf({}, { podIP: "10.0.0.1" }));
  await clock.advance(10);
  abort.abort();
  await clock.runUntil(writer.ended());
  assert.equal(written.length, 0);
});
