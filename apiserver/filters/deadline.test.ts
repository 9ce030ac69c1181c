import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../base/mod.ts";
import type { ApiRequest } from "../request.ts";
import { withinWriteTime } from "./deadline.ts";

const never = new Promise<string>(() => {});

test("the write of one object is given 34 seconds of the minute that a request has", async () => {
  const clock = new VirtualClock();
  const started = clock.monotonicMs();
  const request = { info: { verb: "create" }, endsAtMs: started + 60_000 } as unknown as ApiRequest;
  const written = assert.rejects(
    withinWriteTime(clock, request, () => never),
    {
      message: "Timeout: request did not complete within requested timeout - context deadline exceeded",
    },
  );
  assert.equal(request.endsAtMs, started + 34_000);
  await clock.advance(34_000);
  await written;
});

test("a write whose body has not come by then ends when that has, or with the request", async () => {
  const clock = new VirtualClock();
  const body = Promise.withResolvers<void>();
  const bodyUnderWay = body.promise;
  const request = { info: { verb: "create" }, endsAtMs: 60_000, bodyUnderWay } as unknown as ApiRequest;
  let ended = false;
  const written = assert.rejects(withinWriteTime(clock, request, () => never)).then(() => {
    ended = true;
  });
  await clock.advance(40_000);
  assert.equal(ended, false);
  body.resolve();
  await written;
});

test("reads, and writes that ask for less, keep their own time", async () => {
  const clock = new VirtualClock();
  for (const [verb, timeoutMs] of [
    ["list", 60_000],
    ["update", 10_000],
  ] as const) {
    const endsAtMs = clock.monotonicMs() + timeoutMs;
    const request = { info: { verb }, endsAtMs } as unknown as ApiRequest;
    assert.equal(await withinWriteTime(clock, request, async () => "done"), "done");
    assert.equal(request.endsAtMs, endsAtMs);
  }
});
