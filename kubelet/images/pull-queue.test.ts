import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VirtualClock } from "../../base/mod.ts";
import { CriError } from "../../cri/mod.ts";
import { FakeImages } from "../../cri/testing/fake-images.ts";
import { PullQueue } from "./pull-queue.ts";

interface Asker {
  readonly image: string;
  readonly afterMs: number;
  /** When it goes away; undefined: it stays. */
  readonly leavesAfterMs: number | undefined;
}

const askers = fc.array(
  fc.record({
    image: fc.constantFrom("a", "b", "c", "broken"),
    afterMs: fc.nat(400),
    leavesAfterMs: fc.option(fc.nat(400), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 12 },
);

test("whoever asks is answered, never more than allowed run, and nothing is left", async () => {
  await fc.assert(
    fc.asyncProperty(
      askers,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 150 }),
      async (all, max, pullMs) => {
        const clock = new VirtualClock();
        const images = new FakeImages(clock);
        images.pullMs = pullMs;
        let most = 0;
        images.onPull = (name) => {
          most = Math.max(most, images.pulling);
          if (name.includes("broken")) throw new CriError("Unknown", "it is broken");
          return {};
        };
        const queue = new PullQueue({ clock, images, maxParallel: max });
        const gone = new Error("gone");
        const ask = async ({ image, afterMs, leavesAfterMs }: Asker): Promise<string> => {
          await clock.sleep(afterMs);
          const leave = new AbortController();
          if (leavesAfterMs !== undefined) clock.setTimer(leavesAfterMs, () => leave.abort(gone));
          return queue.pull({ image: `x.io/${image}`, annotations: {}, credentials: [] }, leave.signal).then(
            () => "pulled",
            (error: Error) => error.message,
          );
        };
        const outcomes = await clock.runUntil(Promise.all(all.map(ask)));
        for (const [i, outcome] of outcomes.entries()) {
          const { image, leavesAfterMs } = all[i] as Asker;
          const expected = [image === "broken" ? "it is broken" : "pulled"];
          if (leavesAfterMs !== undefined) expected.push("gone");
          assert.ok(expected.includes(outcome), outcome);
        }
        assert.ok(most <= max, `${most} at once`);
        await clock.runUntilIdle();
        assert.equal(images.pulling, 0);
        const request = { image: "x.io/last", annotations: {}, credentials: [] };
        const last = await clock.runUntil(queue.pull(request, new AbortController().signal));
        assert.equal(last.durationMs, pullMs, "the queue is free again");
      },
    ),
    { numRuns: 60 },
  );
});
