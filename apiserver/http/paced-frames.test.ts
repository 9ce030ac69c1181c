import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { DeliveryPace } from "./delivery-pace.ts";
import type { Exchange } from "./exchange.ts";
import { PacedFrames } from "./paced-frames.ts";
import type { SharedFrame } from "./shared-frame.ts";
import { frameOf } from "./test-frames.ts";

function watcher(): { readonly frames: PacedFrames; readonly writes: string[] } {
  const writes: string[] = [];
  const exchange = {
    pendingBytes: 1_000,
    writeShared: ({ bytes }: SharedFrame) => writes.push(bytes.toString()),
  } as unknown as Exchange;
  return { frames: new PacedFrames(exchange, new DeliveryPace(new VirtualClock())), writes };
}

test("frames of one turn leave as one write, those of the next as another", async () => {
  const { frames, writes } = watcher();
  for (const text of ["a", "b", "c"]) frames.add(frameOf(text));
  assert.equal(frames.pendingBytes, 1_003);
  assert.deepEqual(writes, []);
  await nextTurn();
  frames.add(frameOf("d"));
  await nextTurn();
  assert.deepEqual(writes, ["abc", "d"]);
  assert.equal(frames.pendingBytes, 1_000);
});

test("what is released leaves at once, before the round, and only once", async () => {
  const { frames, writes } = watcher();
  frames.add(frameOf("a"));
  frames.release();
  assert.deepEqual(writes, ["a"]);
  frames.add(frameOf("b"));
  await nextTurn();
  assert.deepEqual(writes, ["a", "b"]);
});

test("who holds enough for a write is not kept waiting", () => {
  const { frames, writes } = watcher();
  const long = "x".repeat(40 * 1024);
  frames.add(frameOf(long));
  assert.equal(writes.length, 0);
  frames.add(frameOf(long));
  assert.deepEqual(writes, [long + long]);
});
