import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../base/mod.ts";
import { storeProbe } from "./store-probe.ts";

test("a store that answers is well, one that does not is not, and it is asked no more than every second", async () => {
  const clock = new VirtualClock();
  let asked = 0;
  let answer: () => number | Promise<number> = () => Promise.resolve(7);
  const storage = {
    currentRevision() {
      asked++;
      return answer();
    },
  };
  const probe = storeProbe(storage, clock);
  assert.equal(await probe(), undefined);
  answer = () => Promise.reject(new Error("etcd does not answer"));
  assert.equal(await probe(), undefined);
  assert.equal(asked, 1);
  await clock.advance(1_000);
  assert.equal(await probe(), "error getting data from etcd: etcd does not answer");
  await clock.advance(1_000);
  answer = () => new Promise(() => {});
  const stuck = probe() as Promise<string>;
  assert.equal(await probe(), "error getting data from etcd: etcd does not answer");
  await clock.advance(2_000);
  assert.equal(await stuck, "error getting data from etcd: context deadline exceeded");
  answer = () => {
    throw new Error("the store has been closed");
  };
  assert.equal(await probe(), "error getting data from etcd: the store has been closed");
  await clock.advance(1_000);
  answer = () => 8;
  assert.equal(await probe(), undefined);
  assert.equal(asked, 5);
});
